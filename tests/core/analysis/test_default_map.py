"""The picture that ships: made from a stored run, found again, not made twice."""

from pathlib import Path

import numpy as np
import pytest

from core.analysis.attacked_file import keep_attacked
from core.analysis.default_map import (
    MAP_SPEC,
    default_map_file,
    stacked_latents,
    store_default_map,
)
from core.analysis.projection_file import find_projection
from core.defenses import BitDepth
from core.types import LabError
from tests.core.analysis import tiny_run


@pytest.fixture(autouse=True)
def folders(checkpoint_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LQVAE_CACHE", str(tmp_path / "cache"))
    tiny_run.name_checkpoints()


def test_kinds_lie_one_below_the_other() -> None:
    run = tiny_run.attacked()
    assert run.latents is not None
    stacked = stacked_latents(run, ("adversarial", "clean"))
    np.testing.assert_array_equal(stacked[: tiny_run.N], run.latents["adversarial"])
    np.testing.assert_array_equal(stacked[tiny_run.N :], run.latents["clean"])


def test_without_a_code_there_is_nothing_to_draw() -> None:
    with pytest.raises(LabError, match="has no code"):
        stacked_latents(tiny_run.attacked(BitDepth(bits=1)), ("clean",))


def test_the_run_comes_first() -> None:
    with pytest.raises(LabError, match="python -m core latent_lab attacked"):
        store_default_map(tiny_run.SPEC)


def test_the_picture_is_stored_once_and_found_by_its_points() -> None:
    run = tiny_run.attacked()
    keep_attacked(run)
    assert "120 points" in store_default_map(tiny_run.SPEC)
    points = stacked_latents(run, ("clean", "adversarial", "purified"))
    found = find_projection(points, MAP_SPEC)
    assert found is not None
    assert found.coordinates.shape == (120, 2)
    written = default_map_file().stat().st_mtime_ns
    assert "already" in store_default_map(tiny_run.SPEC)
    assert default_map_file().stat().st_mtime_ns == written


def test_another_run_replaces_the_picture() -> None:
    keep_attacked(tiny_run.attacked())
    store_default_map(tiny_run.SPEC)
    tiny_run.name_checkpoints("2")
    other = tiny_run.attacked(tiny_run.purifier(quantizer="sign"))
    keep_attacked(other)
    assert "points in" in store_default_map(tiny_run.SPEC)
    points = stacked_latents(other, ("clean", "adversarial", "purified"))
    assert find_projection(points, MAP_SPEC) is not None
