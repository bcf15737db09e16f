"""The quantizer page in a real browser: verdicts at once, and checks that are asked for."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from core.analysis.sanity_file import DEFAULT, stored_file
from core.checkpoints import checkpoint_folder
from tests.browser.driving import Scheme, Size, Visitor, overflow, settle
from tests.server import Server, running_server

pytestmark = pytest.mark.skipif(
    not stored_file(DEFAULT).exists() or not (checkpoint_folder() / "mnist-a.safetensors").exists(),
    reason="no checks are stored yet: python -m core latent_lab sanity",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard that has never run a check itself."""
    cache: Path = tmp_path_factory.mktemp("cache")
    with running_server(environment={"LQVAE_CACHE": str(cache)}) as running:
        yield running


def tiles(page: Page) -> Locator:
    return page.locator(".checks > div")


def run_button(page: Page, place: str) -> Locator:
    """The visible button; a second one in its place belongs to the tooltip."""
    return page.get_by_test_id(place).get_by_role("button", name="Run the checks")


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_verdicts_are_there_at_once(visitor: Visitor, size: Size, scheme: Scheme) -> None:
    page = visitor.open("/quantizer", size=size, scheme=scheme)
    expect(page.locator(".st-key-quantizer_headline")).to_contain_text("all 10 demands hold")
    expect(tiles(page)).to_have_count(12)
    expect(page.locator(".check-gradient .value")).to_have_text(re.compile(r"0\.\d+, K = 0\.1"))
    expect(page.locator(".check-dead .value")).to_have_text("0 of 64 bits")
    expect(page.locator(".check-round_trip .verdict")).to_contain_text("Measured")
    expect(page.get_by_role("heading", name="How coarse should a code be?")).to_be_visible()
    assert overflow(page) == 0


def test_checks_of_another_defense_run_when_asked_for(visitor: Visitor) -> None:
    page = visitor.open("/quantizer?defense=bit_depth&attack=pgd&epsilon=0.2&steps=10&n=40")
    expect(page.get_by_text("Nobody has run these checks here yet")).to_be_visible()
    expect(tiles(page)).to_have_count(0)
    run_button(page, "stSidebar").click()
    expect(page.get_by_text(re.compile(r"Checking 40 images: .*\d+%"))).to_be_visible()
    expect(tiles(page)).to_have_count(4)
    settle(page)
    expect(page.locator(".check-budget .value")).to_have_text("0.2000 of 0.2000")
    expect(page.get_by_text("has no code of bits")).to_be_visible()
    page.reload()
    expect(tiles(page)).to_have_count(4)


def test_checks_can_be_cancelled(visitor: Visitor) -> None:
    page = visitor.open("/quantizer?defense=bit_depth&attack=pgd&steps=100&n=1000")
    run_button(page, "stMain").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Checking 1,000 images: cancelled.")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_an_attack_without_a_budget_is_refused_in_words(visitor: Visitor) -> None:
    page = visitor.open("/quantizer?attack=deepfool")
    expect(page.get_by_text("DeepFool cannot be used here: it has no epsilon")).to_be_visible()
    expect(tiles(page)).to_have_count(12)
