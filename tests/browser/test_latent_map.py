"""The latent map in a real browser: raw axes, walls, a click, triplets, a cancelled projection."""

import random
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from core.checkpoints import checkpoint_folder
from tests.browser.driving import PATIENCE, Scheme, Size, Visitor, overflow, settle

NEEDED = ("mnist-a.safetensors", "mnist-lq_vae.safetensors")
RUN = "attack=fgsm&epsilon=0.15&n=100"

pytestmark = pytest.mark.skipif(
    not all((checkpoint_folder() / name).exists() for name in NEEDED),
    reason="the map's first models are not trained yet: python -m core train lq_vae",
)


def open_map(
    visitor: Visitor, query: str = "", *, size: Size = "desktop", scheme: Scheme = "light"
) -> Page:
    """Open the map of a small run, and make the run if nobody has."""
    page = visitor.open(f"/latent_map?{RUN}&{query}", size=size, scheme=scheme)
    heading = page.get_by_text("This attack does not see the defense.")
    expect(heading.or_(run_here(page))).to_be_visible(timeout=PATIENCE)
    if run_here(page).is_visible():
        run_here(page).click()
    expect(heading).to_be_visible(timeout=PATIENCE)
    settle(page)
    return page


def run_here(page: Page) -> Locator:
    return page.locator(".st-key-run_here").get_by_role("button", name="Run the attack")


def the_map(page: Page) -> Locator:
    return page.locator(".st-key-map_chart")


def points(page: Page) -> Locator:
    return the_map(page).locator(".scatterlayer .points path.point")


def triplets(page: Page) -> Locator:
    return page.locator("[data-image]")


def test_walls_on_raw_axes_and_a_click_that_shows_a_triplet(visitor: Visitor) -> None:
    page = open_map(visitor, "view=pca&pairs=20&purified=0")
    expect(page.get_by_text("not the quantizer's walls. Two directions")).to_be_visible()
    page.get_by_role("radio", name="Raw axes").click()
    page.wait_for_url("**view=axes**")
    settle(page)
    expect(the_map(page).get_by_text("The quantizer's walls")).to_be_visible()
    assert the_map(page).locator(".shapelayer path").count() == 9
    expect(page.get_by_text("Click a point on the map")).to_be_visible()
    points(page).last.scroll_into_view_if_needed()
    box = points(page).last.bounding_box()
    assert box is not None
    place = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    # Plotly takes for clicked what it knows to be pointed at.
    page.mouse.move(place[0] - 3, place[1])
    page.mouse.move(*place)
    expect(the_map(page).locator(".hoverlayer .hovertext")).to_be_visible()
    page.mouse.click(*place)
    page.wait_for_url(re.compile(r"chosen=\d+"))
    settle(page)
    expect(triplets(page)).to_have_count(1)
    expect(page.locator(".tiles img")).to_have_count(3)
    expect(page.get_by_text("Distance to the nearest wall")).to_be_visible()
    number = triplets(page).get_attribute("data-image")
    page.reload()
    settle(page)
    expect(triplets(page)).to_have_attribute("data-image", str(number))
    page.get_by_role("button", name="Let go").click()
    expect(triplets(page)).to_have_count(0, timeout=PATIENCE)


def test_a_lasso_chooses_many_and_the_rest_steps_back(visitor: Visitor) -> None:
    page = open_map(visitor, "view=axes&pairs=50")
    the_map(page).scroll_into_view_if_needed()
    the_map(page).locator('[data-title="Lasso Select"]').click()
    box = the_map(page).locator(".nsewdrag").first.bounding_box()
    assert box is not None
    corners = ((0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98), (0.02, 0.03))
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()
    page.wait_for_url("**chosen=**")
    settle(page)
    expect(triplets(page)).to_have_count(12)
    expect(page.locator(".st-key-map_page")).to_be_visible()


def test_a_projection_waits_for_its_button_and_is_cancelled(visitor: Visitor) -> None:
    seed = random.randrange(1, 10_000)  # a picture that nobody has drawn before
    page = open_map(visitor, f"view=umap&map_seed={seed}")
    draw = page.locator(".st-key-map_draw").get_by_role("button", name="Draw the map")
    expect(page.get_by_text("has not been drawn here yet")).to_be_visible()
    draw.click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("cancelled")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("radio", name="PCA").click()
    expect(the_map(page)).to_be_visible(timeout=PATIENCE)


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_map_fits_the_screen(visitor: Visitor, size: Size, scheme: Scheme) -> None:
    page = open_map(visitor, "view=pca&chosen=3-7", size=size, scheme=scheme)
    assert overflow(page) == 0
    box = the_map(page).bounding_box()
    assert box is not None
    assert box["width"] >= 330
    expect(triplets(page)).to_have_count(2)
