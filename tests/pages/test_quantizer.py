"""The quantizer page as a visitor uses it, with models that are made in a moment."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest
from torch import Tensor

from app import cache
from app.quantizer import work
from core.analysis.coarseness import Coarseness, coarseness_file, store_coarseness
from core.analysis.sanity import check_quantizer
from core.analysis.sanity_file import DEFAULT, make_sanity, stored_file, write_sanity
from core.analysis.sanity_report import Sanity
from tests.core.analysis.broken import SPEC, images, labels, pipeline
from tests.fakes import write_checkpoints
from tests.server import ROOT

Open = Callable[..., AppTest]
OTHER = {"defense": "bit_depth", "attack": "fgsm", "epsilon": "0.2", "n": "20"}
ROW = Coarseness(
    defense="lq_vae_64",
    attack="cw",
    bits=64,
    bits_per_latent=1,
    n=1000,
    mean_squared_error=0.01,
    mean_flips=3.2,
    mean_level_steps=3.3,
    share_flipped=0.05,
    share_flipped_by_noise=0.02,
)


@pytest.fixture(scope="module")
def finished() -> Sanity:
    """Checks of a tiny pipeline, under the name of those that ship."""
    return replace(check_quantizer(SPEC, pipeline(), images(), labels()), spec=DEFAULT)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint folder with the rows a and lq_vae, and an empty cache."""
    monkeypatch.setenv("LQVAE_CHECKPOINTS", str(tmp_path))
    monkeypatch.setenv("LQVAE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LQVAE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LQVAE_DEVICE", "cpu")
    write_checkpoints(tmp_path)
    manifest = tmp_path / "manifest.json"
    document = json.loads(manifest.read_text())
    document["checkpoints"][0]["training"]["recipe"]["objective"] = "classifier"
    manifest.write_text(json.dumps(document))
    return tmp_path


@pytest.fixture
def stored(folder: Path, finished: Sanity) -> Path:
    """The same, with finished checks of lq_vae."""
    write_sanity(replace(finished, hashes=DEFAULT.hashes()), stored_file(DEFAULT))
    return folder


@pytest.fixture
def classifier(monkeypatch: pytest.MonkeyPatch) -> None:
    """Says whether the upper or the lower half is brighter, in place of trained classifiers."""

    def halves(pictures: Tensor) -> Tensor:
        upper, lower = pictures[..., :14, :].flatten(1), pictures[..., 14:, :].flatten(1)
        rest = torch.full((len(pictures), 8), -9.0)
        return torch.cat([upper.mean(1, keepdim=True), lower.mean(1, keepdim=True), rest], dim=1)

    monkeypatch.setattr(cache, "classifier", lambda dataset, name: halves)


@pytest.fixture
def open_page() -> Iterator[Open]:
    cache.results().clear()

    def opened(**params: str) -> AppTest:
        page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
        page.switch_page("../pages/quantizer.py")
        for name, value in params.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    yield opened
    st.cache_resource.clear()


def words(page: AppTest) -> str:
    elements = [*page.markdown, *page.caption, *page.html, *page.info, *page.success, *page.warning]
    return " ".join(element.value for element in elements)


@pytest.mark.usefixtures("stored")
def test_it_opens_with_finished_tiles(open_page: Open) -> None:
    page = open_page()
    assert "**LQ-VAE**, in front of classifier A: all 10 demands hold." in page.success[0].value
    tiles = " ".join(html.value for html in page.html)
    assert tiles.count('role="listitem"') == 12
    assert "0 of 6 bits" in tiles
    charts = page.get("plotly_chart")
    assert len(charts) == 6
    assert all(chart.proto.alt for chart in charts)
    assert not page.warning
    assert not page.error


