"""From a recipe to a checkpoint that loads and is measured, on a data set nobody ships."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.checkpoints import find_row, load_classifier
from core.data import load_dataset
from core.defenses import load_defense
from core.evaluation import Specification, evaluate
from core.shipping import train_and_ship
from core.training import RECIPES
from tests.core.data.tiny_celeba import write_celeba


@pytest.fixture
def faces(tmp_path: Path, checkpoint_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty training pictures in CelebA's layout, and recipes that take eight at a time."""
    write_celeba(tmp_path / "data")
    monkeypatch.setenv("LQVAE_DATA", str(tmp_path / "data"))
    for name in ("b", "lq_vae"):
        recipe = RECIPES["celeba", name]
        monkeypatch.setitem(RECIPES, ("celeba", name), replace(recipe, batch_size=8))


@pytest.mark.usefixtures("faces")
def test_faces_can_be_trained_on_and_measured(tmp_path: Path) -> None:
    for name in ("b", "lq_vae"):
        row = train_and_ship("celeba", name, runs=tmp_path / "runs", steps=2)
        assert row == find_row("celeba", name)
        assert row.figures["n"] == 8, "the official test partition"
    images, _ = load_dataset("celeba", "test")
    assert load_classifier("celeba", "b")(images).shape == (8, 2)
    assert load_defense("celeba", "lq_vae")(images).shape == images.shape
    cell = evaluate(
        Specification(
            dataset="celeba",
            classifier="b",
            defence="lq_vae",
            attack="fgsm",
            parameters=(("epsilon", 0.15),),
            n=8,
        )
    )
    assert cell.robust is not None
    assert cell.robust.n == 8
