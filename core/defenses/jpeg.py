"""JPEG compression as a defense (Das et al., 2017, arXiv 1705.02900), through Pillow's encoder."""

import io
import math
from collections.abc import Mapping
from functools import cache, cached_property

import numpy as np
import torch
from PIL import Image
from torch import Generator, Tensor
from torch.nn import functional
from typing_extensions import override

from core.defenses.base import BasePurifier, straight_through
from core.types import Surrogate

BLOCK = 8
"""Side of the blocks that JPEG transforms one by one."""

CHROMA = 2
"""Factor by which the encoder shrinks the two colour channels."""


class Jpeg(BasePurifier):
    """Writes every image as a JPEG file and reads it again.

    Args:
        quality: Pillow's quality, 1 (coarse) to 95 (fine).
    """

    def __init__(self, *, quality: int = 75) -> None:
        if not 1 <= quality <= 95:
            raise ValueError(f"quality must be 1 to 95, got {quality}")
        self.quality = quality

    @property
    @override
    def surrogates(self) -> Mapping[str, Surrogate]:
        return {
            "identity": straight_through(self),
            "smooth_rounding": self._smooth,
            "hard_forward": self._hard_forward,
        }

    @override
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        """Purify on the CPU, one file an image.

        Raises:
            ValueError: The images have neither one nor three channels.
        """
        if images.shape[1] not in (1, 3):
            raise ValueError(f"JPEG takes 1 or 3 channels, got {images.shape[1]}")
        whole = (images.detach() * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
        files = np.stack([self._through_a_file(picture) for picture in whole])
        pixels = torch.from_numpy(files).permute(0, 3, 1, 2)
        return pixels.to(images) / 255

    def _through_a_file(self, picture: np.ndarray) -> np.ndarray:
        """One picture (h, w, c) of bytes to another."""
        file = io.BytesIO()
        grey = picture.shape[2] == 1
        Image.fromarray(picture[:, :, 0] if grey else picture).save(
            file, "JPEG", quality=self.quality
        )
        return np.asarray(Image.open(file)).reshape(picture.shape)

    @cached_property
    def _tables(self) -> tuple[Tensor, Tensor]:
        """The steps (8, 8) to which the encoder rounds the brightness and the colours."""
        file = io.BytesIO()
        Image.new("RGB", (BLOCK, BLOCK)).save(file, "JPEG", quality=self.quality)
        tables: Mapping[int, list[int]] = Image.open(file).quantization  # type: ignore[attr-defined]
        brightness, colours = (torch.tensor(tables[place]).float() for place in (0, 1))
        return brightness.view(BLOCK, BLOCK), colours.view(BLOCK, BLOCK)

    def _smooth(self, images: Tensor, generator: Generator | None) -> Tensor:
        """The same arithmetic with rounding that has a slope (Shin & Song, 2017)."""
        brightness, colours = (table.to(images) for table in self._tables)
        shifted = 255 * images - 128
        if images.shape[1] == 1:
            return (_rounded_blocks(shifted, brightness) + 128) / 255
        matrix = _colour_matrix(images)
        light, first, second = torch.einsum("dc,nchw->dnhw", matrix, shifted).unsqueeze(2)
        parts = [
            _rounded_blocks(light, brightness),
            _small(first, colours),
            _small(second, colours),
        ]
        pixels = torch.einsum("cd,ndhw->nchw", torch.linalg.inv(matrix), torch.cat(parts, dim=1))
        return (pixels + 128) / 255

    def _hard_forward(self, images: Tensor, generator: Generator | None) -> Tensor:
        """The real file forwards, the smooth arithmetic backwards."""
        smooth = self._smooth(images, generator)
        return smooth + (self(images.detach()) - smooth).detach()


def _small(tint: Tensor, table: Tensor) -> Tensor:
    """A colour channel, which is kept at half the size."""
    height, width = tint.shape[2:]
    even = functional.pad(tint, (0, width % CHROMA, 0, height % CHROMA), mode="replicate")
    small = _rounded_blocks(functional.avg_pool2d(even, CHROMA), table)
    whole = functional.interpolate(small, scale_factor=CHROMA, mode="bilinear")
    return whole[:, :, :height, :width]


def _rounded_blocks(channel: Tensor, table: Tensor) -> Tensor:
    """One channel (n, 1, h, w) with its cosine coefficients rounded to the steps of a table."""
    n, _, height, width = channel.shape
    below, beside = -height % BLOCK, -width % BLOCK
    padded = functional.pad(channel, (0, beside, 0, below), mode="replicate")
    blocks = functional.unfold(padded, BLOCK, stride=BLOCK).transpose(1, 2)
    blocks = blocks.reshape(n, -1, BLOCK, BLOCK)
    cosines = _cosines().to(channel)
    coefficients = cosines @ blocks @ cosines.T / table
    nearest = coefficients.detach().round()
    rounded = (nearest + (coefficients - nearest) ** 3) * table
    pixels = (cosines.T @ rounded @ cosines).reshape(n, -1, BLOCK**2).transpose(1, 2)
    whole = functional.fold(pixels, padded.shape[2:], BLOCK, stride=BLOCK)
    return whole[:, :, :height, :width]


@cache
def _cosines() -> Tensor:
    """The orthonormal cosine transform (8, 8) of a row of pixels."""
    places = torch.arange(BLOCK, dtype=torch.float64)
    angles = (2 * places + 1) * places.view(-1, 1) * math.pi / (2 * BLOCK)
    matrix = torch.cos(angles) * math.sqrt(2 / BLOCK)
    matrix[0] /= math.sqrt(2)
    return matrix.float()


def _colour_matrix(images: Tensor) -> Tensor:
    """From red, green and blue to brightness and two tints (ITU-R BT.601)."""
    red, blue = 0.299, 0.114
    light = torch.tensor([red, 1 - red - blue, blue])
    tints = [
        (torch.tensor(axis) - light) / (2 * (1 - share))
        for axis, share in (([0.0, 0.0, 1.0], blue), ([1.0, 0.0, 0.0], red))
    ]
    return torch.stack([light, *tints]).to(images)
