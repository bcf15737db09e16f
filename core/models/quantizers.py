"""Latent quantizers: from real latents to bits in {-1, +1}, and their soft versions.

Each is a small frozen object made of walls (the latent values at which a bit changes) and one
codeword for each cell between them. ``bits`` and ``cells`` follow from the same comparison with
the walls, so a drawn wall is the decision threshold itself. ``soft`` is the differentiable
stand-in through which the encoder is trained.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional
from typing_extensions import override

Codeword: TypeAlias = tuple[int, ...]
"""The bits in {-1, +1} of one cell of one latent."""


class Quantizer(ABC):
    """From latents (n, d) of any real value to bits (n, d * b) in {-1, +1}, b bits a latent.

    The bits of one latent lie side by side: bit j of latent i is number ``i * b + j``. Two cells
    side by side differ in one bit; a latent exactly on a wall is on the side where that bit is +1.
    """

    @property
    @abstractmethod
    def noise_scale(self) -> float:
        """Standard deviation of the latent noise for a unit posterior sigma."""

    @property
    @abstractmethod
    def walls(self) -> tuple[float, ...]:
        """The latent values at which a bit changes, ascending."""

    @property
    @abstractmethod
    def codewords(self) -> tuple[Codeword, ...]:
        """The bits of every cell, from the lowest latent to the highest: one more than walls."""

    @property
    def bits_per_latent(self) -> int:
        """How many bits b one latent gives."""
        return len(self.codewords[0])

    def cells(self, latents: Tensor) -> Tensor:
        """The cell of each latent (n, d), int64 from 0 (below all walls) to ``len(walls)``."""
        return torch.stack(self._crossed(latents)).sum(0)

    def bits(self, latents: Tensor) -> Tensor:
        """Hard bits (n, d * b); a latent exactly on a wall counts as +1."""
        crossed = self._crossed(latents)
        signs = [torch.where(beyond, -1.0, 1.0).to(latents.dtype) for beyond in crossed]
        return self._interleave([self._product(signs, bit) for bit in range(self.bits_per_latent)])

    @abstractmethod
    def soft(self, latents: Tensor, temperature: float = 1.0) -> Tensor:
        """Differentiable bits in [-1, 1]; a higher temperature gives wider gradients."""

    def _crossed(self, latents: Tensor) -> list[Tensor]:
        """For every wall whether a latent lies beyond it, ties on the side of +1."""
        cells = self.codewords
        return [
            latents >= wall if sum(above) > sum(below) else latents > wall
            for wall, below, above in zip(self.walls, cells, cells[1:], strict=False)
        ]

    def _product(self, signs: list[Tensor], bit: int) -> Tensor:
        """Bit number ``bit``: its value in the lowest cell, turned over at each of its walls."""
        cells = self.codewords
        value = torch.full_like(signs[0], cells[0][bit])
        for sign, below, above in zip(signs, cells, cells[1:], strict=False):
            if below[bit] != above[bit]:
                value = value * sign
        return value

    @staticmethod
    def _interleave(bits: list[Tensor]) -> Tensor:
        return bits[0] if len(bits) == 1 else torch.stack(bits, dim=-1).flatten(-2)


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

    @property
    @override
    def codewords(self) -> tuple[Codeword, ...]:
        return ((-1,), (1,), (-1,))

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

    @property
    @override
    def codewords(self) -> tuple[Codeword, ...]:
        return ((-1,), (1,))

    @override
    def soft(self, latents: Tensor, temperature: float = 1.0) -> Tensor:
        return functional.softsign(latents * (self.sharpness / temperature))


@dataclass(frozen=True, kw_only=True)
class UniformQuantizer(Quantizer):
    """Equally wide levels around zero, numbered by a Gray code (Gray, 1953, US patent 2632058).

    Two levels side by side differ in one bit, so a small move of the latent flips one bit and not
    several, as it would in plain binary.

    Attributes:
        bits_each: Bits a latent; there are 2 to the power of that many levels.
        step: Width of a level; the lowest and the highest have no end.
        sharpness: Slope of the soft version at a wall.
    """

    bits_each: int = 2
    step: float = 0.1
    sharpness: float = 100.0

    def __post_init__(self) -> None:
        if not 1 <= self.bits_each <= 4:
            raise ValueError(f"bits_each must be 1 to 4, got {self.bits_each}")
        if self.step <= 0:
            raise ValueError(f"step must be above 0, got {self.step}")

    @property
    @override
    def noise_scale(self) -> float:
        return 0.5 * self.step

    @property
    @override
    def walls(self) -> tuple[float, ...]:
        half = 2**self.bits_each // 2
        return tuple(self.step * place for place in range(1 - half, half))

    @property
    @override
    def codewords(self) -> tuple[Codeword, ...]:
        places = range(self.bits_each - 1, -1, -1)
        gray = [level ^ (level >> 1) for level in range(2**self.bits_each)]
        return tuple(tuple(1 if word >> place & 1 else -1 for place in places) for word in gray)

    @override
    def soft(self, latents: Tensor, temperature: float = 1.0) -> Tensor:
        slope = self.sharpness / temperature
        # A sign is +1 below its wall, as in ``bits``.
        signs = [functional.softsign((wall - latents) * slope) for wall in self.walls]
        return self._interleave([self._product(signs, bit) for bit in range(self.bits_each)])


QUANTIZERS: Mapping[str, type[BandQuantizer] | type[SignQuantizer] | type[UniformQuantizer]] = {
    "band": BandQuantizer,
    "sign": SignQuantizer,
    "uniform": UniformQuantizer,
}
