"""The Wasserstein GAN behind Defense-GAN (Samangouei, Kabkab & Chellappa, 2018, arXiv 1805.06605).

Their layers at half the channels: a generator from a grid of 4x4 by three transposed convolutions
of 5x5, and a critic of three strided ones.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from typing_extensions import override

LEAK = 0.2
SEED_SIDE = 4
"""Side of the grid that the generator begins with."""


class Generator(nn.Module):
    """Latents (n, d) to images (n, c, 28, 28) in [0, 1].

    Args:
        latent_size: Number of latents d; they are drawn from a standard normal distribution.
        channels: Channels c of an image.
        widths: Channels of the first grid and after the first two transposed convolutions.
    """

    def __init__(
        self, *, latent_size: int = 128, channels: int = 1, widths: Sequence[int] = (128, 64, 32)
    ) -> None:
        super().__init__()
        first, second, third = widths
        self.latent_size = latent_size
        self.dense = nn.Linear(latent_size, first * SEED_SIDE**2)
        self.grid = nn.Unflatten(1, (first, SEED_SIDE, SEED_SIDE))
        self.to_8 = nn.ConvTranspose2d(first, second, 5, stride=2, padding=2, output_padding=1)
        self.to_14 = nn.ConvTranspose2d(second, third, 5, stride=2, padding=2, output_padding=1)
        self.to_28 = nn.ConvTranspose2d(third, channels, 5, stride=2, padding=2, output_padding=1)

    @override
    def forward(self, latents: Tensor) -> Tensor:
        features = self.grid(self.dense(latents).relu())
        # 8x8 is cut to 7x7, so that doubling it twice more gives 28x28.
        features = self.to_8(features)[:, :, :7, :7].relu()
        images: Tensor = self.to_28(self.to_14(features).relu()).sigmoid()
        return images


class Gan(nn.Module):
    """A generator of 28x28 images and the critic it was trained against.

    Args:
        latent_size: Number of latents d.
        channels: Channels of an image.
        widths: Channels of the generator's grids; the critic has them in reverse.
    """

    def __init__(
        self, *, latent_size: int = 128, channels: int = 1, widths: Sequence[int] = (128, 64, 32)
    ) -> None:
        super().__init__()
        self.latent_size = latent_size
        self.image_shape = (channels, 28, 28)
        self.generator = Generator(latent_size=latent_size, channels=channels, widths=widths)
        sizes = [channels, *reversed(widths)]
        layers: list[nn.Module] = []
        for before, after in pairwise(sizes):
            layers += [nn.Conv2d(before, after, 5, stride=2, padding=2), nn.LeakyReLU(LEAK)]
        side = math.ceil(28 / 8)
        self.critic = nn.Sequential(*layers, nn.Flatten(), nn.Linear(sizes[-1] * side**2, 1))

    @override
    def forward(self, latents: Tensor) -> Tensor:
        """Latents (n, d) to images (n, c, 28, 28) in [0, 1]."""
        images: Tensor = self.generator(latents)
        return images
