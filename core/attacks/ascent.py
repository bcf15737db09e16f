"""One ascent of the adaptive attacker: through surrogates, judged by the system itself.

Against plain PGD it has four things. The gradient is taken through one surrogate after another,
from softer to sharper, so that it leads from afar and is true nearby. The system itself is asked
after every few steps, so that the nearest image on the way is kept and not the last. Steps shrink
along a cosine with a quarter of momentum, as in AutoPGD (Croce & Hein, 2020, arXiv 2003.01690).
In L2 the step leaves out pixels that cannot move, and may be kept to the few pixels with the
steepest gradient, since a change spread thinly over many pixels dies in a threshold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from core.attacks.base import Norm, project
from core.attacks.judge import Judge
from core.attacks.problem import GradientCheck, norms
from core.types import Classifier, OnStep, Step

Climbed: TypeAlias = Literal["cross_entropy", "margin"]

MOMENTUM = 0.25
FIRST_STEP = {"linf": 0.5, "l2": 0.5}
"""Length of the first step, in budgets."""

ASKED_EVERY = 4
"""Steps between two questions to the system."""


@dataclass(frozen=True, eq=False)
class Found:
    """The nearest image of each ascent (n, c, h, w), its score (n,), and who is broken (n,)."""

    images: Tensor
    score: Tensor
    broken: Tensor


@dataclass(frozen=True, kw_only=True)
class Ascent:
    """How to climb.

    Attributes:
        norm: Of the budget.
        epsilon: The budget, in [0, 1] pixel units.
        steps: Gradient steps, shared out over the surrogates.
        loss: What is climbed: cross-entropy or margin; towards an aim, the margin to it.
        share: L2 only: share of the pixels a step may move, those with the steepest gradient.
    """

    norm: Norm
    epsilon: float
    steps: int
    loss: Climbed = "margin"
    share: float = 1.0

    def run(  # noqa: PLR0913  an ascent has this many parts
        self,
        surrogates: Sequence[Classifier],
        judge: Judge,
        clean: Tensor,
        start: Tensor,
        *,
        aim: Tensor | None = None,
        check: GradientCheck | None = None,
        places: Tensor | None = None,
        on_step: OnStep | None = None,
    ) -> Found:
        """Climb from some images within the budget.

        Args:
            surrogates: Differentiable classifiers, softest first.
            judge: Asks the system, for exactly these images.
            clean: Clean images (n, c, h, w) in [0, 1].
            start: Where to begin (n, c, h, w).
            aim: A class for each image (n,) to climb towards; None climbs away from the label, or
                towards the judge's target.
            check: Takes note of the gradients.
            places: Which images of the check these are (n,); None for all of them.
            on_step: Progress; may raise ``Cancelled``.

        Returns:
            For each image the nearest to breaking the system that was met on the way.
        """
        check = check or GradientCheck(len(clean))
        images = project(start, clean, self.epsilon, self.norm)
        before = images
        best, score, broken = self._begun(judge, images)
        noted = torch.arange(len(clean), device=clean.device) if places is None else places
        places = torch.arange(len(clean), device=clean.device)
        going, clean_now, aim_now = judge, clean, aim
        for index in range(self.steps):
            keep = ~broken[places]
            if not bool(keep.all()):
                places, images, before = places[keep], images[keep], before[keep]
                clean_now, going = clean_now[keep], going.only(keep)
                aim_now = None if aim_now is None else aim_now[keep]
            if not len(places):
                break
            surrogate = surrogates[index * len(surrogates) // self.steps]
            gradient = check.usable(
                going.gradient(surrogate, images, self.loss, aim_now), noted[places]
            )
            moved = self._step(images, before, clean_now, gradient, index)
            before, images = images, moved
            if on_step is not None:
                on_step(Step(index=index + 1, of=self.steps))
            if (index + 1) % ASKED_EVERY == 0 or index + 1 == self.steps:
                if judge.system.random and index + 1 < self.steps:
                    continue  # many draws for one question: only the end is worth it
                verdict = going(images)
                better = (verdict.score > score[places]) | verdict.broken
                chosen = places[better]
                best[chosen], score[chosen] = images[better], verdict.score[better]
                broken[chosen] |= verdict.broken[better]
        return Found(best, score, broken)

    def _begun(self, judge: Judge, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The start as the nearest so far; behind a random defense not worth its many draws."""
        if judge.system.random:
            nowhere = torch.full_like(images[:, 0, 0, 0], -torch.inf)
            return images.clone(), nowhere, torch.zeros_like(judge.labels, dtype=torch.bool)
        first = judge(images)
        return images.clone(), first.score.clone(), first.broken.clone()

    def _step(
        self, images: Tensor, before: Tensor, clean: Tensor, gradient: Tensor, index: int
    ) -> Tensor:
        progress = torch.tensor(torch.pi * index / self.steps)
        length = FIRST_STEP[self.norm] * self.epsilon * 0.5 * (1 + float(progress.cos()))
        length = max(length, 0.02 * self.epsilon)
        moved = project(
            images + length * self._direction(images, gradient), clean, self.epsilon, self.norm
        )
        if index == 0:
            return moved
        carried = images + (1 - MOMENTUM) * (moved - images) + MOMENTUM * (images - before)
        return project(carried, clean, self.epsilon, self.norm)

    def _direction(self, images: Tensor, gradient: Tensor) -> Tensor:
        if self.norm == "linf":
            return gradient.sign()
        stuck = ((images <= 0) & (gradient < 0)) | ((images >= 1) & (gradient > 0))
        free = gradient.masked_fill(stuck, 0)
        if self.share < 1:
            flat = free.abs().flatten(1)
            count = max(1, round(self.share * flat.shape[1]))
            least = flat.topk(count, dim=1).values[:, -1].view(-1, 1, 1, 1)
            free = torch.where(free.abs() >= least, free, 0)
        return free / norms(free).clamp_min(1e-12)
