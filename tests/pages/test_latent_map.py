"""The latent map as a visitor uses it, with a classifier and a purifier made in a moment."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app import cache
from app.runs import attacked
from core.data import load_dataset
from core.types import Step
from tests.pages.tiny_lab import use_tiny_lab
from tests.server import ROOT

Open = Callable[..., AppTest]
RUN = {"attack": "fgsm", "epsilon": "0.3", "n": "40"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint folder that names a classifier and an LQ-VAE; both are made in a moment."""
    use_tiny_lab(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture
def open_map(folder: Path) -> Iterator[Open]:
    def open_map(**params: str) -> AppTest:
        page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
        page.switch_page("../pages/latent_map.py")
        for name, value in params.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    yield open_map
    st.cache_resource.clear()


@pytest.fixture
def made_map(open_map: Open) -> Open:
    """Opens the map and makes its run, as a visitor would."""

    def made_map(**params: str) -> AppTest:
        page = open_map(**(RUN | params))
        page.button(key="run_here").click().run()
        for _ in range(100):
            if not page.get("progress"):
                return page
            time.sleep(0.1)
            page.run()
        raise AssertionError("the run did not end")

    return made_map


def words(page: AppTest) -> str:
    kinds = (page.markdown, page.caption, page.info, page.warning, page.error)
    return " ".join(element.value for elements in kinds for element in elements)


def select(page: AppTest, *images: int) -> AppTest:
    """What the browser sends when points are clicked."""
    page.text_input(key="map_w_chosen").set_value(", ".join(map(str, images)))
    return page.run()


def triplets(page: AppTest) -> list[str]:
    return [html.value for html in page.html if "data-image" in html.value]


def test_nothing_is_made_before_the_button_is_pressed(open_map: Open, folder: Path) -> None:
    page = open_map(**RUN)
    assert "has not been made here yet" in words(page)
    assert "by estimate" in words(page)
    page.selectbox(key="map_w_attack").select("pgd").run()
    page.slider(key="map_w_n").set_value(60).run()
    assert page.query_params["attack"] == "fgsm"
    assert "differ from what is shown" in words(page)
    assert not (folder / "cache" / "attacked").exists()


def test_the_button_runs_what_the_menus_say(made_map: Open) -> None:
    page = made_map(view="axes")
    page.slider(key="map_w_fgsm_epsilon").set_value(0.1).run()
    assert page.query_params["epsilon"] == "0.3"
    page.button(key="map_run").click().run()
    assert page.query_params["epsilon"] == "0.1"


def test_raw_axes_show_the_walls_and_the_shares(made_map: Open) -> None:
    page = made_map(view="axes", x="3", y="5")
    assert "the quantizer's own walls" in words(page)
    charts = page.get("plotly_chart")
    assert "latents 3 and 5" in charts[0].proto.alt
    assert "quantizer's walls" in charts[0].proto.spec
    assert {metric.label for metric in page.metric} == {
        "In one cell of these two axes",
        "With the same code",
    }
    assert "40 pairs" in words(page)


def test_a_pca_has_a_grid_that_says_what_it_is_and_a_trust_figure(made_map: Open) -> None:
    page = made_map(view="pca")
    assert "a grid on the picture: not the quantizer's walls" in words(page)
    labels = [metric.label for metric in page.metric]
    assert labels == [
        "In one cell of the picture's grid",
        "With the same code",
        "Neighbours kept by the picture",
    ]
    before = page.metric[0].value
    page.slider(key="map_w_cells").set_value(2).run()
    assert page.metric[0].value != before
    assert page.query_params["cells"] == "2"


def test_a_heavy_picture_waits_for_its_button(made_map: Open) -> None:
    page = made_map(perplexity="5")
    assert "has not been drawn here yet" in words(page)
    assert page.button(key="map_draw").label == "Draw the map"
    assert not page.get("progress")
    assert not page.get("plotly_chart")


def test_a_cancelled_run_says_so_and_can_be_begun_again(
    open_map: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(*arguments: Any) -> None:  # noqa: ANN401 - those of ``make_attacked``
        while True:
            arguments[-1](Step(1, 1000))
            time.sleep(0.01)

    monkeypatch.setattr(attacked, "make_attacked", endless)
    page = open_map(**RUN)
    page.button(key="run_here").click().run()
    (cancel,) = [button for button in page.button if button.label == "Cancel"]
    cancel.click().run()
    for _ in range(100):
        if "cancelled" in words(page):
            break
        time.sleep(0.1)
        page.run()
    assert "Attacking 40 images: cancelled." in words(page)
    assert page.button(key="again_attacked").label == "Try again"


@pytest.mark.parametrize("color", ["prediction", "outcome", "flips", "kind"])
def test_every_colour_is_drawn(made_map: Open, color: str) -> None:
    page = made_map(view="axes", color=color)
    assert not page.error
    page.selectbox(key="map_w_color").select("class").run()
    assert "color" not in page.query_params


def test_chosen_images_show_their_triplets_and_stay_in_the_address(made_map: Open) -> None:
    page = select(made_map(view="axes"), 7, 3)
    assert [f"Image {image}" in html for image, html in zip((3, 7), triplets(page), strict=True)]
    assert page.query_params["chosen"] == "3-7"
    assert len(page.dataframe) == 1
    page.selectbox(key="map_w_color").select("outcome").run()
    assert len(triplets(page)) == 2
    page.button(key="map_clear").click().run()
    assert not triplets(page)
    assert "chosen" not in page.query_params


def test_points_of_the_map_can_be_chosen(made_map: Open) -> None:
    chart = made_map(view="axes").get("plotly_chart")[0]
    assert len(chart.proto.selection_mode) == 3
    named = [trace for trace in json.loads(chart.proto.spec)["data"] if "customdata" in trace]
    assert {trace["name"] for trace in named} == {"Original", "Adversarial", "Purified"}


def test_many_chosen_images_are_shown_a_page_at_a_time(made_map: Open) -> None:
    page = select(made_map(view="axes"), *range(20))
    assert len(triplets(page)) == 12
    page.session_state["map_page"] = 2
    page.run()
    assert len(triplets(page)) == 8


def test_vanished_images_are_named(made_map: Open) -> None:
    page = made_map(view="axes", chosen="3-4711")
    assert "Image 4711 is not among the 40 images of this run" in words(page)
    assert len(triplets(page)) == 1


def test_axes_that_are_not_there_are_said(made_map: Open) -> None:
    page = made_map(view="axes", x="8")
    (error,) = page.error
    assert "no latent axis 8" in error.value
    page.number_input(key="map_w_x").set_value(2).run()
    assert not page.error


def test_too_few_points_for_the_perplexity_are_said(made_map: Open) -> None:
    page = made_map(n="10", perplexity="30", purified="0")
    (error,) = page.error
    assert "perplexity of 30 needs more than 90 points; there are 20" in error.value


def test_one_class_only_is_drawn(made_map: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = load_dataset("mnist", "validation")
    ones = (images[labels == 1], labels[labels == 1])
    monkeypatch.setattr(cache, "validation", lambda dataset: ones)
    page = made_map(view="pca")
    assert not page.error
    assert page.metric


def test_a_defense_without_a_code_is_said(made_map: Open) -> None:
    page = made_map(view="pca", defense="bit_depth")
    (error,) = page.error
    assert "no latent space that could be drawn" in error.value


def test_the_shuffled_control_is_drawn_beside_the_map(made_map: Open) -> None:
    page = made_map(view="pca")
    page.segmented_control(key="map_w_compare").set_value("shuffled").run()
    alts = [chart.proto.alt for chart in page.get("plotly_chart")]
    assert any("Shuffled" in alt for alt in alts)
    assert sum("10 nearest neighbours" in caption.value for caption in page.caption) == 2
    assert page.query_params["compare"] == "shuffled"


def test_an_odd_address_is_mended_and_said(made_map: Open) -> None:
    page = made_map(view="<b>", cells="0", chosen="x", foo="1")
    (warning,) = page.warning
    for said in ("not one of the choices", "is below 2", "no list of image numbers", "`foo`"):
        assert said in warning.value


def test_the_address_opens_the_same_state_again(made_map: Open, open_map: Open) -> None:
    first = select(made_map(view="pca", cells="9", color="outcome"), 5)
    params = {name: str(value) for name, value in first.query_params.items()}
    second = open_map(**params)
    assert len(triplets(second)) == 1
    assert second.slider(key="map_w_cells").value == 9
    assert [metric.value for metric in second.metric] == [metric.value for metric in first.metric]
