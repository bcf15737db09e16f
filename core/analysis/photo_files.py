"""Photos of any size: two that scikit-learn carries, and uploads."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from core.decoding import decoded

PHOTO_FORMATS = ("PNG", "JPEG", "WEBP")
MOST_PIXELS = 1_000_000
"""A larger photo is reduced to so many pixels."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A photo that scikit-learn carries.

    Attributes:
        title: What it shows.
        file: Its name there.
        credit: Author and licence as scikit-learn states them, Markdown.
    """

    title: str
    file: str
    credit: str


LICENCE = "[CC BY 2.0](https://creativecommons.org/licenses/by/2.0/)"
SAMPLES: Mapping[str, Sample] = {
    "china": Sample(
        title="Temple",
        file="china.jpg",
        credit="by [danielbuechele]"
        "(https://www.flickr.com/photos/danielbuechele/6061409035/sizes/z/in/photostream/) "
        f"under {LICENCE}, by the list that comes with scikit-learn's sample images",
    ),
    "flower": Sample(
        title="Flower",
        file="flower.jpg",
        credit=f"under {LICENCE}. The list that comes with scikit-learn's sample images credits "
        "[danielbuechele](https://www.flickr.com/photos/danielbuechele/), but its source is a "
        "photo of the account [vultilion]"
        "(https://www.flickr.com/photos/vultilion/6056698931/sizes/z/in/photostream/)",
    ),
}


@dataclass(frozen=True, eq=False)
class Photo:
    """A picture of any size.

    Attributes:
        pixels: Bytes (c, h, w); one channel where it is grey.
        full: Pixels it had before it was reduced.
    """

    pixels: NDArray[np.uint8]
    full: int

    @property
    def picture(self) -> Tensor:
        """float32 (c, h, w) in [0, 1]."""
        return torch.from_numpy(self.pixels.copy()).float() / 255

    @property
    def channels(self) -> int:
        """1 or 3."""
        return len(self.pixels)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[2], self.pixels.shape[1]

    @property
    def reduced(self) -> bool:
        """Whether it was larger before."""
        return self.full > self.size[0] * self.size[1]

    @property
    def digest(self) -> str:
        """sha256 of size and pixels."""
        return hashlib.sha256(f"{self.pixels.shape}".encode() + self.pixels.tobytes()).hexdigest()


@cache
def sample_photo(name: str) -> Photo:
    """A photo of ``SAMPLES``.

    Raises:
        ValueError: There is none of that name.
    """
    if name not in SAMPLES:
        raise ValueError(f"unknown photo {name!r}; choose from {', '.join(SAMPLES)}")
    from sklearn.datasets import load_sample_image

    return _photo(load_sample_image(SAMPLES[name].file))


def read_photo(data: bytes) -> Photo:
    """Decode an uploaded PNG, JPEG or WebP, reduced to at most ``MOST_PIXELS``.

    Args:
        data: The bytes of the file; nothing about them is trusted.

    Raises:
        LabError: Too large, of another format, or damaged.
    """
    pixels = np.asarray(decoded(data, PHOTO_FORMATS, most_pixels=MOST_PIXELS))
    with Image.open(BytesIO(data), formats=PHOTO_FORMATS) as image:
        return _photo(pixels, image.width * image.height)


def _photo(pixels: NDArray[np.uint8], full: int | None = None) -> Photo:
    """From rows (h, w, 3); a picture without colour keeps one channel."""
    grey = (pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 0] == pixels[..., 2]).all()
    channels = np.ascontiguousarray(pixels.transpose(2, 0, 1)[: 1 if grey else 3])
    return Photo(channels, full or pixels.shape[0] * pixels.shape[1])
