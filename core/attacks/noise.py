"""Random noise: the control experiment beside every attack, which knows nothing of the classifier.

In high dimensions a random perturbation has to be far larger than an adversarial one to change
the class (Fawzi, Moosavi-Dezfooli & Frossard, 2016, arXiv 1608.08967).
"""

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Generator, Tensor

from core.attacks.base import Attack, Norm, control
from core.attacks.problem import Problem, Proposal, norms


@dataclass(frozen=True, kw_only=True)
class Noise(Attack):
    """Noise that changes every value by at most epsilon.

    Attributes:
        kind: "sign" moves every value by exactly epsilon, up or down; "uniform" by less.
    """

    title: ClassVar[str] = "Random noise"
    summary: ClassVar[str] = "The control: noise of the same budget, without looking at the model."
    norm: ClassVar[Norm] = "linf"
    iterative: ClassVar[bool] = False
    targetable: ClassVar[bool] = False
    gradient_free: ClassVar[bool] = True
    epsilon: float | None = field(
        default=0.3,
        metadata=control(
            low=0.0, high=0.5, step=0.01, help="Largest change of one pixel value, of a range of 1."
        ),
    )
    kind: str = field(
        default="sign",
        metadata=control(
            choices=("sign", "uniform"), help="All pixels by epsilon, or by a random share of it."
        ),
    )

    def perturb(self, problem: Problem) -> Proposal:
        """Add the noise; pixels at 0 and 1 lose the half of it that points outside."""
        noise = 2 * problem.uniform() - 1
        if self.kind == "sign":
            noise = noise.sign()
        return Proposal(problem.images + self.budget * noise)


@dataclass(frozen=True, kw_only=True)
class NoiseL2(Attack):
    """Gaussian noise scaled to Euclidean size epsilon before the clip to [0, 1]."""

    title: ClassVar[str] = "Random noise L2"
    summary: ClassVar[str] = "The control for L2 attacks: Gaussian noise of the same size."
    norm: ClassVar[Norm] = "l2"
    iterative: ClassVar[bool] = False
    targetable: ClassVar[bool] = False
    gradient_free: ClassVar[bool] = True
    epsilon: float | None = field(
        default=2.0,
        metadata=control(
            low=0.0, high=10.0, step=0.1, help="Largest Euclidean size of the perturbation."
        ),
    )

    def perturb(self, problem: Problem) -> Proposal:
        """Add the noise; pixels at 0 and 1 lose the half of it that points outside."""
        noise = problem.normal()
        return Proposal(problem.images + self.budget * noise / norms(noise).clamp_min(1e-12))


def same_norm_noise(
    images: Tensor, size: Tensor, norm: Norm, *, generator: Generator | None = None
) -> Tensor:
    """Clean images with random noise of exactly the size another perturbation has, per image.

    The size is exact before the clip to [0, 1]. On images with many pixels at 0 or 1 the clip
    takes away about half of the noise there: the largest change stays, the Euclidean size
    shrinks (on MNIST by about 28 %). State the size after the clip where that matters.

    Args:
        images: Clean images (n, c, h, w) in [0, 1].
        size: ``linf``, ``l2`` or ``l0`` of the result to compare with (n,).
        norm: Which of them: "linf" gives random signs, "l2" Gaussian noise, "l0" uniformly random
            colours at so many random pixels.
        generator: Source of randomness; None: a new one seeded with 0 on the images' device.

    Returns:
        Noisy images (n, c, h, w) in [0, 1].
    """
    generator = generator or Generator(images.device).manual_seed(0)

    def draw(shape: torch.Size) -> Tensor:
        return torch.rand(shape, generator=generator, device=generator.device).to(images)

    if norm == "l0":
        order = draw(images[:, 0].flatten(1).shape).argsort(dim=1).argsort(dim=1)
        chosen = (order < size.view(-1, 1)).view(-1, 1, *images.shape[2:])
        return torch.where(chosen, draw(images.shape), images)
    if norm == "linf":
        noise = (draw(images.shape) - 0.5).sign()
    elif norm == "l2":
        noise = torch.randn(images.shape, generator=generator, device=generator.device).to(images)
        noise = noise / norms(noise).clamp_min(1e-12)
    else:
        raise ValueError(f"norm must be one of ['linf', 'l2', 'l0'], got {norm!r}")
    return (images + size.view(-1, 1, 1, 1) * noise).clamp(0, 1)
