"""CelebA's text files: which picture belongs to which partition, and who is a man."""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.data.base import Rows, Stamp
from core.types import LabError

ROOT = "celeba"
PICTURES, ATTRIBUTES, PARTITION = (
    "img_align_celeba",
    "list_attr_celeba.txt",
    "list_eval_partition.txt",
)
TARGET = "Male"
TRAIN, TEST = 0, 2


@dataclass(frozen=True, eq=False)
class Listing:
    """What the two text files say of every picture.

    Attributes:
        names: File names.
        parts: 0 train, 1 the official validation, 2 test; (n,).
        labels: 1 where the attribute "Male" is set; (n,).
    """

    names: tuple[str, ...]
    parts: Rows
    labels: Rows


@lru_cache(maxsize=4)
def list_problem(folder: Path, stamp: Stamp) -> str | None:
    """What is wrong with the lists, and which pictures they name in vain; None if nothing."""
    try:
        listing = read_listing(folder, stamp)
    except LabError as error:
        return str(error)
    pictures = folder / ROOT / PICTURES
    here = set(os.listdir(pictures))  # noqa: PTH208  half as slow as iterdir over 200,000 names
    missing = [name for name in listing.names if name not in here]
    if missing:
        return (
            f"{len(missing):,} of {len(listing.names):,} pictures are missing from {pictures}, "
            f"the first is {missing[0]}"
        )
    return None


@lru_cache(maxsize=4)
def read_listing(folder: Path, stamp: Stamp) -> Listing:
    """Read the two text files; the stamp makes changed ones be read anew.

    Raises:
        LabError: They are not in CelebA's format, or do not belong together.
    """
    names, parts = _column(folder / ROOT / PARTITION, None)
    attributed, labels = _column(folder / ROOT / ATTRIBUTES, TARGET)
    if names != attributed:
        raise LabError(f"{ATTRIBUTES} and {PARTITION} in {folder / ROOT} list other pictures")
    if not set(np.unique(parts)) <= {0, 1, 2} or not {TRAIN, TEST} <= set(parts):
        raise LabError(f"{folder / ROOT / PARTITION} must hold 0, 1 and 2, and some 0 and 2")
    if not set(np.unique(labels)) <= {-1, 1}:
        raise LabError(f"{folder / ROOT / ATTRIBUTES} must hold -1 and 1 for {TARGET}")
    return Listing(names, parts, (labels + 1) // 2)


def _column(path: Path, header: str | None) -> tuple[tuple[str, ...], Rows]:
    """The first word of every line, and the number below a header; the second without one."""
    try:
        with path.open(encoding="utf-8") as lines:
            column, said = 1, None
            if header is not None:
                said = int(next(lines))
                column += next(lines).split().index(header)
            words = [line.split(None, column + 1) for line in lines if line.strip()]
        names = tuple(line[0] for line in words)
        values: Any = np.array([line[column] for line in words]).astype(np.int64)
    except (ValueError, IndexError, StopIteration) as error:
        raise LabError(f"{path} is damaged: it is not in CelebA's format ({error})") from error
    if said is not None and said != len(names):
        raise LabError(f"{path} is damaged: {len(names):,} lines where it says {said:,}")
    return names, values
