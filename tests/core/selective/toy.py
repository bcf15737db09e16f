"""A mixture whose answers are known: four classes, each a quarter of an 8 x 8 picture."""

import torch
from torch import Tensor, nn
from typing_extensions import override

from core.models.gm_vae import GmVae
from core.selective import GmVaeClassifier, Statistics, Thresholds

VARIANCE = 0.01
STATISTICS = Statistics(variance=VARIANCE, error_mean=0.2, error_deviation=0.1, n=100)


class Quarters(nn.Module):
    """Latents (n, 4) to pictures whose quarters have these greys."""

    @override
    def forward(self, latents: Tensor) -> Tensor:
        greys = latents.view(-1, 1, 2, 2)
        return greys.repeat_interleave(4, 2).repeat_interleave(4, 3)


class Toy(GmVae):
    """Encodes the mean grey of every quarter, and decodes flat quarters from it."""

    def __init__(self) -> None:
        super().__init__(image_shape=(1, 8, 8), classes=4, latent_size=4, widths=(1, 1), hidden=1)
        self.decoder = Quarters()

    @override
    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        greys = nn.functional.avg_pool2d(images, 4).flatten(1)
        return greys, torch.full_like(greys, self.variance)


def toy(*, latent: float | None = None, output: float | None = None) -> GmVaeClassifier:
    """The toy as a selective classifier, with limits of one's own."""
    model = Toy().eval().requires_grad_(False)
    usual = Thresholds.calibrated(STATISTICS, 4)
    limits = Thresholds(
        latent=usual.latent if latent is None else latent,
        output=usual.output if output is None else output,
    )
    return GmVaeClassifier(model, STATISTICS, limits)


def picture(*greys: float) -> Tensor:
    """A picture (1, 1, 8, 8) of flat quarters."""
    made: Tensor = Quarters()(torch.tensor([greys], dtype=torch.float32))
    return made


def pictures() -> tuple[Tensor, Tensor]:
    """A clean picture of every class, twice, (8, 1, 8, 8), and the labels (8,)."""
    made: Tensor = Quarters()(torch.eye(4).repeat(2, 1))
    return made, torch.arange(4).repeat(2)
