"""Layers that the autoencoders share: pixels to features, features to latents, latents to pixels.

The layers are strided 4x4 convolutions of compact width. With dense layers (``hidden``) a latent
sees the whole image; without them the latents lie on a grid a quarter of the image's side, each
seeing its own neighbourhood, which keeps more detail for fewer weights.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from typing_extensions import override

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
    """Pixels in [0, 1] to the LQ-VAE authors' range [-1, 1]."""

    @override
    def forward(self, images: Tensor) -> Tensor:
        return 2 * images - 1


class ShiftedTanh(nn.Module):
    """Any real value to [0, 1], as the LQ-VAE authors' tanh does on [-1, 1]."""

    @override
    def forward(self, values: Tensor) -> Tensor:
        return (torch.tanh(values) + 1) / 2


class Residual(nn.Module):
    """Two 3x3 convolutions whose result is added to what they see (n, c, h, w)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.LeakyReLU(LEAK),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.LeakyReLU(LEAK),
            nn.Conv2d(channels, channels, 3, padding=1),
        )

    @override
    def forward(self, features: Tensor) -> Tensor:
        changed: Tensor = features + self.change(features)
        return changed


def encoder(
    image_shape: Sequence[int],
    widths: Sequence[int],
    hidden: int | None,
    *,
    blocks: int = 0,
    threshold_sharpness: float | None = None,
) -> nn.Sequential:
    """Images (n, c, h, w) in [0, 1] to features: (n, hidden), or a grid without dense layers.

    Args:
        image_shape: (c, h, w); h and w are multiples of 4.
        widths: Channels of the two strided convolutions.
        hidden: Units of the dense layer; None leaves it out.
        blocks: Residual blocks after the convolutions.
        threshold_sharpness: See ``LqVae``.

    Raises:
        ValueError: Height or width is no multiple of 4.
    """
    channels, height, width = image_shape
    if height % 4 or width % 4:
        raise ValueError(f"height and width must be multiples of 4, got {height}x{width}")
    first, second = widths
    layers: list[nn.Module] = [
        FullRange() if threshold_sharpness is None else SoftThreshold(threshold_sharpness),
        nn.Conv2d(channels, first, 4, stride=2, padding=1),
        nn.LeakyReLU(LEAK),
        nn.Conv2d(first, second, 4, stride=2, padding=1),
        *(Residual(second) for _ in range(blocks)),
        nn.LeakyReLU(LEAK),
    ]
    if hidden is not None:
        cells = (height // 4) * (width // 4)
        layers += [nn.Flatten(), nn.Linear(second * cells, hidden), nn.LeakyReLU(LEAK)]
    return nn.Sequential(*layers)


class GridHead(nn.Conv2d):
    """A grid of features (n, f, h, w) to latents (n, c * h * w), place by place."""

    def __init__(self, features: int, channels: int) -> None:
        super().__init__(features, channels, 1)

    @override
    def forward(self, features: Tensor) -> Tensor:
        return super().forward(features).flatten(1)


def latent_head(
    image_shape: Sequence[int], widths: Sequence[int], hidden: int | None, latent_size: int
) -> nn.Linear | GridHead:
    """From the features of ``encoder`` to ``latent_size`` values an image, (n, d)."""
    if hidden is not None:
        return nn.Linear(hidden, latent_size)
    return GridHead(widths[1], _grid_channels(image_shape, latent_size))


class Decoder(nn.Sequential):
    """Codes or latents (n, code size) to images (n, c, h, w) in [0, 1].

    Args:
        code_size: Values an image is decoded from.
        image_shape: (c, h, w) of the images.
        widths: Channels of the encoder's convolutions, used in reverse.
        hidden: Units of the dense layer; None reads the code as a grid of features.
        blocks: Residual blocks before the convolutions.
    """

    def __init__(
        self,
        code_size: int,
        image_shape: Sequence[int],
        widths: Sequence[int],
        hidden: int | None,
        *,
        blocks: int = 0,
    ) -> None:
        channels, height, width = image_shape
        first, second = widths
        rows, columns = height // 4, width // 4
        if hidden is None:
            cells = _grid_channels(image_shape, code_size)
            layers: list[nn.Module] = [
                nn.Unflatten(1, (cells, rows, columns)),
                nn.Conv2d(cells, second, 3, padding=1),
            ]
        else:
            layers = [
                nn.Linear(code_size, hidden),
                nn.LeakyReLU(LEAK),
                nn.Linear(hidden, second * rows * columns),
                nn.LeakyReLU(LEAK),
                nn.Unflatten(1, (second, rows, columns)),
            ]
        layers += [Residual(second) for _ in range(blocks)]
        if hidden is None or blocks:
            layers.append(nn.LeakyReLU(LEAK))
        super().__init__(
            *layers,
            nn.ConvTranspose2d(second, first, 4, stride=2, padding=1),
            nn.LeakyReLU(LEAK),
            nn.ConvTranspose2d(first, channels, 4, stride=2, padding=1),
            # The sigmoid of twice a value is the tanh of the authors' [-1, 1] range, shifted.
            ShiftedTanh(),
        )


def initialise(module: nn.Module) -> None:
    """Glorot-uniform weights and zero biases, the default of the LQ-VAE authors' framework."""
    if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _grid_channels(image_shape: Sequence[int], size: int) -> int:
    """Values that each place of the grid holds.

    Raises:
        ValueError: They cannot be shared out evenly.
    """
    _, height, width = image_shape
    places = (height // 4) * (width // 4)
    if size % places:
        raise ValueError(
            f"without dense layers the latents lie on a grid of {height // 4}x{width // 4}: "
            f"their number must be a multiple of {places}, got {size}"
        )
    return size // places
