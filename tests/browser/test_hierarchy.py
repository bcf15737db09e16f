"""The page of levels in a real browser: the coarsest level is the digit, the finest is not."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from core.checkpoints import checkpoint_folder
from tests.browser.driving import Scheme, Size, Visitor, overflow, settle

pytestmark = pytest.mark.skipif(
    not all(
        (checkpoint_folder() / f"mnist-{name}.safetensors").exists() for name in ("a", "mlvgm")
    ),
    reason="not trained yet: python -m core train mlvgm",
)
START = "/hierarchy?index=27&seen=original&levels=0-0-0-0-0"


def purified(page: Page) -> Locator:
    """What the classifier says of the purified picture."""
    return page.get_by_role("img", name=re.compile("^Purified picture"))


def test_the_coarsest_level_changes_the_digit_and_the_finest_does_not(visitor: Visitor) -> None:
    page = visitor.open(START)
    expect(purified(page)).to_have_attribute("alt", re.compile("classified as 7 .*which is right"))
    before = purified(page).get_attribute("src")
    page.get_by_role("slider", name="Level 5: 16×16").press("End")
    expect(page).to_have_url(re.compile("levels=0-0-0-0-100"))
    expect(purified(page)).not_to_have_attribute("src", str(before))
    expect(purified(page)).to_have_attribute("alt", re.compile("classified as 7 .*which is right"))
    page.get_by_role("slider", name="Level 5: 16×16").press("Home")
    expect(page).to_have_url(re.compile("levels=0-0-0-0-0"))
    page.get_by_role("slider", name="Level 1: whole").press("End")
    expect(page).to_have_url(re.compile("levels=100-0-0-0-0"))
    expect(purified(page)).to_have_attribute("alt", re.compile("which is wrong"))


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_everything_is_there_and_fits(visitor: Visitor, size: Size, scheme: Scheme) -> None:
    page = visitor.open("/hierarchy", size=size, scheme=scheme)
    expect(page.locator(".ladder figure")).to_have_count(25)
    expect(page.locator(".plans .plan").first).to_be_visible()
    known = page.get_by_role("table", name="An attacker who knows the defense")
    expect(known).to_contain_text(re.compile(r"Linf 0.1\s*\d+\.\d\?? \("))
    for heading in ("Keep or draw anew", "What it costs and what it brings"):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    assert overflow(page) == 0


def test_a_plan_sets_all_sliders_and_a_reload_keeps_them(visitor: Visitor) -> None:
    page = visitor.open("/hierarchy?attenuation=100")
    # The curve further down has a choice of the same name.
    page.get_by_role("radio", name="Cosine").first.click()
    expect(page).to_have_url(re.compile("levels=10-35-65-90-100"))
    page.reload()
    settle(page)
    slider = page.get_by_role("slider", name="Level 2: 4×4")
    expect(slider).to_have_value("35")


def test_the_defense_can_be_chosen_where_purifiers_are(visitor: Visitor) -> None:
    page = visitor.open("/attack_lab?defense=mlvgm&attack=fgsm&epsilon=0.15")
    expect(page.get_by_role("img", name=re.compile("^Purified picture"))).to_be_visible()
    page = visitor.open("/robustness?defense=mlvgm")
    expect(page.get_by_role("combobox", name="Defense")).to_have_value("MLVGM")


def test_the_settings_of_defenses_open_with_what_the_link_says(visitor: Visitor) -> None:
    page = visitor.open("/defenses?attenuation=75")
    page.get_by_role("button", name="Settings of the defenses").click()
    expect(page.get_by_role("slider", name="MLVGM: attenuation")).to_have_value("75")
    expect(page.get_by_role("slider", name="MLVGM: temperature")).to_have_value("60")
    page.get_by_role("slider", name="MLVGM: attenuation").press("ArrowRight")
    expect(page).to_have_url(re.compile("index=27&attenuation=80$"))
