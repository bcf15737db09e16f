"""Bit depth reduction (Xu, Evans & Qi, 2018, arXiv 1704.01155): round every pixel to few levels."""

from collections.abc import Mapping

import torch
from torch import Generator, Tensor
from typing_extensions import override

from core.defenses.base import BasePurifier, straight_through
from core.types import Surrogate


class BitDepth(BasePurifier):
    """Rounds pixels to 2^bits levels; one bit is a threshold at 0.5.

    Args:
        bits: Bits a pixel and channel, 1 to 8.
    """

    def __init__(self, *, bits: int = 1) -> None:
        if not 1 <= bits <= 8:
            raise ValueError(f"bits must be 1 to 8, got {bits}")
        self.steps = 2**bits - 1

    @property
    @override
    def surrogates(self) -> Mapping[str, Surrogate]:
        return {"identity": straight_through(self), "soft_steps": self._soft_steps}

    @override
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        # A pixel exactly between two levels goes up; round() would send it to the even one.
        rounded: Tensor = torch.floor(images * self.steps + 0.5) / self.steps
        return rounded

    def _soft_steps(self, images: Tensor, generator: Generator | None) -> Tensor:
        """Steep but smooth stairs, so that gradients know how far the next step is."""
        scaled = images * self.steps
        below = torch.floor(scaled.detach()).clamp(0, self.steps - 1)
        stairs: Tensor = (below + torch.sigmoid(10 * (scaled - below - 0.5))) / self.steps
        return stairs