@pytest.mark.usefixtures("stored")
def test_a_failing_check_is_said_first(open_page: Open, finished: Sanity) -> None:
    dead = next(check for check in finished.checks if check.name == "dead")
    broken = replace(dead, passed=False, value="3 of 6 bits")
    checks = tuple(broken if check == dead else check for check in finished.checks)
    sanity = replace(finished, checks=checks, hashes=DEFAULT.hashes())
    write_sanity(sanity, stored_file(DEFAULT))
    page = open_page()
    assert "1 of 10 demands does not hold: “No bit is dead”." in page.warning[0].value
    assert "Fails" in " ".join(html.value for html in page.html)


@pytest.mark.usefixtures("folder", "classifier")
def test_nothing_runs_before_it_is_asked_for(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[object] = []

    def noted(*arguments: object) -> object:
        ran.append(arguments[0])
        return make_sanity(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(work, "make_sanity", noted)
    page = open_page(**OTHER)
    assert "Nobody has run these checks here yet" in page.info[0].value
    page.slider(key="quantizer_w_n").set_value(30).run()
    assert not ran
    page.button(key="quantizer_run").click().run()
    wait_for_tiles(page)
    assert len(ran) == 1
    assert page.query_params["n"] == "30"
    assert "has no code of bits" in words(page)
    assert " ".join(html.value for html in page.html).count('role="listitem"') == 4
    page.run()
    assert len(ran) == 1


def wait_for_tiles(page: AppTest) -> None:
    deadline = time.monotonic() + 60
    while 'role="listitem"' not in words(page) and time.monotonic() < deadline:
        time.sleep(0.1)
        page.run()
    assert 'role="listitem"' in words(page)


@pytest.mark.usefixtures("stored")
def test_an_odd_address_is_mended_and_said(open_page: Open) -> None:
    page = open_page(attack="cw", against="x", n="7", what="ever")
    said = page.warning[0].value
    for part in ("Carlini-Wagner cannot be used here", "`against=x`", "is below 10", "`what`"):
        assert part in said


@pytest.mark.usefixtures("folder")
def test_a_missing_model_is_said_and_the_rest_goes_on(open_page: Open) -> None:
    page = open_page(attack="fgsm", n="20")
    page.button(key="quantizer_run").click().run()
    assert "Checkpoint mnist-a.safetensors" in page.error[0].value
    assert "How coarse should a code be?" in [header.value for header in page.header]


def test_damaged_checks_are_said_and_can_be_run_again(stored: Path, open_page: Open) -> None:
    stored_file(DEFAULT).write_text("{", encoding="utf-8")
    page = open_page()
    assert "is missing or damaged" in page.warning[0].value
    assert page.button(key="checks_here").label == "Run the checks"


@pytest.mark.usefixtures("stored")
def test_without_stored_codes_the_command_is_named(open_page: Open) -> None:
    assert "`python -m core evaluate table coarseness`" in open_page().info[-1].value


def test_stored_codes_are_drawn_and_tabled(stored: Path, open_page: Open) -> None:
    store_coarseness([ROW, replace(ROW, defense="lq_vae_16", bits=16)])
    page = open_page(against="deepfool")
    assert len(page.get("plotly_chart")) == 9
    assert page.segmented_control(key="quantizer_w_against").value == "deepfool"
    page.segmented_control(key="quantizer_w_against").set_value("cw").run()
    assert page.query_params["against"] == "cw"
    table = page.table[-1].value
    assert list(table["bits"]) == ["16", "64"]
    assert list(table["flipped bits"]) == ["3.20", "3.20"]


def test_damaged_codes_are_said(stored: Path, open_page: Open) -> None:
    store_coarseness([ROW])
    coarseness_file().write_text("[]", encoding="utf-8")
    assert any("coarseness.json" in warning.value for warning in open_page().warning)


def test_without_models_the_reason_is_there(folder: Path, open_page: Open) -> None:
    (folder / "manifest.json").write_text("{}")
    page = open_page()
    assert "manifest.json is damaged" in page.error[0].value
    assert page.header[0].value == "How coarse should a code be?"
