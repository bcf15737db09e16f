"""The bit-flip page as a visitor uses it, with a tiny LQ-VAE that nobody trained."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest
from torch import Tensor

from app import cache
from core.analysis.attacked import Attacked
from core.analysis.attacked_file import keep_attacked
from core.analysis.attacked_spec import AttackedSpec
from core.analysis.attacking import make_attacked
from core.analysis.epsilon_sweep import make_sweep
from core.analysis.importance import bit_importance, store_importance
from core.analysis.storage import shipped_folder
from core.analysis.sweep_file import keep_sweep
from core.data import load_dataset
from core.defenses import BitDepth, LqVaePurifier
from core.models.lq_vae import LqVae
from core.types import Classifier, Purifier
from tests.fakes import manifest_row
from tests.server import ROOT

Open = Callable[..., AppTest]
Parts = tuple[Classifier, Purifier, Tensor, Tensor]
SPEC = AttackedSpec(
    dataset="mnist",
    classifier="a",
    defense="lq_vae",
    attack="fgsm",
    parameters=(("epsilon", 0.3),),
    n=20,
)
RUN = {"attack": "fgsm", "epsilon": "0.3", "n": "20"}
SHARES = dict.fromkeys(("share_below_6", "first_bar_share", "accuracy"), 0.9)
SIZES = dict.fromkeys(("n", "bits", "mean_l2", "mean_flips"), 64)
CAUSE = {"group": "Latent noise", "setting": "on", "first_bar_accuracy": 0.97, **SHARES, **SIZES}


@pytest.fixture(scope="module")
def validation() -> tuple[Tensor, Tensor]:
    return load_dataset("mnist", "validation")


@pytest.fixture(scope="module")
def classifier(validation: tuple[Tensor, Tensor]) -> Classifier:
    """The nearest mean picture."""
    images, labels = validation
    means = torch.stack([images[labels == digit].flatten(1).mean(0) for digit in range(10)])

    def nearest(pictures: Tensor) -> Tensor:
        return pictures.flatten(1) @ means.T - means.square().sum(1) / 2

    return nearest


@pytest.fixture(scope="module")
def purifier() -> LqVaePurifier:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = LqVae(latent_size=16, widths=(2, 3), hidden=12).eval().requires_grad_(False)
    return LqVaePurifier(model)


@pytest.fixture
def places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, classifier: Classifier, purifier: Purifier
) -> None:
    """Empty folders, a manifest that names both models, and the models themselves."""
    for name in ("LQVAE_CHECKPOINTS", "LQVAE_DATA", "LQVAE_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("LQVAE_DEVICE", "cpu")
    folder = tmp_path / "lqvae_checkpoints"
    folder.mkdir()
    row = manifest_row("a", "a", b"no weights")
    row["training"]["recipe"]["objective"] = "classifier"
    rows = [row, manifest_row("lq_vae", "lq_vae", b"none either")]
    (folder / "manifest.json").write_text(json.dumps({"checkpoints": rows}))
    monkeypatch.setattr(cache, "classifier", lambda dataset, name: classifier)
    monkeypatch.setattr(
        cache,
        "purifier",
        lambda dataset, name: BitDepth(bits=1) if name == "bit_depth" else purifier,
    )


@pytest.fixture(scope="module")
def parts(validation: tuple[Tensor, Tensor], classifier: Classifier, purifier: Purifier) -> Parts:
    """What a run is made from."""
    images, labels = validation
    return classifier, purifier, images[: SPEC.n], labels[: SPEC.n]


@pytest.fixture
def attacked(places: None, parts: Parts) -> Attacked:
    """The finished run, in the cache."""
    made = make_attacked(SPEC, *parts)
    keep_attacked(made)
    return made


@pytest.fixture
def open_page(places: None) -> Iterator[Open]:
    st.cache_resource.clear()

    def open_page(**params: str) -> AppTest:
        page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
        page.switch_page("../pages/bit_flips.py")
        for name, value in params.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    yield open_page
    st.cache_resource.clear()


def words(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error]
    return " ".join(part.value for part in parts).replace("\u00a0", " ")


def chart(page: AppTest, place: int = 0) -> str:
    alt: str = page.get("plotly_chart")[place].proto.alt
    return alt


def test_it_opens_with_the_histogram_and_the_claim(open_page: Open, attacked: Attacked) -> None:
    page = open_page(**RUN)
    assert f"**{attacked.flips.mean():.1f} of 16 bits**" in words(page)
    assert "Histogram of flipped bits" in chart(page)
    assert len(page.table) == 2
    assert "This attack has not been measured at other strengths" in words(page)
    assert not page.error


@pytest.mark.usefixtures("places")
def test_nothing_heavy_begins_unasked(open_page: Open) -> None:
    page = open_page(**RUN)
    assert "has not been made here yet" in words(page)
    assert not page.get("plotly_chart")


@pytest.mark.usefixtures("attacked")
def test_the_bins_of_the_slide_are_a_switch(open_page: Open) -> None:
    page = open_page(**RUN)
    page.segmented_control(key="flips_w_bins").set_value("slide").run()
    assert page.query_params["bins"] == "slide"
    spec = json.loads(page.get("plotly_chart")[0].proto.spec)
    assert spec["layout"]["xaxis"]["ticktext"][0] == "0–2<br>(0)"


def test_chosen_numbers_restrict_the_images(open_page: Open, attacked: Attacked) -> None:
    page = open_page(**RUN)
    most = int(attacked.flips.max())
    page.slider(key="flips_w_brush").set_value((0, most - 1)).run()
    count = int((attacked.flips < most).sum())
    assert f"**{count} of 20 images** chosen" in words(page)
    assert page.query_params["to"] == str(most - 1)
    page.button(key="flips_show_all").click().run()
    assert "images** chosen" not in words(page)
    assert "to" not in page.query_params
    assert page.slider(key="flips_w_brush").value == (0, most)


def test_the_curve_and_the_histogram_are_linked(
    open_page: Open, attacked: Attacked, parts: Parts
) -> None:
    keep_sweep(make_sweep(SPEC, *parts))
    page = open_page(**RUN)
    assert "Accuracy and flipped bits over the strength" in chart(page, 1)
    whole = chart(page)
    page.selectbox(key="flips_w_strength").select(0).run()
    assert page.query_params["strength"] == "0"
    assert "0 bits (0.0 %): 100.0% of images" in chart(page)
    page.selectbox(key="flips_w_strength").select(-1).run()
    assert chart(page) == whole
    assert "strength" not in page.query_params
    flips = int(attacked.flips.max())
    chosen = open_page(**RUN, **{"from": str(flips), "to": str(flips)})
    count = int((attacked.flips == flips).sum())
    assert f"the {count} chosen of 20 images" in words(chosen)


def test_one_image_shows_what_its_flipped_code_becomes(open_page: Open, attacked: Attacked) -> None:
    page = open_page(**RUN, section="image", image="3", flipped="0.5", bit="5")
    tiles = " ".join(html.value for html in page.html)
    for title in ("Original", "Adversarial", "Your code"):
        assert f"{title} picture, classified as" in tiles
    assert f"The attack flipped {attacked.flips[3]} of 16 bits" in words(page)
    assert "**Bit 5** is +1 in" in words(page)
    page.button(key="flips_reset").click().run()
    assert "flipped" not in page.query_params
    page.button(key="flips_marked").click().run()
    marked = np.flatnonzero(attacked.bits["clean"][3] != attacked.bits["adversarial"][3])  # type: ignore[index]
    assert page.query_params.get("flipped", "") == ".".join(map(str, marked))


@pytest.mark.usefixtures("attacked")
def test_which_bits_matter_is_shown_once_it_is_stored(open_page: Open, parts: Parts) -> None:
    page = open_page(**RUN, section="image")
    assert "has not been measured for this defense" in words(page)
    store_importance(bit_importance(*parts), SPEC)
    page = open_page(**RUN, section="image")
    assert "Accuracy lost per bit" in chart(page, 1)


@pytest.mark.usefixtures("attacked")
def test_bits_and_images_of_another_code_are_named(open_page: Open) -> None:
    page = open_page(**RUN, section="image", flipped="1.99", image="800")
    assert "there is no bit 99" in words(page)
    assert "above 19" in words(page)
    assert not page.exception


@pytest.mark.usefixtures("attacked")
def test_the_bits_can_be_sorted(open_page: Open) -> None:
    page = open_page(**RUN, section="use")
    assert "bits are dead" in chart(page, 1)
    assert "nearest wall" in chart(page, 2)
    page.segmented_control(key="flips_w_order").set_value("entropy").run()
    assert page.query_params["order"] == "entropy"


@pytest.mark.usefixtures("attacked")
def test_the_causes_come_from_their_file(open_page: Open) -> None:
    assert "not stored here yet" in words(open_page(**RUN, section="why"))
    shipped_folder().mkdir(parents=True)
    file = shipped_folder() / "causes.json"
    file.write_text(json.dumps({"causes": [CAUSE]}))
    page = open_page(**RUN, section="why")
    assert "**Latent noise**" in words(page)
    assert "97.0%" in page.table[2].value.to_string()
    file.write_text('{"causes": [{}]}')
    assert "causes.json is missing or damaged" in words(open_page(**RUN, section="why"))


@pytest.mark.usefixtures("places")
def test_a_defense_without_a_code_is_told_so(open_page: Open, parts: Parts) -> None:
    spec = AttackedSpec(**{**SPEC.as_dict(), "defense": "bit_depth", "parameters": SPEC.parameters})
    classifier, _, images, labels = parts
    keep_attacked(make_attacked(spec, classifier, BitDepth(bits=1), images, labels))
    page = open_page(**RUN, defense="bit_depth")
    assert "This defense has no code" in words(page)
    assert not page.get("plotly_chart")


@pytest.mark.usefixtures("attacked")
def test_a_strength_that_was_not_measured_is_let_go_of(open_page: Open) -> None:
    page = open_page(**RUN, strength="3")
    assert "is not measured here" in words(page)
    assert "Histogram of flipped bits" in chart(page)
