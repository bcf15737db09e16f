"""CelebA (Liu, Luo, Wang, Tang, 2015, arXiv 1411.7766): 202,599 faces, told apart by gender.

A picture is the centre 108 x 108 of the aligned 178 x 218 one, resized to 64 x 64, as in
Defense-GAN. ``train`` and ``validation`` share the official training partition by the rule of
every data set here, so some of the 8,192 people in it are in both; nobody in ``test`` is in
either. The official validation partition is not used.
"""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from typing_extensions import override

from core.data.base import Bytes, Dataset, Files, Labelled, Rows, Stamp, split_counts, stamp_of
from core.data.celeba_lists import (
    ATTRIBUTES,
    PARTITION,
    PICTURES,
    ROOT,
    TARGET,
    TEST,
    TRAIN,
    Listing,
    list_problem,
    read_listing,
)
from core.types import LabError

if TYPE_CHECKING:
    from PIL import Image
    from torchvision import datasets

ALIGNED = (178, 218)
CROP, SIDE = 108, 64
SAID = 5


@dataclass(frozen=True, eq=False)
class Faces:
    """The pictures of one partition, left on the disk until they are taken.

    Attributes:
        opened: Torchvision's data set of the partition.
        labels: As in ``Images``.
    """

    opened: "datasets.CelebA"
    labels: Rows

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, h, w, c)."""
        return (len(self.labels), SIDE, SIDE, 3)

    def take(self, rows: Rows) -> Labelled:
        """Decode these pictures, several at a time."""
        pixels = np.empty((len(rows), SIDE, SIDE, 3), dtype=np.uint8)

        def fill(place: int) -> None:
            pixels[place] = self.picture(int(rows[place]))

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for _ in pool.map(fill, range(len(rows))):
                pass
        return Labelled(pixels, self.labels[rows])

    def picture(self, row: int) -> Bytes:
        """One picture, (h, w, 3)."""
        try:
            pixels: Bytes = self.opened[row][0]
        except (OSError, SyntaxError, ValueError) as error:
            path = Path(self.opened.root) / ROOT / PICTURES / self.opened.filename[row]
            raise LabError(f"{path} is damaged or no picture of CelebA ({error})") from error
        return pixels


@dataclass(frozen=True, kw_only=True)
class FaceFolder:
    """A folder of pictures beside the text files that list them, read by torchvision."""

    title: str = "torchvision folder"
    files: tuple[str, ...] = tuple(f"{ROOT}/{name}" for name in (PICTURES, ATTRIBUTES, PARTITION))

    def present(self, folder: Path) -> bool:
        """Whether the folder is there, whole or not."""
        return (folder / ROOT).is_dir()

    def stamp(self, folder: Path) -> Stamp:
        """Names, sizes and times of the text files, and the time of the folder of pictures."""
        pictures = folder / ROOT / PICTURES
        times = ((str(pictures), 0, pictures.stat().st_mtime_ns),) if pictures.is_dir() else ()
        return (*stamp_of(folder / file for file in self.files), *times)

    def problem(self, folder: Path) -> str | None:
        """What is missing, and what is wrong with the text files."""
        for name in (ATTRIBUTES, PARTITION):
            if not (folder / ROOT / name).is_file():
                return f"{folder / ROOT / name} is missing"
        pictures = folder / ROOT / PICTURES
        if not pictures.is_dir():
            if pictures.with_name(f"{PICTURES}.zip").is_file():
                return f"{pictures}.zip is still packed; unpack it (unzip)"
            return f"{pictures} is missing"
        return list_problem(folder, self.stamp(folder))

    def counts(self, folder: Path) -> Mapping[str, int]:
        """Images in each split."""
        listing = read_listing(folder, self.stamp(folder))
        trained = listing.labels[listing.parts == TRAIN]
        return split_counts(trained, int((listing.parts == TEST).sum()), None)

    def read(self, folder: Path) -> Files:
        """Open both partitions; no picture is decoded yet."""
        return Files(train=self._opened(folder, "train"), test=self._opened(folder, "test"))

    def check(self, folder: Path) -> tuple[str, ...]:
        """Compare the text files with torchvision's checksums and decode every picture."""
        from torchvision import datasets
        from torchvision.datasets.utils import check_md5

        problem = self.problem(folder)
        if problem is not None:
            return (problem,)
        problems = [
            f"{folder / ROOT / name} is damaged: its checksum is not that of the original"
            for _, md5, name in datasets.CelebA.file_list
            if name in (ATTRIBUTES, PARTITION) and not check_md5(folder / ROOT / name, md5)
        ]
        broken = [said for part in ("train", "test") for said in self._broken(folder, part)]
        more = f"{len(broken) - SAID:,} more pictures are damaged"
        return (*problems, *broken[:SAID], *([more] if len(broken) > SAID else []))

    def _broken(self, folder: Path, part: str) -> list[str]:
        faces = self._opened(folder, part)

        def said(row: int) -> str | None:
            try:
                faces.picture(row)
            except LabError as error:
                return str(error)
            return None

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return [words for words in pool.map(said, range(len(faces.labels))) if words]

    def _opened(self, folder: Path, part: str) -> Faces:
        listing = read_listing(folder, self.stamp(folder))
        faces = _torchvision(folder, part, listing)
        labels: Rows = faces.attr[:, 0].numpy().astype(np.int64)
        return Faces(faces, labels)


def _torchvision(folder: Path, part: str, listing: Listing) -> "datasets.CelebA":
    """Torchvision's own data set over text files that were read already.

    Its reader makes an object of every one of the 11 million words in the five text files: half
    a minute for each partition, and a gigabyte. Of these files two columns are needed.
    """
    from torch import from_numpy, zeros
    from torchvision import datasets
    from torchvision.datasets.celeba import CSV

    columns = {ATTRIBUTES: listing.labels * 2 - 1, PARTITION: listing.parts}

    class Folder(datasets.CelebA):  # type: ignore[misc]  # torchvision has no types
        @override
        def _check_integrity(self) -> bool:
            return True  # FaceFolder says which file is missing, and compares the checksums

        @override
        def _load_csv(self, filename: str, header: int | None = None) -> CSV:
            n = len(listing.names)
            column = from_numpy(columns[filename]) if filename in columns else zeros(n)
            return CSV([TARGET], listing.names, column[:, None])

    return Folder(str(folder), split=part, target_type="attr", transform=_face)


def _face(picture: "Image.Image") -> Bytes:
    """The centre of an aligned picture, as bytes (h, w, 3)."""
    from torchvision.transforms import functional

    with picture:
        if picture.size != ALIGNED:
            raise ValueError(f"it has {picture.size} pixels, not {ALIGNED}")
        centre = functional.center_crop(picture.convert("RGB"), [CROP, CROP])
    return np.asarray(functional.resize(centre, [SIDE, SIDE]))


CELEBA = Dataset(
    name="celeba",
    title="CelebA",
    classes=("female", "male"),
    image_shape=(3, SIDE, SIDE),
    licence="For non-commercial research only; copyright of the pictures stays with their owners",
    source=(
        "Celebrity faces collected by the Multimedia Laboratory of the Chinese University of "
        "Hong Kong, https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html"
    ),
    folder=FaceFolder(),
    by_hand=(
        "Torchvision downloads CelebA from Google Drive, which often refuses, so it is not "
        "fetched for you: take the aligned pictures (img_align_celeba.zip, unpacked) and the "
        "text files from https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html, or try "
        "torchvision.datasets.CelebA(data_folder, download=True) with the package gdown."
    ),
)
