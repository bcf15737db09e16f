"""The page of levels as a visitor uses it, with a ladder that nobody trained."""

import json
from collections.abc import Callable, Iterator
from functools import cache as remember
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from app import cache
from core.checkpoints import CheckpointError
from core.defenses import MlvgmPurifier
from core.models.hierarchical_vae import HierarchicalVae
from core.types import Purifier
from tests.fakes import manifest_row
from tests.pages.tiny_lab import tiny_purifier, use_tiny_lab
from tests.server import ROOT

Open = Callable[..., AppTest]
LEVEL = "hierarchy_w_level_{}"


@remember
def ladder() -> MlvgmPurifier:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = HierarchicalVae(latents=(3, 2, 2, 2, 1), widths=(4, 4, 6, 8))
        model.levels[0].get_parameter("posterior.weight").data.normal_(0, 1)
    return MlvgmPurifier(model.eval().requires_grad_(False), (0.5,) * 5)


def purifier(dataset: str, name: str) -> Purifier:
    return ladder() if name == "mlvgm" else tiny_purifier(name)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny lab with a row of a ladder; the shipped results are out of sight."""
    use_tiny_lab(tmp_path, monkeypatch)
    manifest = tmp_path / "manifest.json"
    document = json.loads(manifest.read_text())
    row = manifest_row("mlvgm", "hierarchical_vae", b"ladder")
    row["figures"]["level_nats"] = [33.0, 3.0, 3.0, 3.0, 2.0]
    document["checkpoints"].append(row)
    manifest.write_text(json.dumps(document))
    monkeypatch.setattr(cache, "purifier", purifier)
    return tmp_path


@pytest.fixture
def open_page() -> Iterator[Open]:
    cache.results().clear()

    def opened(**params: str) -> AppTest:
        page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
        page.switch_page("../pages/hierarchy.py")
        for name, value in params.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    yield opened
    cache.results().clear()


def html(page: AppTest) -> str:
    return " ".join(str(one.proto.body) for one in page.get("html"))


def words(page: AppTest) -> str:
    parts = (page.info, page.warning, page.error, page.caption, page.markdown)
    return " ".join(str(one.value) for part in parts for one in part)


def address(page: AppTest) -> dict[str, str]:
    return {name: page.query_params[name] for name in page.query_params}


def test_sliders_change_the_picture_and_the_address(lab: Path, open_page: Open) -> None:
    page = open_page()
    assert [page.slider(key=LEVEL.format(place)).value for place in range(5)] == [
        10,
        20,
        30,
        40,
        50,
    ]
    before = html(page)
    assert "Purified picture, classified as" in before
    assert before.count("drawn anew, draw") == 25
    page.slider(key=LEVEL.format(0)).set_value(100).run()
    assert not page.exception
    assert address(page)["levels"] == "100-20-30-40-50"
    assert html(page) != before


def test_a_plan_and_its_attenuation_move_all_sliders(lab: Path, open_page: Open) -> None:
    page = open_page()
    page.button_group(key="hierarchy_w_plan").set_value("cosine").run()
    assert page.slider(key=LEVEL.format(4)).value == 50
    assert page.slider(key=LEVEL.format(0)).value == 5
    page.slider(key="hierarchy_w_attenuation").set_value(100).run()
    assert page.slider(key=LEVEL.format(4)).value == 100
    assert address(page)["attenuation"] == "100"
    assert not page.exception


def test_what_is_not_measured_says_its_command(lab: Path, open_page: Open) -> None:
    said = words(open_page())
    assert "python -m core evaluate table attenuation --dataset mnist" in said
    assert "python -m core latent_lab levels --dataset mnist" in said
    assert "python -m core latent_lab schedule --dataset mnist" in said


def test_odd_links_are_told(lab: Path, open_page: Open) -> None:
    said = words(open_page(levels="1-2", temperature="0"))
    assert "`levels=1-2` has 2 numbers where there are 5 levels" in said
    assert "`temperature=0` is below 0.05" in said


def test_without_a_generator_the_page_says_how_to_get_one(
    lab: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_tiny_lab(lab, monkeypatch)
    page = open_page()
    assert "There is no generator here yet" in words(page)
    assert "python -m core train mlvgm --dataset mnist" in words(page)


def test_a_damaged_generator_is_said(
    lab: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(dataset: str, name: str) -> Purifier:
        raise CheckpointError("checkpoint mnist-mlvgm.safetensors was altered")

    monkeypatch.setattr(cache, "purifier", broken)
    assert "Checkpoint mnist-mlvgm.safetensors was altered." in words(open_page())
