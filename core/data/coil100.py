"""COIL-100 (Nene, Nayar & Murase, 1996, Columbia Object Image Library): 100 objects, turned.

Each object was taken every 5 degrees of a turn. ``test`` is every fourth of these pictures, at 0,
20, 40 degrees and so on; the others are the training file. So every test picture has neighbours
5 degrees away that are trained on, as in the random split of the papers: it is an easy test.
"""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.data.base import Bytes, Dataset, Files, Labelled, Rows, Stamp, split_counts
from core.types import LabError

ROOT = "coil-100"
OBJECTS, SIDE = 100, 128
ANGLES = tuple(range(0, 360, 5))
TESTED = ANGLES[::4]
SAID = 5
"""Damaged pictures that are named."""


@dataclass(frozen=True, eq=False)
class Turned:
    """Some pictures, left on the disk until they are taken.

    Attributes:
        paths: Their files.
        labels: As in ``Images``.
    """

    paths: tuple[Path, ...]
    labels: Rows

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, h, w, c)."""
        return (len(self.labels), SIDE, SIDE, 3)

    def take(self, rows: Rows) -> Labelled:
        """Decode these pictures, several at a time."""
        pixels = np.empty((len(rows), SIDE, SIDE, 3), dtype=np.uint8)

        def fill(place: int) -> None:
            pixels[place] = picture(self.paths[int(rows[place])])

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for _ in pool.map(fill, range(len(rows))):
                pass
        return Labelled(pixels, self.labels[rows])


@dataclass(frozen=True, kw_only=True)
class TurnFolder:
    """A folder of pictures named ``obj<object>__<degrees>.png``."""

    title: str = "folder of pictures"
    files: tuple[str, ...] = (f"{ROOT}/obj1__0.png", f"{ROOT}/obj1__5.png", f"{ROOT}/...")

    def present(self, folder: Path) -> bool:
        """Whether the folder is there, whole or not."""
        return (folder / ROOT).is_dir()

    def stamp(self, folder: Path) -> Stamp:
        """The time of the folder, which changes when a picture comes or goes."""
        place = folder / ROOT
        return ((str(place), 0, place.stat().st_mtime_ns),) if place.is_dir() else ()

    def problem(self, folder: Path) -> str | None:
        """How many pictures are missing."""
        return _missing(folder, self.stamp(folder))

    def counts(self, folder: Path) -> Mapping[str, int]:
        """Images in each split."""
        files = self.read(folder)
        return split_counts(files.train.labels, len(files.test.labels), None)

    def read(self, folder: Path) -> Files:
        """Name the pictures of both files, by angle and then by object; none is decoded yet."""
        return Files(
            train=_named(folder, tuple(angle for angle in ANGLES if angle not in TESTED)),
            test=_named(folder, TESTED),
        )

    def check(self, folder: Path) -> tuple[str, ...]:
        """Decode every picture."""
        problem = self.problem(folder)
        if problem is not None:
            return (problem,)

        def said(path: Path) -> str | None:
            try:
                picture(path)
            except LabError as error:
                return str(error)
            return None

        files = _named(folder, ANGLES)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            broken = [words for words in pool.map(said, files.paths) if words]
        more = f"{len(broken) - SAID:,} more pictures are damaged"
        return (*broken[:SAID], *([more] if len(broken) > SAID else []))


def picture(path: Path) -> Bytes:
    """One picture, (h, w, 3).

    Raises:
        LabError: It is damaged or of another size.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=("PNG",)) as opened:
            if opened.size != (SIDE, SIDE):
                raise ValueError(f"it has {opened.size} pixels, not {(SIDE, SIDE)}")
            return np.asarray(opened.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        raise LabError(f"{path} is damaged or no picture of COIL-100 ({error})") from error


def _named(folder: Path, angles: tuple[int, ...]) -> Turned:
    pairs = [(angle, number) for angle in angles for number in range(OBJECTS)]
    return Turned(
        tuple(folder / ROOT / f"obj{number + 1}__{angle}.png" for angle, number in pairs),
        np.array([number for _, number in pairs], dtype=np.int64),
    )


@lru_cache(maxsize=4)
def _missing(folder: Path, stamp: Stamp) -> str | None:
    """What is missing; the stamp makes a changed folder be looked at anew."""
    here = set(os.listdir(folder / ROOT))  # noqa: PTH208  names alone are wanted
    wanted = [path.name for path in _named(folder, ANGLES).paths]
    missing = [name for name in wanted if name not in here]
    if not missing:
        return None
    return (
        f"{len(missing):,} of {len(wanted):,} pictures are missing from {folder / ROOT}, "
        f"the first is {missing[0]}"
    )


COIL100 = Dataset(
    name="coil100",
    title="COIL-100",
    classes=tuple(f"object {number + 1}" for number in range(OBJECTS)),
    image_shape=(3, SIDE, SIDE),
    licence="No licence stated by the authors, who offer it for research purposes",
    source=(
        "Objects on a turntable by Sameer A. Nene, Shree K. Nayar and Hiroshi Murase, Columbia "
        "University, https://www.cs.columbia.edu/CAVE/software/softlib/coil-100.php"
    ),
    folder=TurnFolder(),
    by_hand=(
        "COIL-100 has no loader in torchvision, so it is not fetched for you: unpack "
        "coil-100.zip from https://www.cs.columbia.edu/CAVE/software/softlib/coil-100.php."
    ),
)
