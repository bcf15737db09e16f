"""Purification by variational autoencoders, of whole images and patch by patch.

The patch-wise one is that of Luo & Pfister (2018, arXiv 1812.02891).
"""

from collections.abc import Mapping

import torch
from torch import Generator, Tensor
from typing_extensions import override

from core.defenses.base import BasePurifier, straight_through
from core.models.vae import Vae
from core.types import Surrogate

PATCHES_AT_ONCE = 4096
"""Patches in one pass of the network, so that a large photo does not fill the memory."""


class VaePurifier(BasePurifier):
    """Encodes an image and decodes the mean of its posterior."""

    def __init__(self, model: Vae) -> None:
        self.model = model

    @property
    @override
    def surrogates(self) -> Mapping[str, Surrogate]:
        return {"itself": self.purify, "identity": straight_through(self)}

    @override
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        """Purify images of the size the model was trained on.

        Raises:
            ValueError: They are of another size.
        """
        if images.shape[1:] != self.model.image_shape:
            seen, known = (
                "x".join(map(str, shape)) for shape in (images.shape[1:], self.model.image_shape)
            )
            raise ValueError(f"this VAE takes images of {known} values, got {seen}")
        purified: Tensor = self.model.decoder(self.model.encode(images)[0])
        return purified


class PatchVaePurifier(BasePurifier):
    """Cuts an image into patches, sends each through a VAE, and averages where they overlap.

    The latent is sampled, as the authors do, so every call gives another image. An image as large
    as a patch is one patch.

    Args:
        model: A VAE of patches.
        overlap: Share of a patch's side that neighbours have in common, in percent, 0 to 75.
    """

    random = True

    def __init__(self, model: Vae, *, overlap: int = 50) -> None:
        if not 0 <= overlap <= 75:
            raise ValueError(f"overlap must be 0 to 75 percent, got {overlap}")
        self.model = model
        self.side = model.image_shape[-1]
        self.stride = max(1, round(self.side * (100 - overlap) / 100))

    @property
    @override
    def surrogates(self) -> Mapping[str, Surrogate]:
        return {
            "sampled": self.purify,
            "mean": lambda images, generator: self._rebuilt(images, None),
            "identity": straight_through(self),
        }

    @override
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        """Purify images of any size from a patch upwards.

        Raises:
            ValueError: They are smaller than a patch or have other channels.
        """
        return self._rebuilt(images, generator)

    def _rebuilt(self, images: Tensor, generator: Generator | None) -> Tensor:
        self._check(images)
        places = [
            (row, column)
            for row in _starts(images.shape[2], self.side, self.stride)
            for column in _starts(images.shape[3], self.side, self.stride)
        ]
        patches = torch.cat(
            [
                images[:, :, row : row + self.side, column : column + self.side]
                for row, column in places
            ]
        )
        decoded = torch.cat(
            [self._through(part, generator) for part in torch.split(patches, PATCHES_AT_ONCE)]
        )
        total, covered = torch.zeros_like(images), torch.zeros_like(images[:1, :1])
        for (row, column), patch in zip(places, torch.split(decoded, len(images)), strict=True):
            window = (..., slice(row, row + self.side), slice(column, column + self.side))
            total[window] += patch
            covered[window] += 1
        return total / covered

    def _through(self, patches: Tensor, generator: Generator | None) -> Tensor:
        """Patches (m, c, p, p) through the model; without a generator, by the posterior's mean."""
        latents, log_var = self.model.encode(patches)
        if generator is not None:
            noise = torch.randn(latents.shape, generator=generator, device=latents.device)
            latents = self.model.noisy_latents(latents, log_var, noise)
        decoded: Tensor = self.model.decoder(latents)
        return decoded

    def _check(self, images: Tensor) -> None:
        channels, height, width = images.shape[1:]
        if channels != self.model.image_shape[0]:
            kinds = {1: "grey", 3: "colour"}
            known = kinds.get(self.model.image_shape[0], f"{self.model.image_shape[0]}-channel")
            raise ValueError(f"this VAE was trained on {known} images, got {channels} channels")
        if min(height, width) < self.side:
            raise ValueError(
                f"an image of {height}x{width} pixels is smaller than a patch of "
                f"{self.side}x{self.side}"
            )


def _starts(length: int, side: int, stride: int) -> list[int]:
    """Where patches begin along one side; the last ends at the border."""
    last = length - side
    return [*range(0, last, stride), last]
