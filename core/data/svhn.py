"""SVHN, street view house numbers (Netzer et al., 2011, Reading Digits in Natural Images).

Single digits cut out of photographs, 32 x 32 in colour. The 531,131 extra ones are not used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.data.base import (
    Archive,
    Dataset,
    Files,
    Labelled,
    Rows,
    Stamp,
    split_counts,
    stamp_of,
)
from core.types import LabError

NAMES = {"train": "train_32x32.mat", "test": "test_32x32.mat"}


@dataclass(frozen=True, kw_only=True)
class MatFolder:
    """Two files in the format of Matlab, straight in the data folder, read by torchvision."""

    title: str = "torchvision folder"
    archive_folder: str = "."
    archive_bytes: int = 246_316_178
    files: tuple[str, ...] = tuple(NAMES.values())

    def present(self, folder: Path) -> bool:
        """Whether one of the files is there."""
        return any((folder / file).exists() for file in self.files)

    def stamp(self, folder: Path) -> Stamp:
        """Names, sizes and times of the files."""
        return stamp_of(folder / file for file in self.files)

    def problem(self, folder: Path) -> str | None:
        """The first file that is missing, or holds no labels."""
        for file in self.files:
            if not (folder / file).is_file():
                return f"{folder / file} is missing"
        try:
            for file in self.files:
                _labels(folder / file, self.stamp(folder))
        except LabError as error:
            return str(error)
        return None

    def counts(self, folder: Path) -> Mapping[str, int]:
        """Images in each split."""
        trained, tested = (_labels(folder / file, self.stamp(folder)) for file in self.files)
        return split_counts(trained, len(tested), None)

    def read(self, folder: Path) -> Files:
        """Compare the checksums and read both files."""
        return Files(train=self._read(folder, "train"), test=self._read(folder, "test"))

    def check(self, folder: Path) -> tuple[str, ...]:
        """Compare both files with torchvision's checksums."""
        from torchvision import datasets
        from torchvision.datasets.utils import check_md5

        problems = []
        for split, name in NAMES.items():
            path = folder / name
            if not path.is_file():
                problems.append(f"{path} is missing")
            elif not check_md5(path, datasets.SVHN.split_list[split][2]):
                problems.append(f"{path} is damaged: its checksum is not that of the original")
        return tuple(problems)

    def archives(self) -> tuple[Archive, ...]:
        """Torchvision's own addresses and checksums."""
        from torchvision import datasets

        published = [datasets.SVHN.split_list[split] for split in NAMES]
        return tuple(Archive(name, md5, (url,)) for url, name, md5 in published)

    def unpack(self, folder: Path) -> None:
        """Let torchvision check the files; they are not packed."""
        from torchvision import datasets

        for split in NAMES:
            datasets.SVHN(root=str(folder), split=split, download=True)

    def _read(self, folder: Path, split: str) -> Labelled:
        from torchvision import datasets

        try:
            opened = datasets.SVHN(root=str(folder), split=split, download=False)
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            raise LabError(
                f"{folder / NAMES[split]} is damaged: its checksum is not that of the original"
            ) from error
        pixels = np.ascontiguousarray(opened.data.transpose(0, 2, 3, 1))  # (n, h, w, c)
        return Labelled(pixels, np.asarray(opened.labels, dtype=np.int64))


@lru_cache(maxsize=4)
def _labels(path: Path, stamp: Stamp) -> Rows:
    """The labels alone, 0 to 9; the stamp makes a changed file be read anew."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        written = loadmat(path, variable_names=["y"])["y"]
    except (OSError, ValueError, KeyError, TypeError, NotImplementedError, MatReadError) as error:
        raise LabError(f"{path} is damaged: it holds no labels ({error})") from error
    # The files say 10 for the digit 0.
    return np.asarray(written, dtype=np.int64).ravel() % 10


SVHN = Dataset(
    name="svhn",
    title="SVHN",
    classes=tuple("0123456789"),
    image_shape=(3, 32, 32),
    licence="For non-commercial use only, as its page says",
    source=(
        "House numbers from Google Street View by Yuval Netzer, Tao Wang, Adam Coates, "
        "Alessandro Bissacco, Bo Wu and Andrew Y. Ng, http://ufldl.stanford.edu/housenumbers/"
    ),
    folder=MatFolder(),
)
