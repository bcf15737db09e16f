"""Purification by variational autoencoders, of whole images and patch by patch.

The patch-wise one is that of Luo & Pfister (2018, arXiv 1812.02891).
"""

from collections.abc import Mapping

import torch
from torch import Generator, Tensor
from typing_extensions import override

from core.defenses.base import BasePurifier, straight_through
from core.models.vae import Vae
from core.types import OnStep, Step, Surrogate

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

    @property
    @override
    def image_shape(self) -> tuple[int, ...]:
        return self.model.image_shape

    @override
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        """Purify images of the size the model was trained on."""
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
    quiet = frozenset({"mean"})

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

    def in_steps(
        self,
        images: Tensor,
        generator: Generator | None,
        on_step: OnStep | None = None,
        *,
        at_once: int = PATCHES_AT_ONCE,
    ) -> Tensor:
        """What a call gives, with progress after every pass of the network.

        Args:
            images: (n, c, h, w) in [0, 1], from a patch upwards.
            generator: Draws the latents.
            on_step: Receives the patches done; it may raise ``Cancelled``.
            at_once: Patches in one pass; the draw may depend on it.

        Returns:
            Purified images (n, c, h, w) in [0, 1].

        Raises:
            ValueError: As for a call.
        """
        return self._rebuilt(images, generator, on_step, at_once).clamp(0, 1)

    def places(self, height: int, width: int) -> list[tuple[int, int]]:
        """Row and column of the upper left corner of every patch of an image."""
        return [
            (row, column)
            for row in _starts(height, self.side, self.stride)
            for column in _starts(width, self.side, self.stride)
        ]

    def _rebuilt(
        self,
        images: Tensor,
        generator: Generator | None,
        on_step: OnStep | None = None,
        at_once: int = PATCHES_AT_ONCE,
    ) -> Tensor:
        self._check(images)
        n, side = len(images), self.side
        windows = [
            (slice(None), slice(row, row + side), slice(column, column + side))
            for row, column in self.places(*images.shape[2:])
        ]
        total, covered = torch.zeros_like(images), torch.zeros_like(images[:1, :1])
        # All images at the first place, then all at the second; a pass may end between two images.
        for start in range(0, n * len(windows), at_once):
            stop = min(start + at_once, n * len(windows))
            touched = range(start // n, -(-stop // n))
            patches = torch.cat([images[:, *windows[place]] for place in touched])
            skipped = touched.start * n
            decoded = self._through(patches[start - skipped : stop - skipped], generator)
            for place in touched:
                first, last = max(start, place * n), min(stop, (place + 1) * n)
                some = slice(first - place * n, last - place * n)
                total[some, *windows[place]] += decoded[first - start : last - start]
            if on_step is not None:
                on_step(Step(index=stop, of=n * len(windows)))
        for window in windows:
            covered[:, *window] += 1
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
