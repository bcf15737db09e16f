"""The defenses page as a visitor uses it, with a classifier and purifiers made in a moment."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app import cache
from core.checkpoints import CheckpointError
from core.types import Purifier
from tests.pages.tiny_lab import tiny_purifier, use_tiny_lab
from tests.server import ROOT

Open = Callable[..., AppTest]


@pytest.fixture
def open_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    use_tiny_lab(tmp_path, monkeypatch)

    def open_page(**params: str) -> AppTest:
        page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
        page.switch_page("../pages/defenses.py")
        for name, value in params.items():
            page.query_params[name] = value
        page.run()
        for _ in range(100):
            assert not page.exception
            if not page.get("progress"):
                return page
            time.sleep(0.1)
            page.run()
        raise AssertionError("the runs did not end")

    yield open_page
    st.cache_resource.clear()


def html(page: AppTest, part: str) -> list[str]:
    return [one.value for one in page.html if part in one.value]


def test_it_opens_with_all_defenses_and_the_first_run_without_asking(open_page: Open) -> None:
    page = open_page()
    (cards,) = html(page, 'class="cards"')
    for title in ("LQ-VAE", "Bit depth", "Median", "JPEG"):
        assert f"<h4>{title}</h4>" in cards
    assert "python -m core train lq_vae_plus" in cards, "what is not trained says what trains it"
    assert len(html(page, "data-image")) == 12
    (chart,) = page.get("plotly_chart")
    assert chart.proto.alt.startswith("Of 500 images:")


def test_an_outcome_filters_the_gallery(open_page: Open) -> None:
    page = open_page(outcome="not_repaired")
    shown = html(page, "data-image")
    assert shown
    assert all("fooled, not repaired" in one for one in shown)
    page.segmented_control(key="defenses_w_outcome").set_value("all").run()
    assert "outcome" not in page.query_params


def test_an_image_of_the_gallery_goes_through_every_defense(open_page: Open) -> None:
    page = open_page()
    page.button(key="defenses_pick_5").click().run()
    assert page.number_input(key="defenses_w_index").value == 5
    assert page.query_params["index"] == ["5"] or page.query_params["index"] == "5"


def test_a_damaged_defense_is_off_and_the_others_go_on(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(dataset: str, name: str) -> Purifier:
        if name == "lq_vae":
            raise CheckpointError("lq_vae is damaged; train it again")
        return tiny_purifier(name)

    monkeypatch.setattr(cache, "purifier", damaged)
    page = open_page(defense="bit_depth", attack="fgsm", epsilon="0.15", n="40")
    (cards,) = html(page, 'class="cards"')
    assert "Off: Lq_vae is damaged; train it again." in cards
    assert "<h4>Bit depth</h4>" in cards
