"""The robustness page in a real browser: tables, downloads, a live trial and one that is ended."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from core.checkpoints import checkpoint_folder
from tests.browser.driving import PATIENCE, Scheme, Size, Visitor, overflow, settle
from tests.server import Server, running_server

NEEDED = ("mnist-a.safetensors", "mnist-lq_vae.safetensors")

pytestmark = pytest.mark.skipif(
    not all((checkpoint_folder() / name).exists() for name in NEEDED),
    reason="the first models are not trained yet: python -m core train a --dataset mnist",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard that has never run a trial itself."""
    cache: Path = tmp_path_factory.mktemp("cache")
    with running_server(environment={"LQVAE_CACHE": str(cache)}) as running:
        yield running


def cell(page: Page, column: str, text: str) -> Locator:
    return page.locator(f'.paper td[data-column="{column}"]', has_text=text).first


def break_it(page: Page) -> None:
    page.locator(".st-key-robustness_run").get_by_role("button").click()


def test_a_visitor_reads_a_table_and_takes_it_along(visitor: Visitor) -> None:
    page = visitor.open("/robustness")
    expect(cell(page, "LQ-VAE", "97.74")).to_contain_text(re.compile(r"\d+\.\d"))
    expect(page.get_by_text("If the attacker knows the defense")).to_be_visible()
    page.get_by_role("radio", name="One-step").click()
    page.wait_for_url("**table=bpda*")
    expect(cell(page, "LQ-VAE", "83.70")).to_be_visible()
    page.get_by_role("radio", name="Fashion-MNIST").click()
    page.wait_for_url("**data=fashion_mnist*")
    expect(cell(page, "LQ-VAE", "57.41")).to_be_visible()
    settle(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="This table (CSV)").click()
    assert waiting.value.suggested_filename == "fashion_mnist-bpda.csv"
    with Path(waiting.value.path()).open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert {line["paper"] for line in lines} >= {"57.41", "39.41"}


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_cifar10_has_figures_of_its_own(visitor: Visitor, size: Size) -> None:
    page = visitor.open("/robustness", size=size)
    page.get_by_role("radio", name="CIFAR-10").click()
    page.wait_for_url("**data=cifar10*")
    expect(page.locator(".paper")).to_contain_text("ResNet")
    expect(page.get_by_text("The slides have no CIFAR-10")).to_be_visible()
    expect(page.locator(".adaptive")).to_contain_text("Linf 0.0314, classifier ResNet")
    for chart in ("epsilon", "steps"):
        expect(page.locator(f".st-key-robustness_{chart} .js-plotly-plot")).to_be_visible()
    settle(page)
    expect(page.get_by_text("Can you break it?")).to_be_visible()
    assert overflow(page) == 0


def test_a_visitor_breaks_it_and_cancels_a_second_trial(visitor: Visitor) -> None:
    page = visitor.open("/robustness?threat=oblivious&attack=fgsm&epsilon=0.3&n=20")
    break_it(page)
    result = page.locator(".live")
    expect(result).to_contain_text("Attacked, through the defense (oblivious)")
    expect(result).to_contain_text(re.compile(r"\d+ of 20 right"))
    expect(page.get_by_text(re.compile("in L2 and .* in Linf on average"))).to_be_visible()
    expect(page.get_by_text(re.compile("The stored tables? (says|do not)"))).to_be_visible()
    settle(page)
    page.goto(page.url.replace("attack=fgsm&epsilon=0.3", "attack=cw").replace("n=20", "n=200"))
    settle(page)
    break_it(page)
    expect(page.get_by_text(re.compile("Attacking 200 images: "))).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Attacking 200 images: cancelled.")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_an_adaptive_trial_ends_with_its_figures(visitor: Visitor) -> None:
    page = visitor.open("/robustness?threat=adaptive&attack=pgd&epsilon=0.3&steps=5&n=10")
    break_it(page)
    result = page.locator(".live")
    expect(result).to_contain_text(
        re.compile(r"through the defense \(adaptive\).*of 10 right", re.DOTALL),
        timeout=3 * PATIENCE,
    )
    expect(page.get_by_text("Fallen: ")).to_be_visible()


def test_a_pair_that_cannot_be_is_refused_before_anything_runs(visitor: Visitor) -> None:
    page = visitor.open("/robustness?threat=adaptive&defense=none&attack=fgsm&epsilon=0.1")
    expect(page.get_by_text("adapts to a defense, and there is none")).to_be_visible()
    expect(page.locator(".st-key-robustness_run").get_by_role("button")).to_be_disabled()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_nothing_is_cut_off(visitor: Visitor, size: Size, scheme: Scheme) -> None:
    page = visitor.open("/robustness", size=size, scheme=scheme)
    expect(cell(page, "LQ-VAE", "97.74")).to_be_visible()
    assert overflow(page) == 0
    wide = page.evaluate(
        "() => [...document.querySelectorAll('.paper td, .adaptive .one')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert wide == 0
