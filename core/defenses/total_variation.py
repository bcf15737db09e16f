"""Total variation denoising (Rudin, Osher & Fatemi, 1992) as a defense (arXiv 1711.00117)."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Generator, Tensor
from typing_extensions import override

from core.defenses.base import BasePurifier, straight_through
from core.types import Surrogate

ITERATIONS = 10
"""Steps of the stand-in: the library stops when little changes, about there on small pictures."""

TINY = 1e-12
"""Keeps the slope of a root finite where an image is flat."""

RATE = 0.25
"""Step size of the projection in two dimensions (Chambolle, 2004)."""


class TotalVariation(BasePurifier):
    """The nearest image with little total variation, by scikit-image's Chambolle projection.

    Args:
        weight: Weight of the variation against the distance, in hundredths.
    """

    def __init__(self, *, weight: int = 10) -> None:
        if not 1 <= weight <= 100:
            raise ValueError(f"weight must be 1 to 100 hundredths, got {weight}")
        self.weight = weight / 100

    @property
    @override
    def surrogates(self) -> Mapping[str, Surrogate]:
        return {
            "identity": straight_through(self),
            "projection": self._projected,
            "hard_forward": self._hard_forward,
        }

    @override
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        from skimage.restoration import denoise_tv_chambolle

        pictures = images.detach().permute(0, 2, 3, 1).cpu().numpy()
        smooth = [
            denoise_tv_chambolle(  # type: ignore[no-untyped-call]
                picture, weight=self.weight, channel_axis=-1
            )
            for picture in pictures
        ]
        return torch.from_numpy(np.stack(smooth)).permute(0, 3, 1, 2).to(images)

    def _projected(self, images: Tensor, generator: Generator | None) -> Tensor:
        """The library's iteration, a fixed number of times, so that a gradient passes it."""
        down, right = torch.zeros_like(images), torch.zeros_like(images)
        smooth = images
        for _ in range(ITERATIONS):
            down_slope = torch.diff(smooth, dim=2, append=smooth[:, :, -1:])
            right_slope = torch.diff(smooth, dim=3, append=smooth[..., -1:])
            steepness = (down_slope.square() + right_slope.square() + TINY).sqrt()
            shrink = 1 + RATE / self.weight * steepness
            down = (down - RATE * down_slope) / shrink
            right = (right - RATE * right_slope) / shrink
            smooth = images - _divergence(down, right)
        return smooth

    def _hard_forward(self, images: Tensor, generator: Generator | None) -> Tensor:
        """The library's result forwards, the iteration backwards."""
        smooth = self._projected(images, generator)
        return smooth + (self(images.detach()) - smooth).detach()


def _divergence(down: Tensor, right: Tensor) -> Tensor:
    """How much more flows out of every pixel than into it, (n, c, h, w)."""
    vertical = torch.diff(down, dim=2, prepend=torch.zeros_like(down[:, :, :1]))
    horizontal = torch.diff(right, dim=3, prepend=torch.zeros_like(right[..., :1]))
    return vertical + horizontal
