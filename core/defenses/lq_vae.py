"""Purification by LQ-VAE (Kyatham, Mishra & Prathosh, 2019, arXiv 1903.09940)."""

from collections.abc import Mapping

import torch
from torch import Generator, Tensor
from typing_extensions import override

from core.defenses.base import BasePurifier, straight_through
from core.models.lq_vae import LqVae
from core.models.quantizers import Quantizer
from core.types import Surrogate

WIDE_TEMPERATURE = 8.0
"""Softens the soft quantizer until latents far from a wall still carry a gradient."""


class LqVaePurifier(BasePurifier):
    """Encodes an image, quantizes the posterior mean to bits and decodes the bits."""

    def __init__(self, model: LqVae) -> None:
        self.model = model

    @property
    def quantizer(self) -> Quantizer:
        """The quantizer between encoder and decoder."""
        return self.model.quantizer

    @property
    @override
    def surrogates(self) -> Mapping[str, Surrogate]:
        """Six ways to a gradient, the best on most models first; the worst outcome counts."""
        decode = self.model.hard_decoder
        return {
            "soft_quantizer": lambda images, generator: decode(self._soft(images, generator, 1.0)),
            "wide_quantizer": lambda images, generator: decode(
                self._soft(images, generator, WIDE_TEMPERATURE)
            ),
            "hard_forward": lambda images, generator: decode(self._hard_forward(images, generator)),
            "straight_input": lambda images, generator: decode(
                self._soft(images, generator, WIDE_TEMPERATURE, straight=True)
            ),
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
        soft = self.quantizer.soft(latents, WIDE_TEMPERATURE)
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
