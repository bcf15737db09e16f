"""A tiny classifier that separates four noisy patterns, and quick settings for every attack."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from core.attacks import Attack, make_attack

QUICK: Mapping[str, Mapping[str, Any]] = {
    "pgd": {"steps": 10},
    "pgd_l2": {"steps": 10},
    "cw": {"searches": 3, "steps": 30, "learning_rate": 0.05},
    "square": {"squares": 100},
    "square_l2": {"epsilon": 4.0, "squares": 150},
    "apgd": {"steps": 8},
    "apgd_l2": {"steps": 8},
    "apgd_t": {"steps": 8},
    "eot_pgd": {"steps": 5, "draws": 2},
    "fab": {"steps": 8},
    "fab_linf": {"steps": 8},
    "fab_t": {"steps": 8},
    "one_pixel": {"pixels": 20, "generations": 3},
    "fooling": {"steps": 60},
    "adaptive": {"steps": 10, "targets": 2, "restarts": 0, "squares": 50, "rounds": 1},
    "adaptive_l2": {"steps": 10, "targets": 2, "restarts": 0, "squares": 0, "rounds": 1},
    "flips_l0": {"pixels": 60},
    "hop_skip_jump": {"rounds": 4, "probes": 40},
    "hop_skip_jump_linf": {"rounds": 4, "probes": 40},
}

CLASSES = 4
SIDE = 16


@dataclass(frozen=True)
class Tiny:
    """A trained classifier with 12 images (12, 1, 16, 16) it gets right."""

    net: nn.Sequential
    images: Tensor
    labels: Tensor

    @property
    def target(self) -> Tensor:
        return (self.labels + 1) % CLASSES


def quick(name: str) -> Attack:
    return make_attack(name, **QUICK.get(name, {}))


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def make_tiny() -> Tiny:
    images, labels = _patterns(256, seed=1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        net = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 14**2, 4))
    optimiser = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(60):
        loss = functional.cross_entropy(net(images), labels)
        for weights, slope in zip(
            net.parameters(), torch.autograd.grad(loss, list(net.parameters())), strict=True
        ):
            weights.grad = slope
        optimiser.step()
    net.zero_grad()
    net.eval().requires_grad_(requires_grad=False)
    images, labels = _patterns(12, seed=2)
    assert bool((net(images).argmax(dim=1) == labels).all())
    return Tiny(net, images, labels)


def _patterns(n: int, seed: int) -> tuple[Tensor, Tensor]:
    coarse = torch.rand((CLASSES, 1, 4, 4), generator=seeded(7))
    patterns = functional.interpolate(coarse, size=(SIDE, SIDE))
    labels = torch.arange(n) % CLASSES
    noise = 0.05 * torch.randn((n, 1, SIDE, SIDE), generator=seeded(seed))
    return (0.4 + 0.2 * patterns[labels] + noise).clamp(0, 1), labels
