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
chart => {
  const point = chart.data.find(trace => trace.name === 'your limits');
  return point === undefined ? null : [point.x[0], point.y[0]];
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


def point(page: Page) -> list[float] | None:
    """Where the present limits stand in the risk-coverage curve; None where nobody is answered."""
    chart = page.locator(".st-key-selective_risk .js-plotly-plot")
    found: list[float] | None = chart.evaluate(POINT)
    return found


def move(page: Page, limit: str, key: str) -> None:
    page.locator(f".st-key-selective_w_{limit}").get_by_role("slider").press(key)
    settle(page)


def test_verdict_and_curve_follow_a_limit(visitor: Visitor) -> None:
    page = visitor.open("/selective?index=27&attack=none&deviations=all")
    expect(rejection(page)).to_have_text(re.compile(r"^\d"))
    settle(page)
    expect(verdict(page)).to_contain_text("Accepted as 7")
    before = point(page)
    assert before is not None
    move(page, "coverage", "Home")
    expect(verdict(page)).to_contain_text("Rejected: too far from every class")
    expect(rejection(page)).to_have_text("100.0 %")
    assert point(page) is None
    move(page, "coverage", "End")
    expect(verdict(page)).to_contain_text("Accepted as 7")
    expect(rejection(page)).to_have_text("0.00 %")
    after = point(page)
    assert after is not None
    assert after[0] == 1
    assert after[0] > before[0]
    assert after[1] > before[1]
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
    assert overflow(page) == 0
