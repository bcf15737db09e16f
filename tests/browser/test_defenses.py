"""The defenses page in a real browser: all defenses on one digit, and a filtered gallery."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.checkpoints import checkpoint_folder
from tests.browser.driving import Scheme, Size, Visitor, click_until, overflow, settle

NEEDED = ("mnist-a.safetensors", "mnist-lq_vae_16.safetensors")

pytestmark = pytest.mark.skipif(
    not all((checkpoint_folder() / name).exists() for name in NEEDED),
    reason="the first models are not trained yet: python -m core train lq_vae_16 --dataset mnist",
)


def wait_for_gallery(page: Page) -> None:
    expect(page.locator("[data-image]").first).to_be_visible()
    settle(page)


def test_a_visitor_compares_defenses_and_finds_whom_the_purifier_harmed(visitor: Visitor) -> None:
    page = visitor.open("/defenses")
    cards = page.locator(".cards .card[data-defense]")
    expect(cards.filter(has_text="LQ-VAE plus")).to_contain_text(re.compile("right|wrong"))
    assert cards.count() >= 6
    wait_for_gallery(page)
    page.get_by_role("radio", name="Broken by the purifier").click()
    page.wait_for_url("**outcome=spoiled*")
    wait_for_gallery(page)
    shown = page.locator("[data-image]")
    assert all("broken by the purifier" in text for text in shown.all_inner_texts())
    place = shown.first.get_attribute("data-image")
    page.get_by_role("button", name="Through every defense").first.click()
    page.wait_for_url(f"**index={place}*")
    expect(page.get_by_role("spinbutton", name="Image")).to_have_value(str(place))


def test_a_click_on_a_bar_shows_its_images(visitor: Visitor) -> None:
    page = visitor.open("/defenses")
    wait_for_gallery(page)
    # The third group of bars is the images that were fooled and repaired.
    bar = page.locator(".js-plotly-plot .barlayer .trace").nth(2).locator("path").first
    click_until(page, lambda: bar.click(force=True), "**outcome=repaired*")
    wait_for_gallery(page)
    assert "fooled, then repaired" in page.locator("[data-image]").first.inner_text()


def test_all_defenses_are_measured_side_by_side(visitor: Visitor) -> None:
    page = visitor.open("/defenses")
    table = page.locator(".sides table")
    expect(table).to_contain_text("attacker knows the defense")
    plus = table.locator("tbody tr").filter(has_text="LQ-VAE plus")
    expect(plus.locator("td").first).to_contain_text(re.compile(r"\d\d\.\d"))
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Table as CSV").click()
    text = waiting.value.path().read_text()
    assert text.startswith("defense,attack,attacker,correct,images")
    assert "\nlq_vae_plus,Clean,none," in text


def test_the_search_of_defense_gan_is_shown_step_by_step(visitor: Visitor) -> None:
    page = visitor.open("/defenses")
    way = page.locator(".st-key-defenses_way")
    expect(way).to_contain_text("Step 100")
    expect(way).to_contain_text(re.compile(r"error 0\.\d{4}"))
    assert way.locator("figure").count() == 5


def test_a_long_search_is_cancelled_and_a_short_one_still_works(visitor: Visitor) -> None:
    page = visitor.open("/defenses?search_steps=1000&search_starts=20")
    bar = page.get_by_test_id("stProgress").filter(has_text="Searching")
    expect(bar).to_be_visible()
    page.get_by_role("button", name="Cancel").first.click()
    expect(page.get_by_text("Searching: cancelled.")).to_be_visible()
    expect(page.locator(".cards .card[data-defense]").first).to_be_visible()
    slider = page.get_by_role("slider", name="Steps of the search, L")
    slider.press("Home")
    starts = page.get_by_role("slider", name="Starts, R")
    starts.press("Home")
    expect(page.locator(".st-key-defenses_way")).to_contain_text("Step 25")


def test_training_on_attacks_is_drawn(visitor: Visitor) -> None:
    page = visitor.open("/defenses")
    column = page.get_by_test_id("stColumn").filter(has_text="A, PGD-trained")
    expect(column.locator(".js-plotly-plot")).to_be_visible()
    expect(column).to_contain_text("epochs")


def test_patch_wise_vaes_stand_beside_jpeg(visitor: Visitor) -> None:
    page = visitor.open("/defenses")
    for title in ("MNIST", "CIFAR-10"):
        column = page.get_by_test_id("stColumn").filter(has_text=f"{title}, classifier")
        expect(column.locator(".js-plotly-plot")).to_be_visible()
        expect(column).to_contain_text("best of four JPEG qualities")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_nothing_is_cut_off(visitor: Visitor, size: Size, scheme: Scheme) -> None:
    page = visitor.open("/defenses", size=size, scheme=scheme)
    wait_for_gallery(page)
    assert overflow(page) == 0
    wide = page.evaluate(
        "() => [...document.querySelectorAll('.cards .card')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert wide == 0
