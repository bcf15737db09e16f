"""``<name>.npz``: a data set of one's own, or another form of a known one.

It holds ``x_train, y_train, x_test, y_test``: images as uint8 (n, h, w) or (n, h, w, c) with one
or three channels, labels as integers from 0. Nothing in the file is trusted: names, shapes,
types and sizes are read from the headers before any array is, and no pickle is ever loaded.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.data.base import (
    Bytes,
    Dataset,
    Files,
    Labelled,
    Rows,
    Stamp,
    split_counts,
    stamp_of,
)
from core.data.npz_header import Header, opened, refusal
from core.types import LabError

NAME = re.compile(r"[a-z0-9_]+")
MAX_CLASSES = 1000


@dataclass(frozen=True, eq=False)
class Contents:
    """What the headers and the labels say.

    Attributes:
        image_shape: (c, h, w).
        train_labels: (n,).
        test_labels: (n,).
    """

    image_shape: tuple[int, int, int]
    train_labels: Rows
    test_labels: Rows

    @property
    def class_count(self) -> int:
        """Largest label + 1."""
        return int(max(self.train_labels.max(), self.test_labels.max())) + 1


@dataclass(frozen=True, kw_only=True)
class NpzSource:
    """One npz file in the data folder.

    Attributes:
        name: The data set's name, and the file's before ``.npz``.
        image_shape: What the images must be, (c, h, w); None if anything goes.
        class_count: How many classes there are; None if anything goes.
        validation_per_class: As in ``Dataset``.
    """

    name: str
    image_shape: tuple[int, int, int] | None = None
    class_count: int | None = None
    validation_per_class: int | None = None

    @property
    def title(self) -> str:
        """The file's name."""
        return f"{self.name}.npz"

    def present(self, folder: Path) -> bool:
        """Whether the file is there."""
        return (folder / self.title).is_file()

    def stamp(self, folder: Path) -> Stamp:
        """Name, size and time of the file."""
        return stamp_of([folder / self.title])

    def problem(self, folder: Path) -> str | None:
        """What the headers and the labels tell."""
        try:
            self._contents(folder)
        except LabError as error:
            return str(error)
        return None

    def counts(self, folder: Path) -> Mapping[str, int]:
        """Images in each split."""
        contents = self._contents(folder)
        tests = len(contents.test_labels)
        return split_counts(contents.train_labels, tests, self.validation_per_class)

    def read(self, folder: Path) -> Files:
        """Read all arrays."""
        contents = self._contents(folder)
        c, h, w = contents.image_shape
        with opened(folder / self.title) as (_, array):
            train: Bytes = array("x_train").reshape(-1, h, w, c)
            test: Bytes = array("x_test").reshape(-1, h, w, c)
        return Files(Labelled(train, contents.train_labels), Labelled(test, contents.test_labels))

    def check(self, folder: Path) -> tuple[str, ...]:
        """Read everything, which compares the checksums of the zip archive."""
        try:
            self.read(folder)
        except LabError as error:
            return (str(error),)
        return ()

    def _contents(self, folder: Path) -> Contents:
        path = folder / self.title
        contents = _inspect(path, self.stamp(folder))
        if self.image_shape not in (None, contents.image_shape):
            raise refusal(
                path, f"its images are {contents.image_shape}, not {self.image_shape} (c, h, w)"
            )
        if self.class_count is not None and contents.class_count > self.class_count:
            raise refusal(path, f"label {contents.class_count - 1} is above {self.class_count - 1}")
        return contents


def source_for(dataset: Dataset) -> NpzSource:
    """The npz form of a known data set, which must agree with its row."""
    return NpzSource(
        name=dataset.name,
        image_shape=dataset.image_shape if dataset.classes else None,
        class_count=len(dataset.classes) or None,
        validation_per_class=dataset.validation_per_class,
    )


def own_datasets(folder: Path) -> dict[str, Dataset]:
    """A row for every npz file in the folder whose name is lower-case letters, digits and _.

    A file that cannot be used has a row too, without classes, so that its problem can be shown.
    """
    found = sorted(path for path in folder.glob("*.npz") if NAME.fullmatch(path.stem))
    return {path.stem: _own_row(path) for path in found if path.is_file()}


def misnamed_files(folder: Path) -> tuple[str, ...]:
    """Npz files whose names no data set can have."""
    return tuple(
        sorted(path.name for path in folder.glob("*.npz") if not NAME.fullmatch(path.stem))
    )


def _own_row(path: Path) -> Dataset:
    row = Dataset(
        name=path.stem,
        title=path.stem,
        classes=(),
        image_shape=(0, 0, 0),
        licence="Your own file; its licence is not known here",
        source=f"Your own file {path.name}",
    )
    try:
        contents = _inspect(path, stamp_of([path]))
    except LabError:
        return row
    classes = tuple(str(number) for number in range(contents.class_count))
    return replace(row, classes=classes, image_shape=contents.image_shape)


@lru_cache(maxsize=32)
def _inspect(path: Path, stamp: Stamp) -> Contents:
    """Read headers and labels; the stamp makes a changed file be read anew."""
    with opened(path) as (headers, array):
        shapes = {headers[key].image_shape(path, key) for key in ("x_train", "x_test")}
        if len(shapes) != 1:
            raise refusal(path, "x_train and x_test hold images of different shapes")
        labels = {}
        for part in ("train", "test"):
            labels[part] = _labels(path, part, array(f"y_{part}"), headers[f"x_{part}"])
    return Contents(shapes.pop(), labels["train"], labels["test"])


def _labels(path: Path, part: str, stored: Rows, images: Header) -> Rows:
    if stored.size != images.shape[0]:
        raise refusal(path, f"{images.shape[0]} images but {stored.size} labels for {part}")
    labels = stored.reshape(-1).astype(np.int64)
    if labels.min() < 0 or labels.max() >= MAX_CLASSES:
        raise refusal(path, f"y_{part} must hold 0 to at most {MAX_CLASSES - 1}")
    return labels
