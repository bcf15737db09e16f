"""The attack lab as a visitor uses it, with a classifier that is made in a moment."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest
from torch import Tensor

from app import cache
from app.attack_lab.presets import PRESETS
from core.data import load_dataset
from core.types import Classifier
from tests.fakes import manifest_row
from tests.server import ROOT

Open = Callable[..., AppTest]
START = {"defense": "bit_depth", "attack": "pgd", "epsilon": "0.15", "steps": "5"}


@pytest.fixture(scope="module")
def class_means() -> Tensor:
    """One mean picture (10, 784) a digit: a classifier that needs no training."""
    images, labels = load_dataset("mnist", "validation")
    return torch.stack([images[labels == digit].flatten(1).mean(0) for digit in range(10)])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint folder that names classifier a and has damaged weights for it."""
    monkeypatch.setenv("LQVAE_CHECKPOINTS", str(tmp_path))
    monkeypatch.setenv("LQVAE_DATA", str(tmp_path / "data"))
    row = manifest_row("a", "a", b"no weights")
    row["training"]["recipe"]["objective"] = "classifier"
    (tmp_path / "manifest.json").write_text(json.dumps({"checkpoints": [row]}))
    return tmp_path


@pytest.fixture
def classifier(monkeypatch: pytest.MonkeyPatch, class_means: Tensor) -> Classifier:
    """The nearest mean picture, in place of every trained classifier."""

    def nearest(images: Tensor) -> Tensor:
        flat = images.flatten(1)
        return flat @ class_means.T - class_means.square().sum(1) / 2

    monkeypatch.setattr(cache, "classifier", lambda dataset, name: nearest)
    monkeypatch.setenv("LQVAE_DEVICE", "cpu")
    return nearest


@pytest.fixture
def open_lab(folder: Path) -> Iterator[Open]:
    cache.results().clear()

    def open_lab(**params: str) -> AppTest:
        page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
        page.switch_page("../pages/attack_lab.py")
        for name, value in params.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    yield open_lab
    st.cache_resource.clear()


def verdict(page: AppTest) -> str:
    container = page.get_by_key("lab_verdict")
    return " ".join(text.value for text in [*container.markdown, *container.caption])


@pytest.mark.usefixtures("classifier")
def test_it_opens_with_a_finished_triplet(open_lab: Open) -> None:
    page = open_lab(**START)
    assert "per pixel" in verdict(page)
    tiles = " ".join(html.value for html in page.html)
    for title in ("Original", "Adversarial", "Purified", "Random noise"):
        assert f"{title} picture, classified as" in tiles
    assert len(page.get("plotly_chart")) == 2
    assert all(chart.proto.alt for chart in page.get("plotly_chart"))
    assert not page.warning


@pytest.mark.usefixtures("classifier")
def test_moving_epsilon_changes_the_picture_and_the_address(open_lab: Open) -> None:
    page = open_lab(**START)
    page.slider(key="lab_w_pgd_epsilon").set_value(0.4).run()
    assert "0.4 per pixel" in verdict(page)
    assert page.query_params["epsilon"] == "0.4"


@pytest.mark.usefixtures("classifier")
def test_the_address_opens_the_same_state_again(open_lab: Open) -> None:
    first = open_lab(**START)
    first.selectbox(key="lab_w_attack").select("fgsm").run()
    first.number_input(key="lab_w_seed").set_value(5).run()
    params = {name: str(value) for name, value in first.query_params.items()}
    assert params["attack"] == "fgsm"
    assert params["epsilon"] == "0.15"
    second = open_lab(**params)
    assert second.selectbox(key="lab_w_attack").value == "fgsm"
    assert second.number_input(key="lab_w_seed").value == 5
    assert verdict(second) == verdict(first)


@pytest.mark.usefixtures("classifier")
@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_runs(open_lab: Open, name: str) -> None:
    page = open_lab(**START)
    page.pills(key="lab_w_preset").set_value(name).run()
    assert not page.exception
    assert not page.error
    assert PRESETS[name].lesson in [caption.value for caption in page.caption]
    assert verdict(page)


@pytest.mark.usefixtures("classifier")
def test_an_odd_address_is_mended_and_said(open_lab: Open) -> None:
    page = open_lab(epsilon="999", classifier="<b>", index="x", defense="bit_depth", foo="1")
    (warning,) = page.warning
    for said in ("is above 0.5", "not one of the choices", "is no number", "`foo`"):
        assert said in warning.value
    assert verdict(page)
    page.slider(key="lab_w_pgd_epsilon").set_value(0.1).run()
    assert not page.warning


