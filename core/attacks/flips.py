"""The greedy flip attack, for whatever begins with a threshold on its pixels.

Behind a threshold most of a small change to every pixel is lost; a few pixels pushed just across
it are not. So pixels are ranked by what crossing gains, to first order, per squared distance to
the threshold, and flipped while the budget lasts: a knapsack, filled greedily. The gradient is
taken anew with those pixels flipped, and the choice made anew, while the budget grows to its full
size; the average of the gradients so far decides, so that the choice settles.
"""

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Generator, Tensor
from typing_extensions import override

from core.attacks.ascent import Found
from core.attacks.base import Attack, Norm, control
from core.attacks.judge import Judge
from core.attacks.problem import GradientCheck, Problem, Proposal
from core.system import System
from core.types import Classifier

GROWING = 0.6
"""Share of the steps over which the budget grows to its full size."""

MEMORY = 0.8
"""Weight of the gradients before, in the average that ranks the pixels."""

BEYOND = 2e-3
"""How far beyond a hard threshold a pixel is put: enough for any rounding."""

ROUGH = 0.5
"""Spread of the random factors on the ranking in a restart, as a log-normal deviation."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Flips:
    """How to flip.

    Attributes:
        norm: ``l2``, ``l0`` (a number of pixels), or ``linf``.
        budget: Epsilon, or the number of pixels.
        thresholds: Gray levels at which a pixel flips; under ``l0`` pixels go to 0 or 1 instead.
        beyond: How far beyond them a pixel is put; a soft threshold asks for more.
        steps: Gradients taken.
    """

    norm: Norm
    budget: float
    thresholds: tuple[float, ...] = ()
    beyond: float = BEYOND
    steps: int = 30

    def run(  # noqa: PLR0913  an attempt has this many parts
        self,
        surrogate: Classifier,
        judge: Judge,
        clean: Tensor,
        *,
        aim: Tensor | None = None,
        rough: Generator | None = None,
        check: GradientCheck | None = None,
        places: Tensor | None = None,
    ) -> Found:
        """Flip pixels of clean images within the budget.

        Args:
            surrogate: A differentiable classifier that lets gradients pass the threshold.
            judge: Asks the system, for exactly these images.
            clean: (n, c, h, w) in [0, 1].
            aim: A class for each image (n,) to flip towards; None flips away from the label, or
                towards the judge's target.
            rough: Draws random factors on the ranking, for a restart.
            check: Takes note of the gradients.
            places: Which images of the check these are (n,); None for all of them.

        Returns:
            For each image the nearest to breaking the system that was met on the way.
        """
        check = check or GradientCheck(len(clean))
        flat = clean.flatten(1)
        up, up_cost = self._move(flat, upwards=True)
        down, down_cost = self._move(flat, upwards=False)
        factor = torch.ones_like(flat)
        if rough is not None:
            draws = torch.randn(flat.shape, generator=rough, device=rough.device).to(flat)
            factor = (ROUGH * draws).exp()
        first = judge(clean)
        best, score, broken = clean.clone(), first.score.clone(), first.broken.clone()
        average = torch.zeros_like(flat)
        current = clean
        for index in range(1, self.steps + 1):
            gradient = check.usable(judge.gradient(surrogate, current, "margin", aim), places)
            average = MEMORY * average + (1 - MEMORY) * gradient.flatten(1)
            rising, falling = average / up_cost, -average / down_cost
            worth = torch.maximum(rising, falling) * factor
            cost = torch.where(rising > falling, up_cost, down_cost)
            chosen = self._filled(worth, cost, min(1.0, index / (GROWING * self.steps)))
            target = torch.where(rising > falling, up, down)
            current = torch.where(chosen, target, flat).view_as(clean)
            verdict = judge(current)
            better = ((verdict.score > score) & ~broken) | (verdict.broken & ~broken)
            best[better], score[better] = current[better], verdict.score[better]
            broken |= verdict.broken
            if bool(broken.all()):
                break
        return Found(best, score, broken)

    def _move(self, flat: Tensor, *, upwards: bool) -> tuple[Tensor, Tensor]:
        """Where each value (n, d) would go in one direction, and what that costs; inf: nowhere."""
        if self.norm == "l0":
            target = torch.full_like(flat, 1.0 if upwards else 0.0)
            return target, torch.where(target == flat, torch.inf, 1.0)
        target = torch.full_like(flat, torch.nan)
        for level in sorted(self.thresholds, reverse=upwards):
            beyond = min(1.0, level + self.beyond) if upwards else max(0.0, level - self.beyond)
            reached = flat < level if upwards else flat >= level
            target = torch.where(reached, beyond, target)
        distance = (target - flat).abs()
        if self.norm == "linf":
            cost = torch.where(distance <= self.budget, 1.0, torch.inf)
        else:
            cost = distance.square().clamp_min(1e-8)
        cost = cost.nan_to_num(torch.inf, torch.inf)
        return torch.where(cost.isinf(), flat, target), cost

    def _filled(self, worth: Tensor, cost: Tensor, share: float) -> Tensor:
        """Which values (n, d) the knapsack holds, filled by worth down to nothing."""
        order = worth.argsort(dim=1, descending=True)
        wanted = (worth > 0).gather(1, order)
        spent = cost.gather(1, order).where(wanted, 0).cumsum(1)
        if self.norm == "linf":  # crossing is free there: as many as help, more and more of them
            room = share * wanted.sum(1, keepdim=True)
        else:
            room = torch.full_like(spent[:, :1], share * self._room)
        taken = wanted & (spent <= room)
        return torch.zeros_like(taken).scatter_(1, order, taken)

    @property
    def _room(self) -> float:
        return self.budget if self.norm == "l0" else self.budget**2


@dataclass(frozen=True, kw_only=True)
class GreedyFlips(Attack):
    """Pixels pushed just across the thresholds of a pipeline, in a Euclidean ball.

    The thresholds are looked for by asking; without any there is nothing to flip, and the images
    stay as they are.

    Attributes:
        steps: Gradients taken.
        restarts: Runs with a randomly disturbed ranking, for images that are not fooled yet.
    """

    title: ClassVar[str] = "Greedy flips"
    summary: ClassVar[str] = "A few pixels pushed just over a threshold, the most rewarding first."
    norm: ClassVar[Norm] = "l2"
    epsilon: float | None = field(
        default=1.5,
        metadata=control(
            low=0.0, high=10.0, step=0.1, help="Largest Euclidean size of the perturbation."
        ),
    )
    steps: int = field(
        default=30, metadata=control(low=1, high=100, step=1, help="Number of gradients taken.")
    )
    restarts: int = field(
        default=1,
        metadata=control(low=0, high=10, step=1, help="Runs with a disturbed ranking at the end."),
    )

    @override
    def perturb(self, problem: Problem) -> Proposal:
        """Flip, and again for those that are not fooled, with the ranking disturbed."""
        return Proposal(self._flipped(problem, self._flips(problem)))

    def _flips(self, problem: Problem) -> Flips:
        found = System(problem.classifier).thresholds(problem.images[:1])
        return Flips(norm=self.norm, budget=self.budget, thresholds=found, steps=self.steps)

    def _flipped(self, problem: Problem, flips: Flips) -> Tensor:
        images = problem.images.clone()
        judge = Judge(
            system=System(problem.classifier),
            labels=problem.labels,
            target=problem.target,
            generator=problem.generator,
        )
        left = torch.arange(len(images), device=images.device)
        for run in range(1 + self.restarts):
            found = flips.run(
                problem.classifier,
                judge.only(left),
                problem.images[left],
                rough=problem.generator if run else None,
                check=problem.check,
                places=left,
            )
            images[left] = found.images
            left = left[~found.broken]
            problem.report(1 + run, 1 + self.restarts)
            if not len(left):
                break
        problem.report(1 + self.restarts, 1 + self.restarts)
        return images


@dataclass(frozen=True, kw_only=True)
class GreedyFlipsL0(GreedyFlips):
    """A few pixels sent to black or white, the most rewarding first; no threshold is needed.

    Attributes:
        pixels: How many values may change.
    """

    title: ClassVar[str] = "Greedy flips, few pixels"
    summary: ClassVar[str] = "The most rewarding pixels sent to black or white."
    norm: ClassVar[Norm] = "l0"
    epsilon: float | None = None
    pixels: int = field(
        default=20, metadata=control(low=1, high=200, step=1, help="Pixel values that may change.")
    )

    @override
    def _flips(self, problem: Problem) -> Flips:
        return Flips(norm="l0", budget=self.pixels, steps=self.steps)
