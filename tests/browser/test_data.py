"""Data and models in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.driving import PATIENCE, Scheme, Size, Visitor, overflow, settle


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_card_fits_the_screen(visitor: Visitor, size: Size, scheme: Scheme) -> None:
    page = visitor.open("/data", size=size, scheme=scheme)
    for title in ("MNIST", "Fashion-MNIST", "CIFAR-10"):
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(page.get_by_alt_text("MNIST: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9", exact=True)).to_be_visible()
    assert overflow(page) == 0


def test_verifying_a_data_set_reports_by_itself(visitor: Visitor) -> None:
    page = visitor.open("/data")
    card = page.locator(".st-key-data_mnist")
    card.get_by_role("button", name="Verify").click()
    # No click and no reload from here on: the page polls the job and draws its end.
    expect(card.get_by_text("Every byte is as it should be.")).to_be_visible(timeout=PATIENCE)


def test_verifying_the_models_marks_each(visitor: Visitor) -> None:
    page = visitor.open("/data")
    button = page.get_by_role("button", name="Verify all")
    if not button.is_visible():
        pytest.skip("no models are shipped here")
    button.click()
    expect(page.get_by_text("models are sound")).to_be_visible(timeout=PATIENCE)
    settle(page)
    cards = page.locator("[class*='st-key-model_']")
    assert cards.filter(has_text="verified").count() == cards.count()
