"""The attack of Athalye, Carlini & Wagner (2018, arXiv 1802.00420) on Defense-GAN.

What a purifier that projects on the range of a generator can make, it leaves as it is. So the
attacker looks for an image of that range which is near the clean one and misread, and hands that
in: the search of the defense should find it again.
"""

from typing import Protocol, runtime_checkable

import torch
from torch import Generator, Tensor

from core.attacks.base import Norm, project
from core.attacks.problem import error_of
from core.types import Classifier, OnStep, Step

NAME = "on its range"
"""Name of this view among those an adaptive attacker goes through."""

STARTS = 10
STEPS = 300
RATE = 0.05
WEIGHTS = (0.1, 1.0, 10.0)
"""What being misread is worth beside being near, tried one after the other."""

SURE = 2.0
"""Margin in logits beyond which being misread more is worth nothing."""


@runtime_checkable
class Ranged(Protocol):
    """A purifier whose images come from latents."""

    @property
    def latent_size(self) -> int:
        """Number of latents d of an image."""

    def decode(self, latents: Tensor) -> Tensor:
        """Images (n, c, h, w) in [0, 1] of latents (n, d)."""


def attack_on_range(  # noqa: PLR0913  an attack has this many parts
    classifier: Classifier,
    purifier: Ranged,
    images: Tensor,
    labels: Tensor,
    *,
    epsilon: float,
    norm: Norm,
    generator: Generator,
    steps: int = STEPS,
    on_step: OnStep | None = None,
) -> tuple[Tensor, ...]:
    """Images within the budget that lie as near as may be to misread images of the range.

    Args:
        classifier: The bare classifier.
        purifier: The defense whose range is searched.
        images: Clean images (n, c, h, w) in [0, 1].
        labels: Their labels (n,).
        epsilon: The budget.
        norm: Its norm.
        generator: Draws the starts.
        steps: Steps of Adam for every weight, half of them to find the clean image first.
        on_step: Progress.

    Returns:
        One batch (n, c, h, w) for every weight of ``WEIGHTS``.
    """
    total = len(WEIGHTS) * steps
    start = _nearest(purifier, images, generator, steps)
    found: list[Tensor] = []
    for index, weight in enumerate(WEIGHTS):
        latents = start.clone().requires_grad_()
        optimiser = torch.optim.Adam([latents], lr=RATE)
        best, lowest = images.clone(), torch.full_like(images[:, 0, 0, 0], torch.inf)
        for step in range(steps):
            with torch.enable_grad():
                made = purifier.decode(latents)
                allowed = project(made, images, epsilon, norm)
                outside = (made - allowed).square().flatten(1).sum(1)
                # The margin at which it is read right, down to a sure mistake.
                kept = (SURE - error_of(classifier(made), labels, "margin")).clamp_min(0)
                loss = outside + weight * kept
                (gradient,) = torch.autograd.grad(loss.sum(), latents)
            better = loss.detach() < lowest
            best = torch.where(better.view(-1, 1, 1, 1), allowed.detach(), best)
            lowest = torch.where(better, loss.detach(), lowest)
            latents.grad = gradient
            optimiser.step()
            if on_step is not None:
                on_step(Step(index=index * steps + step + 1, of=total))
        found.append(best)
    return tuple(found)


def _nearest(purifier: Ranged, images: Tensor, generator: Generator, steps: int) -> Tensor:
    """The best of some starts, each moved towards the clean images: latents (n, d)."""
    n, size = len(images), purifier.latent_size
    draws = torch.randn((STARTS * n, size), generator=generator, device=images.device)
    latents = (draws / size**0.5).requires_grad_()
    wanted = images.repeat(STARTS, 1, 1, 1)
    optimiser = torch.optim.Adam([latents], lr=RATE)
    for _ in range(steps // 2):
        with torch.enable_grad():
            errors = (purifier.decode(latents) - wanted).square().flatten(1).sum(1)
            (latents.grad,) = torch.autograd.grad(errors.sum(), latents)
        optimiser.step()
    which = errors.detach().view(STARTS, n).argmin(0)
    rows = torch.arange(n, device=images.device)
    best: Tensor = latents.detach().view(STARTS, n, size)[which, rows]
    return best
