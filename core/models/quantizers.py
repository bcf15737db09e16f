"""Latent quantizers: from real latents to bits in {-1, +1}, and their soft versions.

Each is a small frozen object. ``bits`` is what the purifier uses, ``soft`` is the differentiable
stand-in through which the encoder is trained, ``walls`` are the latent values at which a bit
changes; walls and bits share one comparison, so a drawn wall is the decision threshold itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional
from typing_extensions import override


class Quantizer(Protocol):
    """From latents (n, d) of any real value to bits (n, d) in {-1, +1}."""

    @property
    def noise_scale(self) -> float:
        """Standard deviation of the latent noise for a unit posterior sigma."""

    @property
    def walls(self) -> tuple[float, ...]:
        """The latent values at which a bit changes, ascending."""

    def bits(self, latents: Tensor) -> Tensor:
        """Hard bits; a latent exactly on a wall counts as +1."""

    def soft(self, latents: Tensor, temperature: float = 1.0) -> Tensor:
        """Differentiable bits in [-1, 1]; a higher temperature gives wider gradients."""


@dataclass(frozen=True, kw_only=True)
class BandQuantizer(Quantizer):
    """The LQ-VAE authors' quantizer: +1 inside the band |z| <= t, -1 outside (arXiv 1903.09940).

    The sign of a latent is lost on purpose: the bit says whether the latent lies in the band.

    Attributes:
        threshold: Half the width t of the band.
        sharpness: Factor inside the softsign of the soft version.
    """

    threshold: float = 0.1
    sharpness: float = 500.0

    @property
    @override
    def noise_scale(self) -> float:
        return 0.5 * self.threshold

    @property
    @override
    def walls(self) -> tuple[float, ...]:
        return (-self.threshold, self.threshold)

    @override
    def bits(self, latents: Tensor) -> Tensor:
        return torch.where(latents.abs() <= self.threshold, 1.0, -1.0)

    @override
    def soft(self, latents: Tensor, temperature: float = 1.0) -> Tensor:
        margin = self.threshold**2 - latents.square()
        return functional.softsign(margin * (self.sharpness / temperature))


@dataclass(frozen=True, kw_only=True)
class SignQuantizer(Quantizer):
    """One wall at zero: the bit is the sign of the latent, so a standard normal uses it evenly.

    Attributes:
        sharpness: Factor inside the softsign of the soft version.
        noise: Standard deviation of the latent noise for a unit posterior sigma.
    """

    sharpness: float = 5.0
    noise: float = 0.3

    @property
    @override
    def noise_scale(self) -> float:
        return self.noise

    @property
    @override
    def walls(self) -> tuple[float, ...]:
        return (0.0,)

    @override
    def bits(self, latents: Tensor) -> Tensor:
        return torch.where(latents >= 0.0, 1.0, -1.0)

    @override
    def soft(self, latents: Tensor, temperature: float = 1.0) -> Tensor:
        return functional.softsign(latents * (self.sharpness / temperature))


QUANTIZERS: Mapping[str, type[BandQuantizer] | type[SignQuantizer]] = {
    "band": BandQuantizer,
    "sign": SignQuantizer,
}
