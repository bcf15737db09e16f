"""A running dashboard and a Chromium that fails a test on what a visitor would see as broken."""

import os
from collections.abc import Generator, Iterator

import pytest
from playwright.sync_api import Browser, Error, expect, sync_playwright

from tests.browser.driving import PATIENCE, Visitor, launch
from tests.server import Server, running_server

# What a visitor waits for may take long on a busy machine.
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running_server() as running:
        yield running


# A module at a time: while Playwright runs, this thread counts as inside an event loop.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except Error as error:
            reason = f"no Chromium to drive (set LQVAE_CHROMIUM): {error.message.splitlines()[0]}"
            if os.environ.get("LQVAE_REQUIRE_BROWSER") == "1":
                pytest.fail(reason)
            pytest.skip(reason)
        yield browser
        browser.close()


@pytest.fixture
def visitor(chromium: Browser, server: Server) -> Iterator[Visitor]:
    guest = Visitor(chromium, server)
    yield guest
    complaints = guest.close()
    assert not complaints, "\n".join(complaints)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    server = getattr(item, "funcargs", {}).get("server")
    if report.failed and isinstance(server, Server):
        report.sections.append(("server log", server.log.read_text()[-6000:]))
    return report
