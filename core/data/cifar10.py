"""CIFAR-10 (Krizhevsky, 2009, Learning Multiple Layers of Features from Tiny Images)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.data.base import Archive, Dataset, Files, Labelled, Stamp, stamp_of
from core.types import LabError

FOLDER = "cifar-10-batches-py"
BATCH_BYTES = 10_000 * 3 * 32 * 32
BATCHES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")


@dataclass(frozen=True, kw_only=True)
class BatchFolder:
    """Six batches of 10,000 colour images, read and fetched by torchvision.

    The batches are pickles; torchvision compares each with its published checksum before it
    opens one, so no other pickle is ever loaded.
    """

    title: str = "torchvision folder"
    archive_folder: str = "."
    archive_bytes: int = 170_498_071
    files: tuple[str, ...] = tuple(f"{FOLDER}/{name}" for name in (*BATCHES, "batches.meta"))

    def present(self, folder: Path) -> bool:
        """Whether one of the files is there."""
        return any((folder / file).exists() for file in self.files)

    def stamp(self, folder: Path) -> Stamp:
        """Names, sizes and times of the files."""
        return stamp_of(folder / file for file in self.files)

    def problem(self, folder: Path) -> str | None:
        """The first file that is missing, or too small to hold its images."""
        for file in self.files:
            path = folder / file
            if not path.is_file():
                return f"{path} is missing"
            if path.name in BATCHES and path.stat().st_size < BATCH_BYTES:
                return f"{path} is damaged: it is too small to hold 10,000 images"
        return None

    def counts(self, folder: Path) -> Mapping[str, int]:
        """Images in each split; the checksums fix them."""
        return {"train": 45_000, "validation": 5_000, "test": 10_000}

    def read(self, folder: Path) -> Files:
        """Compare the checksums and read all batches."""
        return Files(train=self._read(folder, train=True), test=self._read(folder, train=False))

    def check(self, folder: Path) -> tuple[str, ...]:
        """Compare every file with torchvision's checksum."""
        from torchvision import datasets
        from torchvision.datasets.utils import check_md5

        published = [*datasets.CIFAR10.train_list, *datasets.CIFAR10.test_list]
        published.append([datasets.CIFAR10.meta["filename"], datasets.CIFAR10.meta["md5"]])
        problems = []
        for name, md5 in published:
            path = folder / FOLDER / name
            if not path.is_file():
                problems.append(f"{path} is missing")
            elif not check_md5(path, md5):
                problems.append(f"{path} is damaged: its checksum is not that of the original")
        return tuple(problems)

    def archives(self) -> tuple[Archive, ...]:
        """Torchvision's own address and checksum."""
        from torchvision import datasets

        published = datasets.CIFAR10
        return (Archive(published.filename, published.tgz_md5, (published.url,)),)

    def unpack(self, folder: Path) -> None:
        """Let torchvision check and unpack the archive."""
        from torchvision import datasets

        datasets.CIFAR10(root=str(folder), download=True)

    def _read(self, folder: Path, *, train: bool) -> Labelled:
        from torchvision import datasets

        try:
            opened = datasets.CIFAR10(root=str(folder), train=train, download=False)
        except (OSError, RuntimeError) as error:
            raise LabError(
                f"{folder / FOLDER} is damaged: a checksum is not that of the original"
            ) from error
        return Labelled(opened.data, np.asarray(opened.targets, dtype=np.int64))


CIFAR10 = Dataset(
    name="cifar10",
    title="CIFAR-10",
    classes=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    image_shape=(3, 32, 32),
    licence="No licence stated by the authors, who ask users to cite Krizhevsky (2009)",
    source=(
        "Labelled subset of the 80 Million Tiny Images, collected by Alex Krizhevsky, "
        "Vinod Nair and Geoffrey Hinton, https://www.cs.toronto.edu/~kriz/cifar.html"
    ),
    folder=BatchFolder(),
)
