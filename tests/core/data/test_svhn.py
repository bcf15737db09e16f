"""SVHN from tiny files in Matlab's format: splits, the digit 0, and what is damaged."""

from pathlib import Path

import pytest
import torch

from core.data import check_dataset, dataset_state, load_dataset
from core.types import LabError
from tests.core.data.tiny_svhn import write_svhn


@pytest.fixture
def placed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny SVHN in the data folder, and torchvision told its checksums."""
    write_svhn(folder, monkeypatch)
    return folder


def test_splits_follow_the_rule_of_every_data_set(placed: Path) -> None:
    state = dataset_state("svhn")
    assert state.readable == {"train": 90, "validation": 10, "test": 20}
    assert state.source == "torchvision folder"
    assert (state.problem, state.remedy) == (None, None)
    assert check_dataset("svhn") == ()
    images, labels = load_dataset("svhn", "test")
    assert images.shape == (20, 3, 32, 32)
    assert (images[:, 0, 9, 9] * 255).round().int().tolist() == list(range(20))
    assert labels.tolist() == [*range(1, 10), 0] * 2, "10 means the digit 0"
    _, labels = load_dataset("svhn", "validation")
    assert labels.tolist() == list(range(10))


def test_a_picture_is_not_turned(placed: Path) -> None:
    images, _ = load_dataset("svhn", "test", count=1)
    green = images[0, 1]
    assert green.nonzero().tolist() == [[0, 5]], "row 0, column 5"


def test_torchvision_reads_the_same_pictures_and_labels(placed: Path) -> None:
    from torchvision import datasets

    theirs = datasets.SVHN(str(placed), split="test")
    images, labels = load_dataset("svhn", "test")
    assert torch.equal(torch.from_numpy(theirs.data).float() / 255, images)
    assert labels.tolist() == theirs.labels.tolist()


def test_a_missing_file_is_named(placed: Path) -> None:
    (placed / "test_32x32.mat").unlink()
    assert str(dataset_state("svhn").problem).endswith("test_32x32.mat is missing")
    with pytest.raises(LabError, match=r"test_32x32\.mat is missing"):
        load_dataset("svhn")


@pytest.mark.parametrize("content", [b"", b"<html>" * 50], ids=["empty", "a page"])
def test_a_file_without_labels_is_recognised(placed: Path, content: bytes) -> None:
    (placed / "train_32x32.mat").write_bytes(content)
    state = dataset_state("svhn")
    assert "train_32x32.mat is damaged: it holds no labels" in str(state.problem)
    assert state.readable == {}


def test_a_changed_file_is_refused_by_its_checksum(placed: Path) -> None:
    path = placed / "train_32x32.mat"
    path.write_bytes(path.read_bytes() + b"\0")
    (problem,) = check_dataset("svhn")
    assert "train_32x32.mat is damaged: its checksum" in problem
    with pytest.raises(LabError, match="its checksum is not that of the original"):
        load_dataset("svhn")


def test_a_missing_data_set_says_what_to_fetch(folder: Path) -> None:
    remedy = str(dataset_state("svhn").remedy)
    assert "python -m core data fetch svhn" in remedy
    assert "train_32x32.mat, test_32x32.mat" in remedy
