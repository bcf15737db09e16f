"""Data sets: one table, three splits each, images as float32 (n, c, h, w) in [0, 1].

A data set lies in the data folder (``LQVAE_DATA``, else ``data/``) in torchvision's own layout or
as ``<name>.npz``; the npz form wins. ``train`` and ``validation`` share the training file
without overlap, ``test`` is the official one; no shipped model is trained on ``validation``.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from core.data import fetch, npz, reading
from core.data.base import SPLITS, Dataset, DatasetState, data_folder
from core.data.celeba import CELEBA
from core.data.cifar10 import CIFAR10
from core.data.coil100 import COIL100
from core.data.fashion_mnist import FASHION_MNIST
from core.data.mnist import MNIST
from core.data.svhn import SVHN
from core.types import LabError, OnStep

__all__ = [
    "DATASETS",
    "SPLITS",
    "Dataset",
    "DatasetState",
    "UnknownDatasetError",
    "available_datasets",
    "check_dataset",
    "data_folder",
    "dataset_state",
    "fetch_dataset",
    "get_dataset",
    "load_bytes",
    "load_dataset",
    "misnamed_files",
]

DATASETS: Mapping[str, Dataset] = {
    "mnist": MNIST,
    "fashion_mnist": FASHION_MNIST,
    "cifar10": CIFAR10,
    "celeba": CELEBA,
    "svhn": SVHN,
    "coil100": COIL100,
}


class UnknownDatasetError(LabError, ValueError):
    """No data set has this name."""


def available_datasets() -> dict[str, Dataset]:
    """The table, and a row for every npz file of one's own in the data folder."""
    own = npz.own_datasets(data_folder())
    return {**DATASETS, **{name: row for name, row in own.items() if name not in DATASETS}}


def misnamed_files() -> tuple[str, ...]:
    """Npz files in the data folder that need a name of lower-case letters, digits and _."""
    return npz.misnamed_files(data_folder())


def get_dataset(name: str) -> Dataset:
    """The row of a data set.

    Raises:
        UnknownDatasetError: No data set has this name; lists those there are.
    """
    if name in DATASETS:
        return DATASETS[name]
    rows = available_datasets()
    if name not in rows:
        raise UnknownDatasetError(f"unknown data set {name!r}; choose from {', '.join(rows)}")
    return rows[name]


def load_dataset(
    name: str, split: str = "validation", *, count: int | None = None
) -> tuple[Tensor, Tensor]:
    """Read one split.

    ``validation`` comes in the order first of class 0, first of class 1, ..., second of class
    0, ..., the same on every machine; ``train`` and ``test`` in the order of their files.

    Args:
        name: A data set of the table, or an npz file's name.
        split: "train", "validation" or "test".
        count: At most this many images from the start; None for all.

    Returns:
        Images, float32 (n, c, h, w) in [0, 1], and labels, int64 (n,). They are the caller's
        own and may be changed.

    Raises:
        LabError: The images are missing or damaged; says what to put where.
        ValueError: The split or the count is not one.
    """
    pixels, labels = load_bytes(name, split, count=count)
    return pixels.float().div_(255), labels


def load_bytes(
    name: str, split: str = "validation", *, count: int | None = None
) -> tuple[Tensor, Tensor]:
    """Read one split as ``load_dataset`` does, but leave the images as bytes, a quarter as large.

    Returns:
        Images, uint8 (n, c, h, w), 0 to 255, and labels, int64 (n,).

    Raises:
        LabError: The images are missing or damaged; says what to put where.
        ValueError: The split or the count is not one.
    """
    if split not in SPLITS:
        raise ValueError(f"unknown split {split!r}; choose from {', '.join(SPLITS)}")
    if count is not None and count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    images = reading.load(get_dataset(name), split, data_folder(), count)
    pixels = np.ascontiguousarray(images.pixels.transpose(0, 3, 1, 2))  # (n, c, h, w)
    return torch.from_numpy(pixels), torch.from_numpy(images.labels)


def dataset_state(name: str) -> DatasetState:
    """What of a data set can be read here; quick, from names, sizes, headers and labels."""
    return reading.state(get_dataset(name), data_folder())


def check_dataset(name: str) -> tuple[str, ...]:
    """Read every byte and compare checksums where there are any; one sentence a problem."""
    return reading.check(get_dataset(name), data_folder())


def fetch_dataset(name: str, on_step: OnStep | None = None) -> DatasetState:
    """Download a data set into the data folder, unless it is there and sound.

    Args:
        name: A data set of the table.
        on_step: Receives the bytes downloaded so far; may raise ``Cancelled``.

    Raises:
        LabError: There is no network, the download is damaged or the folder cannot be written;
            says what to put where by hand.
    """
    return fetch.fetch(get_dataset(name), data_folder(), on_step)
