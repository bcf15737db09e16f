"""The selective page in a real browser: limits that move, and a second look at the rejected."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from core.checkpoints import checkpoint_folder
from tests.browser.driving import Visitor, overflow, settle
from tests.server import Server, running_server

pytestmark = pytest.mark.skipif(
    not (checkpoint_folder() / "mnist-gm_vae.safetensors").exists(),
    reason="no selective classifier is trained yet: python -m core train gm_vae",
)

POINT = """
answered => {
  const chart = document.querySelector('.st-key-selective_risk .js-plotly-plot');
  const point = (chart?.data ?? []).find(trace => trace.name === 'your limits');
  return answered === null ? chart && !point : point && Math.abs(point.x[0] - answered) < 1e-3;
}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard that has judged no image yet."""
    cache = tmp_path_factory.mktemp("cache")
    with running_server(environment={"LQVAE_CACHE": str(cache)}) as running:
        yield running


def verdict(page: Page) -> Locator:
    return page.locator(".st-key-selective_verdict")


def rejection(page: Page) -> Locator:
    return page.locator(".counts .rejection b")


def wait_for_point(page: Page, answered: float | None) -> None:
    """Until the present limits stand at this share in the curve; None where nobody is answered."""
    page.wait_for_function(POINT, arg=answered, polling=100)


def move(page: Page, limit: str, key: str) -> None:
    page.locator(f".st-key-selective_w_{limit}").get_by_role("slider").press(key)
    settle(page)


def test_verdict_and_curve_follow_a_limit(visitor: Visitor) -> None:
    page = visitor.open("/selective?index=27&attack=none&deviations=all")
    expect(page.locator(".st-key-selective_roc .js-plotly-plot")).to_be_visible()
    settle(page)
    expect(verdict(page)).to_contain_text("Accepted as 7")
    rejected = float(rejection(page).inner_text().removesuffix(" %")) / 100
    assert 0 < rejected < 0.5
    wait_for_point(page, 1 - rejected)
    move(page, "coverage", "Home")
    expect(verdict(page)).to_contain_text("Rejected: too far from every class")
    expect(rejection(page)).to_have_text("100.0 %")
    wait_for_point(page, None)
    move(page, "coverage", "End")
    expect(verdict(page)).to_contain_text("Accepted as 7")
    expect(rejection(page)).to_have_text("0.00 %")
    wait_for_point(page, 1.0)
    expect(page).to_have_url(re.compile("coverage=all"))


def test_a_rejected_picture_is_reclassified(visitor: Visitor) -> None:
    address = "/selective?index=27&attack=none&coverage=0&deviations=all"
    page = visitor.open(address, size="phone", scheme="dark")
    expect(verdict(page)).to_contain_text("Rejected: too far from every class")
    page.locator(".st-key-selective_w_insist label").first.click()
    page.get_by_role("button", name="Reclassify").click()
    second = page.locator(".st-key-selective_second")
    expect(second).to_contain_text("Reclassified as 7")
    expect(second).to_contain_text("every image must get a class")
    expect(page).to_have_url(re.compile("reclassify=1"))
    pictures = page.locator(".st-key-selective_pictures figure")
    expect(pictures).to_have_count(4)
    expect(pictures.nth(2)).to_contain_text("Thresholded")
    assert overflow(page) == 0
    page.locator(".st-key-selective_w_search").get_by_role("combobox").click()
    page.get_by_role("option", name="Least error (paper)").click()
    expect(page).to_have_url(re.compile("search=error"))
    expect(second).to_contain_text("The best picture that the decoder makes is a 7")
    expect(pictures).to_have_count(3)
