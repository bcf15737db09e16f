"""The selective page as a visitor uses it, with a mixture that is made in a moment."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest

from app import cache
from app.selective import work
from core.checkpoints import CheckpointRow, save_checkpoint
from core.images import to_png
from core.models.gm_vae import GmVae
from core.selective import GmVaeClassifier, Statistics
from tests.server import ROOT

Open = Callable[..., AppTest]
COVERAGE, DEVIATIONS = "selective_w_coverage", "selective_w_deviations"
STATISTICS = Statistics(variance=0.05, error_mean=200.0, error_deviation=20.0, n=100)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint folder with a small mixture that nobody trained; only 60 images are judged."""
    for name, place in (("CHECKPOINTS", ""), ("CACHE", "cache"), ("DATA", "data")):
        monkeypatch.setenv(f"LQVAE_{name}", str(tmp_path / place))
    monkeypatch.setenv("LQVAE_DEVICE", "cpu")
    monkeypatch.setattr(cache, "MAX_PICTURES", 60)
    monkeypatch.setattr(work, "ATTACKED", 20)
    save_mixture()
    return tmp_path


def save_mixture() -> CheckpointRow:
    arguments = {"widths": [2, 4], "hidden": 8}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = GmVae(**arguments)  # type: ignore[arg-type]
    return save_checkpoint(
        model,
        {
            "dataset": "mnist",
            "name": "gm_vae",
            "model": "gm_vae",
            "arguments": arguments,
            "training": {"recipe": {"objective": "gm_vae"}},
            "figures": {"statistics": STATISTICS.as_dict()},
        },
    )


@pytest.fixture
def open_page(folder: Path) -> Iterator[Open]:
    st.cache_resource.clear()

    def opened(**params: str) -> AppTest:
        page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
        page.switch_page("../pages/selective.py")
        for name, value in params.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        deadline = time.monotonic() + 60
        while 'class="counts"' not in words(page) and time.monotonic() < deadline:
            if page.error:
                break
            time.sleep(0.1)
            page.run()
        return page

    yield opened
    st.cache_resource.clear()


def words(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.html, *page.info, *page.warning]
    return " ".join(part.value for part in parts)


def verdict(page: AppTest) -> str:
    return " ".join(text.value for text in page.get_by_key("selective_verdict").markdown)


def test_it_opens_with_a_verdict_and_what_is_not_measured(open_page: Open) -> None:
    page = open_page()
    assert "ejected" in verdict(page) or "ccepted" in verdict(page)
    charts = page.get("plotly_chart")
    assert len(charts) >= 3
    assert all(chart.proto.alt for chart in charts)
    for subject in ("sweep", "joint", "paper_joint", "clean", "reclassified", "fooling"):
        assert f"python -m core selective {subject} --dataset mnist --name gm_vae`" in words(page)
    assert not page.error
    assert not page.warning


@pytest.mark.parametrize(
    ("coverage", "deviations", "said"),
    [("0", "all", "0.00 %</b><small>accepted and right"), ("all", "all", "0.00 %</b><small>not")],
)
def test_the_limits_go_from_nobody_to_everybody(
    open_page: Open, coverage: str, deviations: str, said: str
) -> None:
    page = open_page()
    page.select_slider(key=COVERAGE).set_value(coverage).run()
    page.select_slider(key=DEVIATIONS).set_value(deviations).run()
    assert not page.exception
    assert ("ejected" in verdict(page)) is (coverage == "0")
    assert said in words(page)
    assert page.query_params["coverage"] == coverage
    assert page.query_params["deviations"] == deviations


def test_moving_a_limit_asks_no_network(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page(coverage="all", deviations="all")
    asked: list[int] = []
    judge = GmVaeClassifier.judge

    def noted(self: GmVaeClassifier, images: torch.Tensor) -> object:
        asked.append(len(images))
        return judge(self, images)

    monkeypatch.setattr(GmVaeClassifier, "judge", noted)
    page.select_slider(key=COVERAGE).set_value("0").run()
    # The image itself, clean and attacked, and the drawn samples; no crowd.
    assert max(asked) <= 40


def test_a_rejected_image_is_reclassified_at_a_click(open_page: Open) -> None:
    page = open_page(coverage="0", deviations="all")
    assert "ejected" in verdict(page)
    page.toggle(key="selective_w_insist").set_value(True).run()
    page.button(key="selective_reclassify").click().run()
    deadline = time.monotonic() + 60
    while (
        "picture that the decoder makes near a mean" not in words(page)
        and time.monotonic() < deadline
    ):
        time.sleep(0.1)
        page.run()
    second = " ".join(text.value for text in page.get_by_key("selective_second").markdown)
    assert "every image must get a class" in second
    assert page.query_params["reclassify"] == "1"
    assert "search" not in page.query_params
    page.selectbox(key="selective_w_search").select("error").run()
    assert page.query_params["search"] == "error"
    assert "Thresholded" not in words(page)
    page.selectbox(key="selective_w_attack").select("none").run()
    assert "reclassify" not in page.query_params


def test_an_accepted_image_cannot_be_reclassified(open_page: Open) -> None:
    page = open_page(coverage="all", deviations="all")
    button = page.button(key="selective_reclassify")
    assert button.disabled
    assert "Off: the image is accepted" in button.help


def test_a_picture_of_one_s_own_is_judged(open_page: Open) -> None:
    page = open_page(attack="none")
    page.segmented_control(key="selective_w_source").set_value("upload").run()
    ring = torch.zeros(28, 28)
    ring[8:20, 8:20], ring[11:17, 11:17] = 1.0, 0.0
    page.file_uploader(key="selective_upload").upload("ring.png", to_png(ring)).run()
    assert not page.exception
    assert "Nobody has labelled this picture" in verdict(page)
    assert page.query_params["picture"] == "own"


def test_an_odd_address_is_mended_and_said(open_page: Open) -> None:
    said = open_page(coverage="x", epsilon="7", what="ever").warning[0].value
    for part in ("`coverage=x`", "is above 0.5", "`what`"):
        assert part in said


def test_a_damaged_checkpoint_is_said_and_the_rest_goes_on(folder: Path, open_page: Open) -> None:
    (folder / "mnist-gm_vae.safetensors").write_bytes(b"no weights")
    page = open_page()
    assert "Checkpoint mnist-gm_vae.safetensors has 10 of" in page.error[0].value
    assert "The paper's tables, and ours" in [header.value for header in page.header]


def test_without_a_selective_classifier_the_command_is_named(folder: Path, open_page: Open) -> None:
    (folder / "manifest.json").write_text(json.dumps({"checkpoints": []}))
    error = open_page().error[0].value
    assert "There is no selective classifier here yet" in error
    assert "python -m core train gm_vae --dataset mnist" in error


@pytest.mark.usefixtures("open_page")
def test_the_lab_says_what_a_selective_classifier_accepts() -> None:
    page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
    page.switch_page("../pages/attack_lab.py")
    for name, value in {"classifier": "gm_vae", "defense": "none", "attack": "fgsm"}.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    answers = " ".join(text.value for text in page.get_by_key("lab_answers").markdown)
    assert "Original: " in answers
    assert "Adversarial: " in answers
    assert "This classifier may decline to answer" in words(page)
