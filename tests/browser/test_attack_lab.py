"""The attack lab in a real browser: a digit is fooled, comes back, and the link remembers."""

import re
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from core.checkpoints import checkpoint_folder
from tests.browser.driving import Scheme, Size, Visitor, overflow, settle

NEEDED = ("mnist-a.safetensors", "mnist-lq_vae_plus.safetensors")

pytestmark = pytest.mark.skipif(
    not all((checkpoint_folder() / name).exists() for name in NEEDED),
    reason="the lab's first models are not trained yet: python -m core train a --dataset mnist",
)


def open_lab(
    visitor: Visitor, query: str = "", *, size: Size = "desktop", scheme: Scheme = "light"
) -> Page:
    page = visitor.open(f"/attack_lab{query}", size=size, scheme=scheme)
    expect(page.locator(".tiles img")).to_have_count(4)
    settle(page)
    return page


def verdict(page: Page) -> Locator:
    return page.locator(".st-key-lab_verdict")


def epsilon(page: Page) -> Locator:
    return page.locator(".st-key-lab_w_pgd_epsilon input[type=range]")


def picture(page: Page, role: str) -> Locator:
    return page.locator(f'.tiles img[alt^="{role}"]')


def test_a_digit_is_fooled_comes_back_and_the_link_remembers(visitor: Visitor) -> None:
    page = open_lab(visitor)
    expect(verdict(page)).to_contain_text("The attack turned")
    expect(verdict(page)).to_contain_text("The purifier turned it back")
    expect(picture(page, "Adversarial")).to_have_attribute("alt", re.compile("which is wrong"))
    expect(picture(page, "Purified")).to_have_attribute("alt", re.compile("which is right"))
    epsilon(page).focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/attack_lab?*epsilon=0.16*")
    settle(page)
    told, shown = verdict(page).inner_text(), picture(page, "Adversarial").get_attribute("src")
    page.reload()
    settle(page)
    expect(epsilon(page)).to_have_value("0.16")
    assert verdict(page).inner_text() == told
    assert picture(page, "Adversarial").get_attribute("src") == shown


def test_back_undoes_and_leads_out(visitor: Visitor) -> None:
    page = open_lab(visitor)
    page.get_by_role("radio", name="One step").click()
    page.wait_for_url("**attack=fgsm*")
    settle(page)
    page.go_back()
    expect(page.locator(".st-key-lab_w_pgd_epsilon")).to_be_visible()
    settle(page)
    assert page.url.endswith("/attack_lab")


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_triplet_fits_the_screen(visitor: Visitor, size: Size, scheme: Scheme) -> None:
    page = open_lab(visitor, size=size, scheme=scheme)
    assert overflow(page) == 0
    for shown in page.locator(".tiles img").all():
        box = shown.bounding_box()
        assert box is not None
        assert box["width"] >= 150
        if size == "desktop":
            assert box["y"] + box["height"] <= page.evaluate("window.innerHeight")


def test_the_steps_play_in_the_browser(visitor: Visitor) -> None:
    page = open_lab(visitor, "?section=steps")
    step = page.locator('.st-key-lab_steps .slider-label[data-unformatted^="Step"]')
    expect(step).to_have_text("Step 40 of 40")
    page.get_by_text("▶").click()
    expect(step).to_have_text(re.compile("Step [1-9] of 40"))
    expect(step).to_have_text("Step 40 of 40")


def test_the_gain_changes_only_the_shown_change(visitor: Visitor) -> None:
    page = open_lab(visitor)
    change = page.locator(".change img")
    before, attacked = (
        change.get_attribute("src"),
        picture(page, "Adversarial").get_attribute("src"),
    )
    page.locator(".st-key-lab_w_gain input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**gain=10*")
    expect(change).not_to_have_attribute("src", str(before))
    assert picture(page, "Adversarial").get_attribute("src") == attacked


def test_a_slow_attack_shows_progress_and_can_be_cancelled(visitor: Visitor) -> None:
    page = visitor.open("/attack_lab?attack=cw&steps=1000&searches=10")
    cancel = page.get_by_role("button", name="Cancel")
    cancel.click()
    expect(page.get_by_text("Attacking: cancelled.")).to_be_visible()
    page.get_by_role("radio", name="Forty steps").click()
    expect(page.locator(".tiles img")).to_have_count(4)


def test_another_digit_from_the_gallery(visitor: Visitor) -> None:
    page = open_lab(visitor)
    before = picture(page, "Original").get_attribute("src")
    page.locator(".st-key-lab_w_thumb button").nth(4).click()
    expect(picture(page, "Original")).not_to_have_attribute("src", str(before))
    page.wait_for_url("**index=47*")


def test_a_drawn_digit_is_attacked(visitor: Visitor) -> None:
    page = open_lab(visitor)
    page.get_by_role("radio", name="Draw").click()
    pad = page.locator("canvas").first
    pad.scroll_into_view_if_needed()
    settle(page)  # what is drawn below the pad may still move it
    box = pad.bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2
    page.mouse.move(middle, box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(middle, box["y"] + 0.8 * box["height"], steps=12)
    page.mouse.up()
    page.wait_for_url("**picture=own*")
    expect(page.get_by_text("the page's link does not carry it")).to_be_visible()
    expect(page.locator(".tiles img")).to_have_count(4)


def test_an_uploaded_text_file_is_refused_in_words(visitor: Visitor) -> None:
    page = open_lab(visitor)
    page.get_by_role("radio", name="Upload").click()
    field = page.locator(".st-key-lab_upload input[type=file]")
    field.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"})
    expect(page.get_by_text("no PNG or JPEG picture")).to_be_visible()
    paper = Image.new("L", (60, 60), 255)
    paper.paste(0, (28, 10, 34, 50))
    written = BytesIO()
    paper.save(written, "PNG")
    field.set_input_files({"name": "b.png", "mimeType": "image/png", "buffer": written.getvalue()})
    page.wait_for_url("**picture=own*")


def test_the_pictures_can_be_downloaded(visitor: Visitor) -> None:
    page = open_lab(visitor, "?section=export")
    with page.expect_download() as download:
        page.get_by_role("button", name="Pictures (PNG)").click()
    with Image.open(download.value.path()) as joined:
        assert joined.width > 4 * 280
