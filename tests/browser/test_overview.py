"""The overview in a real browser: whole on every screen, and its buttons work."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.evaluation.showcase_file import default_path
from tests.browser.driving import Scheme, Size, Visitor, overflow, settle

pytestmark = pytest.mark.skipif(
    not default_path().exists(), reason="no showcase yet: python -m core showcase"
)


def verdict(page: Page) -> str:
    """What is said below the three pictures."""
    return " ".join(page.locator(".tiles figcaption").all_inner_texts())


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_triplet_fits_the_screen(visitor: Visitor, size: Size, scheme: Scheme) -> None:
    page = visitor.open("/", size=size, scheme=scheme)
    pictures = page.locator(".tiles img")
    expect(pictures).to_have_count(3)
    for picture in pictures.all():
        assert picture.get_attribute("alt")
        box = picture.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= page.evaluate("window.innerHeight")
    assert overflow(page) == 0


def test_another_digit_shows_at_a_click_and_stays_after_a_reload(visitor: Visitor) -> None:
    page = visitor.open("/")
    before = page.locator(".tiles img").first.get_attribute("src")
    page.get_by_role("button", name="Show another digit").click()
    expect(page).to_have_url(re.compile(r"\?example=2$"))
    settle(page)
    second = page.locator(".tiles img").first.get_attribute("src")
    assert second != before
    page.reload()
    settle(page)
    assert page.locator(".tiles img").first.get_attribute("src") == second


def test_guessing_hides_the_answer_and_then_shows_it(visitor: Visitor) -> None:
    page = visitor.open("/?guess=1")
    assert verdict(page).count("?") == 2
    page.get_by_role("radio", name="3", exact=True).click()
    settle(page)
    assert "?" not in verdict(page)
    expect(page.get_by_text("guessed so far")).to_be_visible()


def test_the_same_digit_opens_in_the_lab(visitor: Visitor) -> None:
    page = visitor.open("/")
    page.get_by_role("button", name="Attack this digit yourself").click()
    page.wait_for_url("**/attack_lab?*")
    settle(page)
    assert "attack=pgd" in page.url
    assert "epsilon=0.2" in page.url


def test_the_links_lead_to_the_other_pages(visitor: Visitor) -> None:
    page = visitor.open("/")
    page.get_by_role("link", name="All data and models").click()
    page.wait_for_url("**/data")
    settle(page)
    expect(page.get_by_role("heading", name="Data and models")).to_be_visible()
