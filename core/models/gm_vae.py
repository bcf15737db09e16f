"""The Gaussian-mixture VAE of Ghosh, Losalka & Black (2019, arXiv 1806.00081).

One Gaussian a class around a fixed mean; the encoder gives the mean of its posterior alone, so
that the posterior's entropy is the same for every image.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from typing_extensions import override

from core.models.layers import Decoder, encoder, initialise, latent_head

VARIANCE = 1 / 3000
"""Of the latent noise, as the paper has it for MNIST."""


class GmVae(nn.Module):
    """Encoder to one latent point an image, decoder from it, and a mean for every class.

    Args:
        image_shape: (c, h, w); h and w are multiples of 4.
        classes: Number of classes k; their means are the one-hot vectors.
        latent_size: Number of latents d, k at least; the means are padded with zeros.
        widths: Channels of the two strided convolutions, used in reverse by the decoder.
        hidden: Units of the dense layer.
        blocks: Residual blocks of the encoder.
        variance: Of the noise around f(x), in every latent.
        variable: The encoder gives a variance of its own for every image and latent, which the
            paper compares with.

    Raises:
        ValueError: There are fewer latents than classes, or the variance is not positive.
    """

    means: Tensor

    def __init__(  # noqa: PLR0913  the shape of a network is its arguments
        self,
        *,
        image_shape: Sequence[int] = (1, 28, 28),
        classes: int = 10,
        latent_size: int = 10,
        widths: Sequence[int] = (32, 64),
        hidden: int = 64,
        blocks: int = 0,
        variance: float = VARIANCE,
        variable: bool = False,
    ) -> None:
        super().__init__()
        if latent_size < classes:
            raise ValueError(
                f"one-hot means of {classes} classes need as many latents, got {latent_size}"
            )
        if variance <= 0:
            raise ValueError(f"variance must be above 0, got {variance}")
        self.image_shape = tuple(image_shape)
        self.classes = classes
        self.latent_size = latent_size
        self.variance = variance
        self.encoder = encoder(image_shape, widths, hidden, blocks=blocks)
        self.mean_head = latent_head(image_shape, widths, hidden, latent_size)
        self.log_var_head = (
            latent_head(image_shape, widths, hidden, latent_size) if variable else None
        )
        self.decoder: nn.Module = Decoder(latent_size, image_shape, widths, hidden)
        self.apply(initialise)
        # A constant, which no file needs to hold.
        self.register_buffer("means", torch.eye(classes, latent_size), persistent=False)

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean f(x) (n, d) and variance (n, d) of the posterior of images (n, c, h, w)."""
        features = self.encoder(images)
        mean: Tensor = self.mean_head(features)
        if self.log_var_head is None:
            return mean, torch.full_like(mean, self.variance)
        return mean, self.log_var_head(features).exp()

    def distances(self, latents: Tensor) -> Tensor:
        """Squared distances (n, k) of latents (n, d) to the means of the classes."""
        # As a product; the differences themselves would take (n, k, d) numbers.
        squares = latents.square().sum(1, keepdim=True)
        return squares - 2 * latents @ self.means.T + self.means.square().sum(1)

    @override
    def forward(self, images: Tensor) -> Tensor:
        """The nearest mean as logits (n, k): minus the squared distances of f(x).

        They are not divided by the variance of a class, as a posterior would have them: its
        softmax is 0 or 1 to the last bit almost everywhere, and an attack on its cross-entropy
        would see no gradient. The class is the same.
        """
        return -self.distances(self.encode(images)[0])
