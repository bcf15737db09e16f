"""Driving a real Chromium: finding it, opening pages, waiting until Streamlit is still."""

import os
import shutil
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    TimeoutError,
)

from tests.server import Server

Size: TypeAlias = Literal["desktop", "phone"]
Scheme: TypeAlias = Literal["light", "dark"]

SIZES: Mapping[Size, tuple[int, int]] = {"desktop": (1280, 800), "phone": (390, 844)}
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PROBED = ("/_stcore/health", "/_stcore/host-config")
PATIENCE = 60_000
"""Milliseconds a page may take to come to rest on a busy machine."""
CLICKS = 3
"""Times a mark of a chart is clicked before the page counts as deaf."""

STILL = """
() => {
  const app = document.querySelector('[data-testid="stApp"]');
  const still = app !== null
    && app.getAttribute('data-test-connection-state') === 'CONNECTED'
    && app.getAttribute('data-test-script-state') === 'notRunning'
    && document.querySelector('[data-testid="stSkeleton"], [data-testid="stAppSkeleton"]') === null
    && document.querySelector('[data-stale="true"]') === null;
  window.stillSince = still ? (window.stillSince ?? performance.now()) : null;
  return still && performance.now() - window.stillSince > 250;
}
"""


def find_chromium() -> str | None:
    """The system's Chromium: ``LQVAE_CHROMIUM``, else the first one on the path."""
    named = os.environ.get("LQVAE_CHROMIUM")
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return named or next((path for path in found if path), None)


def launch(playwright: Playwright) -> Browser:
    """Start the system's Chromium, or the one Playwright installed where there is none."""
    return playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))


class Visitor:
    """Opens pages of one server and remembers what the browser complained about."""

    def __init__(self, browser: Browser, server: Server) -> None:
        self._browser = browser
        self._server = server
        self._contexts: list[BrowserContext] = []
        self._complaints: list[str] = []

    def open(self, path: str = "/", *, size: Size = "desktop", scheme: Scheme = "light") -> Page:
        """Open a page in a fresh session and wait until it is still."""
        width, height = SIZES[size]
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            has_touch=size == "phone",
            permissions=["clipboard-read", "clipboard-write"],
        )
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", self._note)
        page.on("pageerror", lambda error: self._complaints.append(f"page error: {error}"))
        page.goto(self._server.url + path)
        settle(page)
        return page

    def close(self) -> list[str]:
        """Close all pages; what went wrong on them, console errors and exception boxes."""
        for context in self._contexts:
            for page in context.pages:
                boxes = page.locator('[data-testid="stException"]').all_inner_texts()
                self._complaints += [f"exception on {page.url}: {box}" for box in boxes]
            context.close()
        return self._complaints

    def _note(self, message: ConsoleMessage) -> None:
        url = message.location.get("url", "")
        # On a link to a page Streamlit first asks below the page's own path, and is refused.
        if message.type == "error" and not url.endswith(PROBED):
            self._complaints.append(f"console: {message.text} ({url})")


def settle(page: Page) -> None:
    """Wait until Streamlit has finished running and nothing on the page is about to change."""
    page.evaluate("window.stillSince = null")
    page.wait_for_function(STILL, timeout=PATIENCE, polling=50)


def click_until(page: Page, click: Callable[[], None], url: str) -> None:
    """Click on a mark of a chart until the address says that the page has heard it.

    A busy browser may draw a chart anew between the look at where a mark is and the click.

    Args:
        page: The page.
        click: Finds the mark and clicks it.
        url: A pattern of the address that the click leads to.
    """
    for _ in range(CLICKS - 1):
        click()
        try:
            page.wait_for_url(url, timeout=PATIENCE / CLICKS)
        except TimeoutError:
            continue
        return
    click()
    page.wait_for_url(url)


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than the window; 0 when nothing is cut off."""
    width: int = page.evaluate(
        "() => Math.max(0, document.querySelector('[data-testid=\"stMain\"]').scrollWidth"
        " - window.innerWidth)"
    )
    return width
