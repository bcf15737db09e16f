"""From a reload to the three finished pictures, on a warm server and a fresh browser session.

python -m benchmarks.first_screen
"""

import statistics
import time

from playwright.sync_api import sync_playwright

from tests.browser.driving import Visitor, launch
from tests.server import running_server

RUNS = 7
LAST_PICTURE = ".tiles img >> nth=2"


def main() -> None:
    """Print the median and the slowest of some reloads; every reload is a new session."""
    with running_server() as server, sync_playwright() as playwright:
        browser = launch(playwright)
        visitor = Visitor(browser, server)
        page = visitor.open("/")  # warms the server, and the browser's cache of its scripts
        seconds = []
        for _ in range(RUNS):
            started = time.perf_counter()
            page.reload(wait_until="commit")
            page.wait_for_selector(LAST_PICTURE)
            seconds.append(time.perf_counter() - started)
        visitor.close()
        browser.close()
    print(
        f"first screen, warm server, {RUNS} reloads: "
        f"median {statistics.median(seconds):.2f} s, slowest {max(seconds):.2f} s"
    )


if __name__ == "__main__":
    main()
