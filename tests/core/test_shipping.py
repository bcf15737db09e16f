"""From a recipe to a checkpoint that loads and is measured, on a data set nobody ships."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.checkpoints import find_row, load_classifier
from core.data import load_dataset
from core.defenses import load_defense
from core.evaluation import Specification, evaluate
from core.evaluation.selected import Selected
from core.selective import load_selective
from core.shipping import train_and_ship
from core.training import RECIPES
from tests.core.data.tiny_celeba import write_celeba
from tests.core.data.tiny_coil100 import write_coil100
from tests.core.data.tiny_svhn import write_svhn


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
            defense="lq_vae",
            attack="fgsm",
            parameters=(("epsilon", 0.15),),
            n=8,
        )
    )
    assert cell.robust is not None
    assert cell.robust.n == 8


@pytest.fixture
def tiny_sets(tmp_path: Path, checkpoint_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SVHN, and three objects of COIL-100; recipes that take eight pictures at a time."""
    folder = tmp_path / "data"
    folder.mkdir()
    write_svhn(folder, monkeypatch)
    monkeypatch.setattr("core.data.coil100.OBJECTS", 3)
    write_coil100(folder, 3)
    monkeypatch.setenv("LQVAE_DATA", str(folder))
    for key in (("svhn", "gm_vae"), ("svhn", "gm_vae_semi"), ("coil100", "gm_vae")):
        labels = min(4, RECIPES[key].labels_per_class)
        recipe = replace(RECIPES[key], batch_size=8, labels_per_class=labels)
        monkeypatch.setitem(RECIPES, key, recipe)


@pytest.mark.usefixtures("tiny_sets")
@pytest.mark.parametrize(
    ("dataset", "name", "n", "latents"),
    [
        ("svhn", "gm_vae", 20, 32),
        ("svhn", "gm_vae_semi", 20, 32),
        ("coil100", "gm_vae", 54, 100),
    ],
)
def test_mixtures_can_be_trained_on_what_is_not_here(
    tmp_path: Path, dataset: str, name: str, n: int, latents: int
) -> None:
    row = train_and_ship(dataset, name, runs=tmp_path / "runs", steps=2)
    selected = Selected.from_dict(row.figures["selected"])
    assert (row.figures["split"], selected.n) == ("test", n)
    classifier = load_selective(dataset, name)
    assert classifier.model.latent_size == latents
    images, _ = load_dataset(dataset, "test", count=4)
    assert classifier(images).accepted.shape == (4,)
