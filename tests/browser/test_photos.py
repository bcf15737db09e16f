"""Pictures of any size in a real browser: a photo, another defense, an upload, a phone."""

import io

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.checkpoints import checkpoint_folder
from tests.browser.driving import Scheme, Size, Visitor, overflow, settle

NEEDED = ("mnist-a.safetensors", "cifar10-patch_vae_8.safetensors")

pytestmark = pytest.mark.skipif(
    not all((checkpoint_folder() / name).exists() for name in NEEDED),
    reason="not trained yet: python -m core train patch_vae_8 --dataset cifar10",
)

QUICK = "/defenses?photo_defense=patch_vae_8&photo_overlap=0"


def wait_for_figures(page: Page) -> None:
    expect(page.locator(".st-key-photo_figures")).to_be_visible()
    settle(page)


def figure(page: Page, label: str) -> str:
    """The value of a metric."""
    metrics = page.locator(".st-key-photo_figures [data-testid='stMetric']")
    return metrics.filter(has_text=label).locator("[data-testid='stMetricValue']").inner_text()


def purified(page: Page) -> str:
    """The address of the purified picture."""
    return page.locator(".st-key-photo_purified img").get_attribute("src") or ""


def test_a_visitor_purifies_the_flower_in_two_ways_and_then_a_picture_of_their_own(
    visitor: Visitor,
) -> None:
    page = visitor.open(QUICK)
    wait_for_figures(page)
    temple = purified(page)
    page.get_by_role("radio", name="Flower").click()
    page.wait_for_url("**photo=flower*")
    expect(page.get_by_text("flower.jpg")).to_be_visible()
    wait_for_figures(page)
    flower, before, after = purified(page), figure(page, "PSNR before"), figure(page, "PSNR after")
    assert flower != temple
    page.locator(".st-key-defenses_w_photo_defense").get_by_role("combobox").click()
    page.get_by_role("option", name="Median").click()
    page.wait_for_url("**photo_defense=median*")
    expect(page.get_by_text("Purified by Median")).to_be_visible()
    wait_for_figures(page)
    assert purified(page) != flower
    assert (figure(page, "PSNR before"), figure(page, "Patches")) == (before, "none")
    assert figure(page, "PSNR after") != after
    written = io.BytesIO()
    Image.effect_noise((90, 60), 40).save(written, "WEBP")
    page.get_by_role("radio", name="Upload").click()
    page.wait_for_url("**photo=own*")
    expect(page.get_by_text("No picture has been uploaded in this session")).to_be_visible()
    settle(page)
    page.locator(".st-key-defenses_photo_upload input[type=file]").set_input_files(
        {"name": "own.webp", "mimeType": "image/webp", "buffer": written.getvalue()}
    )
    expect(page.get_by_text("the page's link does not carry it")).to_be_visible()
    expect(page.get_by_text("90 x 60")).to_be_visible()


def test_long_work_shows_progress_and_can_be_cancelled(visitor: Visitor) -> None:
    page = visitor.open("/defenses?photo=flower&photo_defense=patch_vae&photo_overlap=75")
    expect(page.get_by_text("Purifying the picture: ")).to_be_visible()
    page.get_by_role("button", name="Cancel").last.click()
    expect(page.get_by_text("Purifying the picture: cancelled.")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_nothing_is_cut_off(visitor: Visitor, size: Size, scheme: Scheme) -> None:
    page = visitor.open(QUICK, size=size, scheme=scheme)
    wait_for_figures(page)
    assert overflow(page) == 0
    widths = page.evaluate(
        "() => [...document.querySelectorAll('[class*=st-key-photo_] img')]"
        ".map(e => e.getBoundingClientRect().width)"
    )
    assert len(widths) == 3
    assert all(300 < width < 700 for width in widths)
    cut = page.locator(".st-key-photo_figures [data-testid=stMetricValue] *").evaluate_all(
        "found => found.filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert cut == 0
