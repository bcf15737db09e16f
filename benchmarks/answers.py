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
  addEventListener('keydown', begin, { once: true, capture: true });
  addEventListener('pointerdown', begin, { once: true, capture: true });
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


def levels(page: Page, url: str) -> list[float]:
    """Moves of the finest level's slider, each to another purified picture."""
    page.goto(f"{url}/hierarchy?index=27&levels=0-0-0-0-0")
    slider = page.get_by_role("slider", name="Level 1: whole")
    slider.wait_for()
    settle(page)
    seconds = []
    for _ in range(ANSWERS):
        watch(page, 'img[alt^="Purified picture"]', "src")
        slider.press("ArrowRight")
        seconds.append(answered(page))
    return seconds


def verdicts(page: Page, url: str) -> list[float]:
    """Moves of the attack's budget, each to another picture to attack, judge and decode."""
    page.goto(f"{url}/selective?index=27&attack=fgsm&epsilon=0.1")
    slider = page.locator(".st-key-selective_w_epsilon").get_by_role("slider")
    slider.wait_for()
    settle(page)
    seconds = []
    for _ in range(ANSWERS):
        watch(page, '.st-key-selective_pictures img[alt^="Adversarial"]', "src")
        slider.press("ArrowRight")
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
        say("slider of a level", levels(page, server.url))
        say("verdict on a picture", verdicts(page, server.url))
        say("second look", second_looks(page, server.url))
        visitor.close()
        browser.close()


if __name__ == "__main__":
    main()
