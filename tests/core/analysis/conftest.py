from collections.abc import Mapping

import pytest
import torch
from torch import Generator, Tensor, nn

from core.models.quantizers import SignQuantizer
from core.types import Classifier, Surrogate


class Halves:
    """A purifier with a code: each of four quarters of the image becomes black or white."""

    random = False
    quiet: frozenset[str] = frozenset()
    quantizer = SignQuantizer()

    @property
    def surrogates(self) -> Mapping[str, Surrogate]:
        return {
            "identity": lambda images, generator: images,
            "smooth": lambda images, generator: torch.sigmoid(20 * (images - 0.5)),
        }

    def code(self, images: Tensor, *, generator: Generator | None = None) -> Tensor:
        quarters = nn.functional.avg_pool2d(images, 4).flatten(1)  # (n, 4)
        return self.quantizer.bits(quarters - 0.5)

    def __call__(self, images: Tensor, *, generator: Generator | None = None) -> Tensor:
        bits = self.code(images).view(-1, 1, 2, 2)
        return nn.functional.interpolate((bits + 1) / 2, scale_factor=4)


@pytest.fixture
def purifier() -> Halves:
    return Halves()


@pytest.fixture
def classifier() -> Classifier:
    """Says how bright an image of 8 x 8 is, in four classes."""

    def brightness(images: Tensor) -> Tensor:
        mean = images.flatten(1).mean(dim=1, keepdim=True)
        return -200 * (mean - torch.tensor([0.2, 0.45, 0.7, 0.95])).square()

    return brightness


@pytest.fixture
def image() -> Tensor:
    """A picture (1, 8, 8) of brightness class 2: three quarters bright, one dark."""
    picture = torch.full((1, 8, 8), 0.75)
    picture[:, :4, :4] = 0.1
    return picture
