"""How soon a page answers a slider of a level, a verdict, and a second look.

python -m core benchmark answers

Counted in the browser, from the key or the click to the changed picture or words, on a warm
server. A new visit for each kind; every answer is one that was not computed before.
"""

import os
import statistics

from playwright.sync_api import Page, sync_playwright

from tests.browser.driving import PATIENCE, Visitor, launch, settle
from tests.server import running_server

ANSWERS = 8

WATCH = """
([selector, attribute]) => {
  const seen = () => {
    const found = document.querySelector(selector);
    return found && (attribute ? found.getAttribute(attribute) : found.innerText);
  };
  const before = seen();
  window.answered = null;
  const begin = () => {
    const started = performance.now();
    const look = () => {
      const now = seen();
      if (now && now !== before) window.answered = performance.now() - started;
      else requestAnimationFrame(look);
    };
    look();
  };
  for (const kind of ['keydown', 'pointerdown'])
    addEventListener(kind, begin, { once: true, capture: true });
}
"""


def watch(page: Page, selector: str, attribute: str | None = None) -> None:
    """From the next key or press on, wait for what a selector finds to change."""
    page.evaluate(WATCH, [selector, attribute])


def answered(page: Page) -> float:
    """Seconds that the change took."""
    handle = page.wait_for_function("() => window.answered", polling="raf", timeout=PATIENCE)
    seconds = float(handle.json_value()) / 1000
    settle(page)
    return seconds


def moves(page: Page, address: str, slider: str, picture: str) -> list[float]:
    """Seconds that steps of the slider of some name take, each to another picture."""
    page.goto(address)
    handle = page.get_by_role("slider", name=slider)
    handle.wait_for()
    settle(page)
    seconds = []
    for _ in range(ANSWERS):
        watch(page, picture, "src")
        handle.press("ArrowRight")
        seconds.append(answered(page))
    return seconds


def second_looks(page: Page, url: str) -> list[float]:
    """Rejected pictures looked up again."""
    seconds = []
    for index in range(ANSWERS):
        page.goto(f"{url}/selective?index={40 + index}&attack=none&coverage=0")
        button = page.get_by_role("button", name="Reclassify")
        button.wait_for()
        settle(page)
        watch(page, ".st-key-selective_second")
        button.click()
        seconds.append(answered(page))
    return seconds


def say(what: str, seconds: list[float]) -> None:
    """Print one line."""
    print(
        f"{what:26} median {statistics.median(seconds):5.2f} s, slowest {max(seconds):5.2f} s",
        flush=True,
    )


def main() -> None:
    """Print the median and the slowest of each."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"warm server, {ANSWERS} answers each; load of the machine {load:.1f}")
    with running_server() as server, sync_playwright() as playwright:
        browser = launch(playwright)
        visitor = Visitor(browser, server)
        page = visitor.open("/")
        for path in ("hierarchy", "selective"):
            page.goto(f"{server.url}/{path}")
            settle(page)
        kept = f"{server.url}/hierarchy?index=27&levels=0-0-0-0-0"
        purified = 'img[alt^="Purified picture"]'
        say("slider of a level", moves(page, kept, "Level 1: whole", purified))
        fooled = f"{server.url}/selective?index=27&attack=fgsm&epsilon=0.1"
        adversarial = '.st-key-selective_pictures img[alt^="Adversarial"]'
        say("verdict on a picture", moves(page, fooled, "Epsilon", adversarial))
        say("second look", second_looks(page, server.url))
        visitor.close()
        browser.close()


if __name__ == "__main__":
    main()
