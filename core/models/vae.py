"""Variational autoencoders (Kingma & Welling, 2014, arXiv 1312.6114) of whole images or patches."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from core.models.layers import Decoder, encoder, initialise, latent_head


class Vae(nn.Module):
    """Encoder to a normal posterior, decoder from its latents: the layers of ``LqVae``.

    Args:
        image_shape: (c, h, w) of an image or a patch; h and w are multiples of 4.
        latent_size: Number of latents d.
        widths: Channels of the two strided convolutions, used in reverse by the decoder.
        hidden: Units of the dense layer; None leaves it out.
        blocks: Residual blocks of encoder and decoder.
    """

    def __init__(
        self,
        *,
        image_shape: Sequence[int] = (1, 28, 28),
        latent_size: int = 64,
        widths: Sequence[int] = (32, 64),
        hidden: int | None = 384,
        blocks: int = 0,
    ) -> None:
        super().__init__()
        self.image_shape = tuple(image_shape)
        self.latent_size = latent_size
        self.encoder = encoder(image_shape, widths, hidden, blocks=blocks)
        self.mean_head = latent_head(image_shape, widths, hidden, latent_size)
        self.log_var_head = latent_head(image_shape, widths, hidden, latent_size)
        self.decoder = Decoder(latent_size, image_shape, widths, hidden, blocks=blocks)
        self.apply(initialise)

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Posterior mean and log variance, each (n, d), of images (n, c, h, w) in [0, 1]."""
        features = self.encoder(images)
        return self.mean_head(features), self.log_var_head(features)

    @staticmethod
    def noisy_latents(mean: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
        """A draw from the posterior, from standard normal noise (n, d)."""
        return mean + torch.exp(0.5 * log_var) * noise
