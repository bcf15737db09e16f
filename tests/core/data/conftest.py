"""Data folders for the tests: an empty one, the real one, and tiny data sets to put there."""

import gzip
import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core import data
from core.data.base import Dataset
from core.data.idx import IdxFolder

ADDRESS = "https://mirror.invalid/"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder that the environment names."""
    monkeypatch.setenv("LQVAE_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def real_folder() -> Path:
    """The folder of the complete real data."""
    named = os.environ.get("LQVAE_DATA", "")
    if not (Path(named) / "MNIST" / "raw" / "train-images-idx3-ubyte").is_file():
        pytest.skip("LQVAE_DATA names no folder with the complete MNIST")
    return Path(named)


@pytest.fixture
def arrays() -> dict[str, NDArray[Any]]:
    """40 training images of 4 classes, 10 each, and 8 test images; 6 x 5 grey pixels."""
    generator = np.random.default_rng(0)
    return {
        "x_train": generator.integers(0, 256, (40, 6, 5), dtype=np.uint8),
        "y_train": np.arange(40) * 7 % 4,
        "x_test": generator.integers(0, 256, (8, 6, 5), dtype=np.uint8),
        "y_test": np.arange(8) % 4,
    }


def idx_bytes(array: NDArray[Any]) -> bytes:
    """An idx file of unsigned bytes."""
    header = np.asarray([0x800 + array.ndim, *array.shape], dtype=">i4")
    return header.tobytes() + array.astype(np.uint8).tobytes()


@pytest.fixture
def idx_files() -> dict[str, bytes]:
    """The four unpacked files of a tiny data set in MNIST's format: 40 and 8 images of 28 x 28."""
    generator = np.random.default_rng(1)
    files = {}
    for part, n in (("train", 40), ("t10k", 8)):
        pixels = generator.integers(0, 256, (n, 28, 28))
        files[f"{part}-images-idx3-ubyte"] = idx_bytes(pixels)
        files[f"{part}-labels-idx1-ubyte"] = idx_bytes(np.arange(n) % 4)
    return files


@pytest.fixture
def packed(idx_files: dict[str, bytes]) -> dict[str, bytes]:
    """The same files packed, by the name they are downloaded under."""
    return {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in idx_files.items()}


@pytest.fixture
def tiny(
    idx_files: dict[str, bytes], packed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> str:
    """The name of a data set in the table made of ``idx_files``, which also can be fetched."""
    from torchvision import datasets

    row = Dataset(
        name="tiny",
        title="Tiny",
        classes=tuple("0123"),
        image_shape=(1, 28, 28),
        licence="none",
        source="random numbers",
        folder=IdxFolder(
            class_name="MNIST",
            archive_bytes=sum(len(content) for content in packed.values()),
            sha256={name: hashlib.sha256(b).hexdigest() for name, b in idx_files.items()},
            trains=40,
            tests=8,
        ),
    )
    resources = [(name, hashlib.md5(content).hexdigest()) for name, content in packed.items()]
    monkeypatch.setattr(datasets.MNIST, "resources", resources)
    monkeypatch.setattr(datasets.MNIST, "mirrors", [ADDRESS, ADDRESS.replace("mirror", "second")])
    monkeypatch.setattr(data, "DATASETS", {**data.DATASETS, "tiny": row})
    return "tiny"


@pytest.fixture
def placed(folder: Path, tiny: str, idx_files: dict[str, bytes]) -> Path:
    """The tiny data set written as torchvision lays it out; the folder of its four files."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, content in idx_files.items():
        (raw / name).write_bytes(content)
    return raw
