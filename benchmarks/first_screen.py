"""How soon every page shows something, and how soon a click on a bit shows a new picture.

python -m benchmarks.first_screen [page ...]

The server is warm (every page was open once) and so is the browser's cache; every measurement is
a new session. The seconds are counted in the browser: from the start of the navigation to the
title and the first figure in words, to the first chart, picture or table drawn, and from a click
on a bit to the new picture.
"""

import os
import re
import statistics
import sys
import time

from playwright.sync_api import Page, sync_playwright

from tests.browser.driving import PATIENCE, Visitor, launch, settle
from tests.server import ROOT, running_server

RUNS = 7
CLICKS = 16

FIRST = ".js-plotly-plot .main-svg, img"
TABLES = {"robustness": "table"}
"""What counts as first content of a page that begins with something else than ``FIRST``."""

DRAWN = """
(first) => {
  const main = document.querySelector('[data-testid="stMain"]');
  if (!main || !main.querySelector('h1')) return null;
  const now = performance.now();
  const words = [...main.querySelectorAll('p')].some((one) => /\\d/.test(one.innerText));
  if (words) window.worded ??= now;
  const drawn = [...main.querySelectorAll(first)]
    .some((one) => one.tagName !== 'IMG' || one.naturalWidth > 0);
  return drawn && [window.worded ?? now, now];
}
"""
"""Milliseconds since the navigation began: to the title with a figure in words, and to a drawing;
once both are there."""

FLIP = """
(button) => new Promise((done) => {
  const picture = () => document.querySelector('[class*="st-key-flips_answer"] .tiles')
    ?.querySelectorAll('img')[2];
  const before = picture().src;
  const started = performance.now();
  const look = () => {
    const now = picture();
    if (now && now.src !== before && now.complete) done(performance.now() - started);
    else requestAnimationFrame(look);
  };
  button.click();
  look();
})
"""


def paths() -> dict[str, str]:
    """The address of every page of the navigation, by its name."""
    entry = (ROOT / "app" / "main.py").read_text()
    return {"overview": "/"} | {name: f"/{name}" for name in re.findall(r'url_path="(.+)"', entry)}


def first_content(page: Page, url: str, first: str) -> tuple[float, float]:
    """Seconds from the start of a navigation to the first words, and to what a selector finds."""
    page.goto(url, wait_until="commit")
    handle = page.wait_for_function(DRAWN, arg=first, polling="raf", timeout=PATIENCE)
    words, drawn = handle.json_value()
    return words / 1000, drawn / 1000


def bit_clicks(page: Page) -> list[float]:
    """Seconds from each of several clicks on a bit to its new picture."""
    page.locator("[data-bit]").first.wait_for()
    settle(page)
    seconds = []
    for bit in range(CLICKS):
        button = page.locator(f'[data-bit="{bit}"]').element_handle()
        seconds.append(page.evaluate(FLIP, button) / 1000)
        settle(page)
    return seconds


def say(what: str, seconds: list[float]) -> None:
    """Print one line."""
    print(
        f"{what:19} median {statistics.median(seconds):5.2f} s, slowest {max(seconds):5.2f} s",
        flush=True,
    )


def main(chosen: list[str]) -> None:
    """Print the median and the slowest of every page, then of a click on a bit."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"warm server, {RUNS} new sessions a page; load of the machine {load:.1f}")
    addresses = {name: path for name, path in paths().items() if not chosen or name in chosen}
    with running_server() as server, sync_playwright() as playwright:
        browser = launch(playwright)
        visitor = Visitor(browser, server)
        page = visitor.open("/")
        for path in addresses.values():
            page.goto(server.url + path)
            settle(page)
        for name, path in addresses.items():
            seconds = []
            for _ in range(RUNS):
                seconds.append(first_content(page, server.url + path, TABLES.get(name, FIRST)))
                time.sleep(0.5)
                settle(page)
            words, drawn = zip(*seconds, strict=True)
            say(f"{name}, words", list(words))
            say(f"{name}, drawn", list(drawn))
        page.goto(f"{server.url}/bit_flips?section=image")
        say("click on a bit", bit_clicks(page))
        visitor.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
