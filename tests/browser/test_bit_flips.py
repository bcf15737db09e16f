"""The bit-flip page in a real browser: bars with numbers, linked charts, bits that flip."""

import re
from collections.abc import Iterator

import pytest
import torch
from playwright.sync_api import FloatRect, Locator, Page, expect

from core.analysis.attacked_file import keep_attacked
from core.analysis.attacked_spec import AttackedSpec
from core.analysis.attacking import make_attacked
from core.analysis.epsilon_sweep import make_sweep
from core.analysis.storage import CACHE_VARIABLE, cache_folder
from core.analysis.sweep_file import keep_sweep
from core.checkpoints import checkpoint_folder, load_classifier
from core.data import load_dataset
from core.defenses import load_defense
from tests.browser.driving import Scheme, Size, Visitor, click_until, overflow, settle
from tests.server import Server, running_server

NEEDED = ("mnist-a.safetensors", "mnist-lq_vae.safetensors")
SPEC = AttackedSpec(
    dataset="mnist",
    classifier="a",
    defense="lq_vae",
    attack="fgsm",
    parameters=(("epsilon", 0.25),),
    n=40,
)
RUN = "?attack=fgsm&epsilon=0.25&n=40"

pytestmark = pytest.mark.skipif(
    not all((checkpoint_folder() / name).exists() for name in NEEDED),
    reason="the first models are not trained yet: python -m core train a --dataset mnist",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose cache holds one small run and its sweep."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(folder))
        assert cache_folder() == folder
        images, labels = load_dataset("mnist", "validation", count=SPEC.n)
        parts = load_classifier("mnist", "a"), load_defense("mnist", "lq_vae"), images, labels
        with torch.random.fork_rng():
            keep_attacked(make_attacked(SPEC, *parts))
            keep_sweep(make_sweep(SPEC, *parts))
        with running_server(environment={CACHE_VARIABLE: str(folder)}) as running:
            yield running


def open_page(
    visitor: Visitor, query: str = "", *, size: Size = "desktop", scheme: Scheme = "light"
) -> Page:
    page = visitor.open(f"/bit_flips{RUN}{query}", size=size, scheme=scheme)
    expect(histogram(page)).to_be_visible()
    return page


def histogram(page: Page) -> Locator:
    return page.locator("[class*=st-key-flips_histogram] .main-svg").first


def bars(page: Page) -> Locator:
    return page.locator("[class*=st-key-flips_histogram] .bars .point path")


def click_bar(page: Page, bar: Locator) -> None:
    """Click just above the foot of a bar; Plotly listens on a layer above it."""
    box = box_of(page, bar)
    point_and_click(page, box["x"] + box["width"] / 2, box["y"] + box["height"] - 2)


def click_point(page: Page, point: Locator) -> None:
    """Click on the middle of a point."""
    box = box_of(page, point)
    point_and_click(page, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def box_of(page: Page, mark: Locator) -> FloatRect:
    """Where a mark of a chart is on the screen."""
    mark.scroll_into_view_if_needed()
    settle(page)
    box = mark.bounding_box()
    assert box is not None
    return box


def point_and_click(page: Page, x: float, y: float) -> None:
    """Plotly takes for clicked what it knows to be pointed at, which it learns with a delay."""
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)
    page.wait_for_timeout(300)
    page.mouse.click(x, y)


def test_the_bars_carry_their_accuracy_and_the_bins_can_be_switched(visitor: Visitor) -> None:
    page = open_page(visitor)
    written = page.locator("[class*=st-key-flips_histogram] .bartext")
    expect(written.first).to_have_text(re.compile(r"^\d+"))
    expect(page.get_by_text("The slide's claim, and here")).to_be_visible()
    page.get_by_role("radio", name="The slide's 2 %").click()
    page.wait_for_url("**bins=slide*")
    ticks = page.locator("[class*=st-key-flips_histogram] .xtick text").first
    expect(ticks).to_have_attribute("data-unformatted", "0–2<br>(0–1)")


def test_a_bar_restricts_the_curve_and_a_point_changes_the_bars(visitor: Visitor) -> None:
    page = open_page(visitor)
    tall = max(range(bars(page).count()), key=lambda place: height(bars(page).nth(place)))
    click_until(page, lambda: click_bar(page, bars(page).nth(tall)), f"**from={tall}*")
    expect(page.get_by_text(re.compile(r"the \d+ chosen of 40 images"))).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_text("all 40 images")).to_be_visible()
    settle(page)
    before = page.locator("[class*=st-key-flips_histogram] [role=figure]").get_attribute(
        "aria-label"
    )
    points = page.locator("[class*=st-key-flips_curve] .scatterlayer .trace").nth(1)
    point = points.locator("path.point").last
    click_until(page, lambda: click_point(page, point), "**strength=*")
    settle(page)
    figure = page.locator("[class*=st-key-flips_histogram] [role=figure]")
    expect(figure).not_to_have_attribute("aria-label", str(before))


def height(mark: Locator) -> float:
    box = mark.bounding_box()
    return 0.0 if box is None else box["height"]


def test_a_flipped_bit_changes_the_picture_until_reset(visitor: Visitor) -> None:
    page = open_page(visitor, "&section=image")
    squares = page.locator(".board button")
    expect(squares).to_have_count(64)
    picture = page.locator(".st-key-flips_answer img[alt^='Your code']")
    untouched = str(picture.get_attribute("src"))
    pressed = squares.nth(9).get_attribute("aria-pressed")
    squares.nth(9).click()
    expect(squares.nth(9)).not_to_have_attribute("aria-pressed", str(pressed))
    expect(picture).not_to_have_attribute("src", untouched)
    page.wait_for_url("**flipped=9")
    squares.nth(9).press("ArrowDown")
    page.keyboard.press("Space")
    page.wait_for_url("**flipped=9.17")
    settle(page)
    shown = picture.get_attribute("src")
    page.reload()
    settle(page)
    expect(picture).to_have_attribute("src", str(shown))
    page.get_by_role("button", name="Reset").click()
    expect(picture).to_have_attribute("src", untouched)
    expect(page.locator(".board button.mine")).to_have_count(0)
    settle(page)
    # The rest of the page, which such clicks do not draw again, goes on working.
    page.get_by_role("radio", name="The slide's 2 %").click()
    page.wait_for_url("**bins=slide*")


def test_flipping_what_the_attack_flipped_gives_the_other_code(visitor: Visitor) -> None:
    page = open_page(visitor, "&section=image&image=4")
    picture = page.locator(".st-key-flips_answer img[alt^='Your code']")
    page.get_by_role("button", name="Flip all").click()
    page.wait_for_url("**flipped=*")
    settle(page)
    undone = picture.get_attribute("src")
    page.get_by_role("radio", name="Clean code").click()
    page.wait_for_url("**start=clean*")
    settle(page)
    expect(picture).to_have_attribute("src", str(undone))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("section", ["strength", "image", "use", "why"])
def test_nothing_is_cut_off_on_a_phone(visitor: Visitor, section: str, scheme: Scheme) -> None:
    page = open_page(visitor, f"&section={section}", size="phone", scheme=scheme)
    assert overflow(page) == 0
