"""Purification by LQ-VAE (Kyatham, Mishra & Prathosh, 2019, arXiv 1903.09940)."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Generator, Tensor
from typing_extensions import override

from core.defenses.base import BasePurifier, straight_through
from core.models.lq_vae import LqVae
from core.models.quantizers import Quantizer
from core.types import Surrogate

TEMPERATURES: Mapping[str, float] = {
    "wide_quantizer": 8.0,
    "soft_quantizer": 1.0,
    "sharp_quantizer": 0.25,
    "sharper_quantizer": 0.15,
}
"""Soft quantizers by name, from one so soft that latents far from a wall still carry a gradient,
over the one in training, to two so sharp that they are nearly the hard one."""

WIDE, SHARP = TEMPERATURES["wide_quantizer"], TEMPERATURES["sharp_quantizer"]


class LqVaePurifier(BasePurifier):
    """Encodes an image, quantizes the posterior mean to bits and decodes the bits.

    Attributes:
        chains: Surrogates from soft to sharp, for an attack that goes from one to the next.
    """

    chains: ClassVar[tuple[tuple[str, ...], ...]] = (
        tuple(TEMPERATURES),
        ("straight_input", "straight_sharp"),
    )

    def __init__(self, model: LqVae) -> None:
        self.model = model

    @property
    @override
    def image_shape(self) -> tuple[int, ...]:
        return self.model.image_shape

    @property
    def quantizer(self) -> Quantizer:
        """The quantizer between encoder and decoder."""
        return self.model.quantizer

    @property
    @override
    def surrogates(self) -> Mapping[str, Surrogate]:
        """Ways to a gradient, softer quantizers before sharper ones; the worst outcome counts."""
        decode = self.model.hard_decoder

        def soft(temperature: float, *, straight: bool = False) -> Surrogate:
            return lambda images, generator: decode(
                self._soft(images, generator, temperature, straight=straight)
            )

        return {
            **{name: soft(temperature) for name, temperature in TEMPERATURES.items()},
            "hard_forward": lambda images, generator: decode(self._hard_forward(images, generator)),
            "straight_input": soft(WIDE, straight=True),
            "straight_sharp": soft(SHARP, straight=True),
            "soft_decoder": lambda images, generator: self.model.soft_decoder(
                self._soft(images, generator, 1.0)
            ),
            "identity": straight_through(self),
        }

    def code(self, images: Tensor, *, generator: Generator | None = None) -> Tensor:
        """Bits (n, d) in {-1, +1} of images (n, c, h, w) in [0, 1]."""
        return self.quantizer.bits(self.latents(images, generator))

    def latents(
        self, images: Tensor, generator: Generator | None = None, *, straight: bool = False
    ) -> Tensor:
        """The latents (n, d) that are quantized: the posterior mean; see ``LqVae.encode``."""
        return self.model.encode(images, straight=straight)[0]

    @override
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        purified: Tensor = self.model.hard_decoder(self.code(images, generator=generator))
        return purified

    def _soft(
        self,
        images: Tensor,
        generator: Generator | None,
        temperature: float,
        *,
        straight: bool = False,
    ) -> Tensor:
        return self.quantizer.soft(self.latents(images, generator, straight=straight), temperature)

    def _hard_forward(self, images: Tensor, generator: Generator | None) -> Tensor:
        """True bits forwards, the wide soft quantizer backwards."""
        latents = self.latents(images, generator)
        soft = self.quantizer.soft(latents, WIDE)
        return soft + (self.quantizer.bits(latents) - soft).detach()


class NoisyLqVaePurifier(LqVaePurifier):
    """The authors' inference: the latent is sampled, so every call gives another code."""

    random = True

    @override
    def latents(
        self, images: Tensor, generator: Generator | None = None, *, straight: bool = False
    ) -> Tensor:
        mean, log_var = self.model.encode(images, straight=straight)
        noise = torch.randn(mean.shape, generator=generator, device=mean.device)
        return self.model.noisy_latents(mean, log_var, noise)
