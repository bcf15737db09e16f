"""LQ-VAE (Kyatham, Mishra & Prathosh, 2019, arXiv 1903.09940): a VAE with a quantized latent.

The layers are compact (see ``layers``) instead of the authors' 3x3 convolutions at 64-128
channels; loss, quantizer and the two decoders are theirs.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from core.models.layers import Decoder, encoder, initialise, latent_head
from core.models.quantizers import QUANTIZERS, Quantizer


class LqVae(nn.Module):
    """Encoder f, quantizer H, decoder g on hard bits and decoder h on soft ones.

    Args:
        image_shape: (c, h, w); h and w are multiples of 4.
        latent_size: Number of latents d; the quantizer makes one or more bits of each.
        widths: Channels of the two strided convolutions, used in reverse by the decoders.
        hidden: Units of the dense layer between convolutions and latents; None leaves it out,
            so that the latents lie on a grid of a quarter of the image's side.
        blocks: Residual blocks of encoder and decoders.
        quantizer: A row of ``QUANTIZERS``.
        quantizer_arguments: Constructor arguments of that quantizer.
        threshold_sharpness: Start value of a learned soft threshold on the pixels; None feeds
            the pixels as they are, as the authors do.
    """

    def __init__(  # noqa: PLR0913  the shape of a network is its arguments
        self,
        *,
        image_shape: Sequence[int] = (1, 28, 28),
        latent_size: int = 64,
        widths: Sequence[int] = (32, 64),
        hidden: int | None = 384,
        blocks: int = 0,
        quantizer: str = "band",
        quantizer_arguments: Mapping[str, Any] | None = None,
        threshold_sharpness: float | None = None,
    ) -> None:
        super().__init__()
        self.image_shape = tuple(image_shape)
        self.latent_size = latent_size
        self.quantizer: Quantizer = QUANTIZERS[quantizer](**(quantizer_arguments or {}))
        self.code_size = latent_size * self.quantizer.bits_per_latent
        self.encoder = encoder(
            image_shape, widths, hidden, blocks=blocks, threshold_sharpness=threshold_sharpness
        )
        self.mean_head = latent_head(image_shape, widths, hidden, latent_size)
        self.log_var_head = latent_head(image_shape, widths, hidden, latent_size)
        self.hard_decoder = Decoder(self.code_size, image_shape, widths, hidden, blocks=blocks)
        self.soft_decoder = Decoder(self.code_size, image_shape, widths, hidden, blocks=blocks)
        self.apply(initialise)

    def encode(self, images: Tensor, *, straight: bool = False) -> tuple[Tensor, Tensor]:
        """Posterior mean and log variance of a batch.

        Args:
            images: Images (n, c, h, w) in [0, 1].
            straight: Let gradients pass the soft threshold of the pixels as if it were a line,
                for an attacker whom its flat ends would blind.

        Returns:
            Mean and log variance, each (n, d).
        """
        seen = self.encoder[0](images)
        if straight:
            line = 2 * images - 1
            seen = line + (seen - line).detach()
        features = self.encoder[1:](seen)
        return self.mean_head(features), self.log_var_head(features)

    def noisy_latents(self, mean: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
        """The sampled latent: the noise is scaled down to the size of the quantizer's cells."""
        return mean + self.quantizer.noise_scale * torch.exp(0.5 * log_var) * noise

    def code(self, images: Tensor) -> Tensor:
        """The bits (n, code size) in {-1, +1} of the posterior mean."""
        return self.quantizer.bits(self.encode(images)[0])
