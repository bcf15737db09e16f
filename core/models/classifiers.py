"""Classifiers A to F, as the Defense-GAN and LQ-VAE papers name them.

Table of architectures in the appendix of Samangouei, Kabkab & Chellappa (2018, arXiv 1805.06605).
Dropout arguments are drop rates. Every output unit starts with incoming weights of L2 norm 1.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from typing_extensions import override


class _Classifier(nn.Module):
    """Images (n, c, h, w) in [0, 1] to logits (n, k)."""

    def __init__(self, layers: Sequence[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)
        self.apply(_initialise)

    @override
    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.layers(images)
        return logits


class ClassifierA(_Classifier):
    """conv5 64, conv5 64 stride 2, dense 128."""

    def __init__(self, *, image_shape: Sequence[int] = (1, 28, 28), classes: int = 10) -> None:
        first = nn.Conv2d(image_shape[0], 64, 5, padding=2)
        super().__init__(_with_dense_end(first, image_shape, classes))


class ClassifierB(_Classifier):
    """Dropout on the pixels, conv8 64 stride 2, conv6 128 stride 2, conv5 128."""

    def __init__(self, *, image_shape: Sequence[int] = (1, 28, 28), classes: int = 10) -> None:
        layers = _three_convolutions(image_shape)
        end = _linear_end(image_shape, classes)
        super().__init__([nn.Dropout(0.2), *layers, nn.Dropout(0.5), *end])


class ClassifierC(_Classifier):
    """conv3 128, conv5 64 stride 2, dense 128."""

    def __init__(self, *, image_shape: Sequence[int] = (1, 28, 28), classes: int = 10) -> None:
        first = nn.Conv2d(image_shape[0], 128, 3, padding=1)
        super().__init__(_with_dense_end(first, image_shape, classes))


class ClassifierD(_Classifier):
    """Two dense layers of 200, with dropout between them."""

    def __init__(self, *, image_shape: Sequence[int] = (1, 28, 28), classes: int = 10) -> None:
        first, second, last = _dense_layers(image_shape, classes)
        super().__init__([nn.Flatten(), first, nn.ReLU(), nn.Dropout(0.5), second, nn.ReLU(), last])


class ClassifierE(_Classifier):
    """D without dropout: what the black-box attacker trains as a substitute."""

    def __init__(self, *, image_shape: Sequence[int] = (1, 28, 28), classes: int = 10) -> None:
        first, second, last = _dense_layers(image_shape, classes)
        super().__init__([nn.Flatten(), first, nn.ReLU(), second, nn.ReLU(), last])


class ClassifierF(_Classifier):
    """B without both dropouts."""

    def __init__(self, *, image_shape: Sequence[int] = (1, 28, 28), classes: int = 10) -> None:
        layers = _three_convolutions(image_shape)
        super().__init__([*layers, *_linear_end(image_shape, classes)])


def _three_convolutions(image_shape: Sequence[int]) -> list[nn.Module]:
    """The convolutions of B and F."""
    return [
        nn.Conv2d(image_shape[0], 64, 8, stride=2, padding=3),
        nn.ReLU(),
        nn.Conv2d(64, 128, 6, stride=2),
        nn.ReLU(),
        nn.Conv2d(128, 128, 5),
        nn.ReLU(),
    ]


def _linear_end(image_shape: Sequence[int], classes: int) -> list[nn.Module]:
    """What follows them."""
    _, height, width = image_shape
    rows, columns = (((side // 2 - 4) // 2) - 4 for side in (height, width))
    return [nn.Flatten(), nn.Linear(128 * rows * columns, classes)]


def _dense_layers(image_shape: Sequence[int], classes: int) -> tuple[nn.Module, ...]:
    """The three dense layers of D and E."""
    values = math.prod(image_shape)
    return nn.Linear(values, 200), nn.Linear(200, 200), nn.Linear(200, classes)


def _with_dense_end(first: nn.Conv2d, image_shape: Sequence[int], classes: int) -> list[nn.Module]:
    """What A and C have in common after their first convolution, which keeps the image size."""
    _, height, width = image_shape
    return [
        first,
        nn.ReLU(),
        nn.Conv2d(first.out_channels, 64, 5, stride=2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.25),
        nn.Linear(64 * ((height - 3) // 2) * ((width - 3) // 2), 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, classes),
    ]


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Conv2d):
        with torch.no_grad():
            module.weight.normal_()
            norms = module.weight.flatten(1).norm(dim=1)
            module.weight /= norms.view(-1, *[1] * (module.weight.dim() - 1))
            if module.bias is not None:
                module.bias.zero_()
