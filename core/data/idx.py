"""MNIST's file format (idx) in torchvision's folder layout: ``<class>/raw/*-ubyte``."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.data.base import (
    Archive,
    Bytes,
    Files,
    Labelled,
    Rows,
    Stamp,
    split_counts,
    stamp_of,
)
from core.types import LabError

IMAGES, LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"
IMAGES_MAGIC, LABELS_MAGIC = 0x803, 0x801


@dataclass(frozen=True, kw_only=True)
class IdxFolder:
    """Four unpacked idx files of square grey images, read and fetched by torchvision.

    Attributes:
        class_name: The class in ``torchvision.datasets``, and the folder's name.
        archive_bytes: Size of the four downloads together.
        sha256: Checksum of each unpacked file, by file name.
        trains: Images in the training file.
        tests: Images in the test file.
        side: Height and width in pixels.
        validation_per_class: As in ``Dataset``.
    """

    class_name: str
    archive_bytes: int
    sha256: Mapping[str, str]
    trains: int = 60_000
    tests: int = 10_000
    side: int = 28
    validation_per_class: int | None = None
    title: str = "torchvision folder"

    @property
    def archive_folder(self) -> str:
        """Below the data folder."""
        return f"{self.class_name}/raw"

    @property
    def files(self) -> tuple[str, ...]:
        """Paths below the data folder."""
        return tuple(f"{self.archive_folder}/{name}" for name in self._headers())

    def present(self, folder: Path) -> bool:
        """Whether one of the files, packed or not, is there."""
        return any((folder / f"{file}{end}").exists() for file in self.files for end in ("", ".gz"))

    def stamp(self, folder: Path) -> Stamp:
        """Names, sizes and times of the files."""
        return stamp_of(folder / file for file in self.files)

    def problem(self, folder: Path) -> str | None:
        """The first file that is missing, has the wrong size or the wrong header."""
        for name, header in self._headers().items():
            path = folder / self.archive_folder / name
            if problem := _file_problem(path, header):
                return problem
        return None

    def counts(self, folder: Path) -> Mapping[str, int]:
        """Images in each split."""
        path = folder / self.archive_folder / f"train-{LABELS}"
        labels = np.fromfile(path, dtype=np.uint8, offset=8)
        return split_counts(labels.astype(np.int64), self.tests, self.validation_per_class)

    def read(self, folder: Path) -> Files:
        """Read all four files."""
        return Files(train=self._read(folder, train=True), test=self._read(folder, train=False))

    def check(self, folder: Path) -> tuple[str, ...]:
        """Compare every file with its checksum."""
        problems = []
        for name, header in self._headers().items():
            path = folder / self.archive_folder / name
            problem = _file_problem(path, header)
            if problem is None and _sha256(path) != self.sha256[name]:
                problem = f"{path} is damaged: its checksum is not that of the original"
            if problem is not None:
                problems.append(problem)
        return tuple(problems)

    def archives(self) -> tuple[Archive, ...]:
        """Torchvision's own addresses and checksums."""
        from torchvision import datasets

        published = getattr(datasets, self.class_name)
        return tuple(
            Archive(name, md5, tuple(mirror + name for mirror in published.mirrors))
            for name, md5 in published.resources
        )

    def unpack(self, folder: Path) -> None:
        """Let torchvision check and unpack the archives."""
        from torchvision import datasets

        getattr(datasets, self.class_name)(root=str(folder), download=True)

    def _headers(self) -> dict[str, tuple[int, ...]]:
        return {
            f"{part}-{kind}": header
            for part, n in (("train", self.trains), ("t10k", self.tests))
            for kind, header in (
                (IMAGES, (IMAGES_MAGIC, n, self.side, self.side)),
                (LABELS, (LABELS_MAGIC, n)),
            )
        }

    def _read(self, folder: Path, *, train: bool) -> Labelled:
        from torchvision import datasets

        try:
            opened = getattr(datasets, self.class_name)(
                root=str(folder), train=train, download=False
            )
            pixels: Bytes = opened.data.numpy()[..., None]  # (n, h, w, 1)
            labels: Rows = opened.targets.numpy().astype(np.int64)
        except (OSError, RuntimeError, ValueError, AssertionError) as error:
            raise LabError(f"{folder / self.archive_folder} cannot be read ({error})") from error
        return Labelled(pixels, labels)


def _file_problem(path: Path, header: tuple[int, ...]) -> str | None:
    if not path.is_file():
        if path.with_name(f"{path.name}.gz").is_file():
            return f"{path}.gz is still packed; unpack it (gunzip)"
        return f"{path} is missing"
    written = np.asarray(header, dtype=">i4").tobytes()
    size = len(written) + int(np.prod(header[1:]))
    if path.stat().st_size != size:
        return f"{path} is damaged: {path.stat().st_size:,} bytes where {size:,} are expected"
    with path.open("rb") as file:
        if file.read(len(written)) != written:
            return f"{path} is damaged: it does not begin as this file does"
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
