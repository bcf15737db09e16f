"""LQ-VAE (Kyatham, Mishra & Prathosh, 2019, arXiv 1903.09940): a VAE with a quantized latent.

The layers are strided 4x4 convolutions of compact width instead of the authors' 3x3 ones at
64-128 channels; loss, quantizer and the two decoders are theirs.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from typing_extensions import override

from core.models.quantizers import QUANTIZERS, Quantizer

LEAK = 0.2


class SoftThreshold(nn.Module):
    """A learned saturating curve per pixel: flat near 0 and 1, so small changes there vanish.

    Maps pixels in [0, 1] to [-1, 1] by tanh(s (x - m)) / tanh(s / 2), with s and m learned.
    """

    def __init__(self, sharpness: float) -> None:
        super().__init__()
        self.sharpness = nn.Parameter(torch.tensor(sharpness))
        self.middle = nn.Parameter(torch.tensor(0.5))

    @override
    def forward(self, images: Tensor) -> Tensor:
        curve = torch.tanh(self.sharpness * (images - self.middle))
        return curve / torch.tanh(self.sharpness / 2)


class FullRange(nn.Module):
    """Pixels in [0, 1] to the authors' range [-1, 1]."""

    @override
    def forward(self, images: Tensor) -> Tensor:
        return 2 * images - 1


class Decoder(nn.Sequential):
    """Codes (n, code size) to images (n, c, h, w) in [0, 1]."""

    def __init__(
        self, code_size: int, image_shape: Sequence[int], widths: Sequence[int], hidden: int
    ) -> None:
        channels, height, width = image_shape
        first, second = widths
        super().__init__(
            nn.Linear(code_size, hidden),
            nn.LeakyReLU(LEAK),
            nn.Linear(hidden, second * (height // 4) * (width // 4)),
            nn.LeakyReLU(LEAK),
            nn.Unflatten(1, (second, height // 4, width // 4)),
            nn.ConvTranspose2d(second, first, 4, stride=2, padding=1),
            nn.LeakyReLU(LEAK),
            nn.ConvTranspose2d(first, channels, 4, stride=2, padding=1),
            # The sigmoid of twice a value is the tanh of the authors' [-1, 1] range, shifted.
            ShiftedTanh(),
        )


class ShiftedTanh(nn.Module):
    """Any real value to [0, 1], as the authors' tanh does on [-1, 1]."""

    @override
    def forward(self, values: Tensor) -> Tensor:
        return (torch.tanh(values) + 1) / 2


class LqVae(nn.Module):
    """Encoder f, quantizer H, decoder g on hard bits and decoder h on soft ones.

    Args:
        image_shape: (c, h, w); h and w are multiples of 4.
        latent_size: Number of latents d; the quantizer makes one or more bits of each.
        widths: Channels of the two strided convolutions, used in reverse by the decoders.
        hidden: Units of the dense layer between convolutions and latents.
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
        hidden: int = 384,
        quantizer: str = "band",
        quantizer_arguments: Mapping[str, Any] | None = None,
        threshold_sharpness: float | None = None,
    ) -> None:
        super().__init__()
        channels, height, width = image_shape
        if height % 4 or width % 4:
            raise ValueError(f"height and width must be multiples of 4, got {height}x{width}")
        first, second = widths
        self.image_shape = tuple(image_shape)
        self.latent_size = latent_size
        self.quantizer: Quantizer = QUANTIZERS[quantizer](**(quantizer_arguments or {}))
        self.code_size = latent_size * self.quantizer.bits_per_latent
        self.encoder = nn.Sequential(
            FullRange() if threshold_sharpness is None else SoftThreshold(threshold_sharpness),
            nn.Conv2d(channels, first, 4, stride=2, padding=1),
            nn.LeakyReLU(LEAK),
            nn.Conv2d(first, second, 4, stride=2, padding=1),
            nn.LeakyReLU(LEAK),
            nn.Flatten(),
            nn.Linear(second * (height // 4) * (width // 4), hidden),
            nn.LeakyReLU(LEAK),
        )
        self.mean_head = nn.Linear(hidden, latent_size)
        self.log_var_head = nn.Linear(hidden, latent_size)
        self.hard_decoder = Decoder(self.code_size, image_shape, widths, hidden)
        self.soft_decoder = Decoder(self.code_size, image_shape, widths, hidden)
        self.apply(_initialise)

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


def _initialise(module: nn.Module) -> None:
    """Glorot-uniform weights and zero biases, the default of the authors' framework."""
    if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