@pytest.mark.usefixtures("classifier")
def test_another_class_and_another_image(open_lab: Open) -> None:
    page = open_lab(**START)
    page.selectbox(key="lab_w_class").select(4).run()
    assert page.query_params["index"] == "4"
    page.pills(key="lab_w_thumb").set_value(24).run()
    assert page.query_params["index"] == "24"
    page.button(key="lab_surprise").click().run()
    assert not page.exception
    assert verdict(page)


@pytest.mark.usefixtures("classifier")
def test_the_budget_is_off_for_an_attack_that_has_none(open_lab: Open) -> None:
    page = open_lab(**START)
    page.selectbox(key="lab_w_attack").select("deepfool").run()
    assert page.slider(key="lab_w_no_epsilon").disabled
    assert any("looks for the smallest change" in caption.value for caption in page.caption)
    assert "Euclidean size" in verdict(page)


@pytest.mark.usefixtures("classifier")
def test_without_a_defense_there_is_nothing_to_know(open_lab: Open) -> None:
    page = open_lab(**START)
    page.selectbox(key="lab_w_defense").select("none").run()
    assert page.segmented_control(key="lab_w_threat").disabled
    assert not any("Purified picture" in html.value for html in page.html)


@pytest.mark.usefixtures("classifier")
def test_the_smallest_epsilon_is_found_and_used(open_lab: Open) -> None:
    page = open_lab(**(START | {"section": "smallest", "attack": "fgsm"}))
    page.button(key="lab_smallest").click().run()
    for _ in range(100):
        if page.metric:
            break
        page.run()
    found = page.metric[0].value
    page.button(key="lab_use_Bare classifier").click().run()
    assert page.slider(key="lab_w_fgsm_epsilon").value == float(found)
    assert "The attack turned" in verdict(page)


@pytest.mark.usefixtures("classifier")
def test_everything_can_be_taken_away(open_lab: Open) -> None:
    page = open_lab(**(START | {"section": "export"}))
    link, snippet = (code.value for code in page.code)
    assert "epsilon=0.15" in link
    assert "from core import ATTACKS" in snippet
    assert len(page.get("download_button")) == 2


def as_png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


@pytest.mark.usefixtures("classifier")
def test_an_uploaded_picture_is_attacked_and_stays_out_of_the_link(open_lab: Open) -> None:
    page = open_lab(**START)
    page.segmented_control(key="lab_w_source").set_value("upload").run()
    assert any("Until there is a picture" in caption.value for caption in page.caption)
    paper = Image.new("L", (60, 60), 255)
    paper.paste(0, (28, 10, 34, 50))
    page.file_uploader(key="lab_upload").upload("one.png", as_png(paper)).run()
    assert page.query_params["picture"] == "own"
    captions = " ".join(caption.value for caption in page.caption)
    assert "link does not carry it" in captions
    assert "Nobody has labelled your picture" in captions
    page.selectbox(key="lab_w_label").select(1).run()
    assert verdict(page)


@pytest.mark.usefixtures("classifier")
@pytest.mark.parametrize(
    ("name", "content"),
    [("text.png", b"this is no picture"), ("cut.png", as_png(Image.new("L", (9, 9), 7))[:40])],
)
def test_a_bad_upload_is_said_and_the_rest_goes_on(
    open_lab: Open, name: str, content: bytes
) -> None:
    page = open_lab(**START)
    page.segmented_control(key="lab_w_source").set_value("upload").run()
    page.file_uploader(key="lab_upload").upload(name, content).run()
    assert len(page.error) == 1
    assert verdict(page)


@pytest.mark.usefixtures("classifier")
def test_a_link_made_with_a_picture_of_ones_own_says_what_is_missing(open_lab: Open) -> None:
    page = open_lab(**(START | {"picture": "own"}))
    assert any("does not carry" in info.value for info in page.info)
    assert verdict(page)


def test_damaged_weights_are_said_with_the_command_that_mends_them(open_lab: Open) -> None:
    page = open_lab(**START)
    (error,) = page.error
    assert "git checkout checkpoints/" in error.value
    assert page.selectbox(key="lab_w_attack").value == "pgd"


def test_without_models_the_page_says_how_to_get_them(open_lab: Open, folder: Path) -> None:
    (folder / "manifest.json").unlink()
    page = open_lab()
    (error,) = page.error
    assert "python -m core train a --dataset mnist" in error.value
