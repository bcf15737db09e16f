"""BIM (Kurakin et al., 2017, arXiv 1607.02533) and PGD (Madry et al., 2018, arXiv 1706.06083)."""

from dataclasses import dataclass, field, replace
from typing import ClassVar

import torch
from torch import Tensor

from core.attacks.base import Attack, Norm, control, project
from core.attacks.problem import LOSSES, Problem, Proposal, empty_trajectory, norms


@dataclass(frozen=True, kw_only=True)
class Bim(Attack):
    """Small steps along the sign of the gradient, projected on the budget after each.

    Attributes:
        steps: Number of gradient steps.
        step_size: Length of a step in the norm; None: 2.5 * epsilon / steps, which can cross the
            ball and still settle.
        loss: What the steps climb: ``cross_entropy``, as published, or ``margin``, whose gradient
            does not vanish where the classifier is sure.
    """

    title: ClassVar[str] = "BIM"
    summary: ClassVar[str] = "FGSM in small steps from the clean image, held to the same budget."
    norm: ClassVar[Norm] = "linf"
    epsilon: float | None = field(
        default=0.3,
        metadata=control(
            low=0.0, high=0.5, step=0.01, help="Largest change of one pixel value, of a range of 1."
        ),
    )
    steps: int = field(
        default=10, metadata=control(low=1, high=100, step=1, help="Number of gradient steps.")
    )
    step_size: float | None = field(
        default=None,
        metadata=control(
            low=0.0,
            high=0.1,
            step=0.001,
            label="step size",
            help="Length of one step; empty means 2.5 * epsilon / steps.",
        ),
    )

    loss: str = field(
        default="cross_entropy",
        metadata=control(
            choices=LOSSES, help="What the steps climb; the margin is never flat, however sure."
        ),
    )

    def perturb(self, problem: Problem) -> Proposal:
        """Ascend from the clean images."""
        problem = replace(problem, raises=self.loss)
        return self._ascend(problem, problem.images, done=0, of=self.steps)

    def _ascend(self, problem: Problem, start: Tensor, *, done: int, of: int) -> Proposal:
        step = 2.5 * self.budget / self.steps if self.step_size is None else self.step_size
        images = start
        trajectory = empty_trajectory(problem.images, self.steps)
        for index in range(1, self.steps + 1):
            gradient, logits = problem.gradient(images)
            images = images + step * self._direction(gradient)
            images = project(images, problem.images, self.budget, self.norm)
            if trajectory is not None:
                trajectory[index] = images
            if problem.on_step is not None:
                problem.report(done + index, of, loss=problem.loss(logits))
        return Proposal(images, trajectory)

    def _direction(self, gradient: Tensor) -> Tensor:
        """The step of norm 1 that raises a loss with this gradient most."""
        return gradient.sign()


@dataclass(frozen=True, kw_only=True)
class Pgd(Bim):
    """BIM from a random start, and again from others for the images not yet fooled.

    Attributes:
        random_start: Start at a random point of the budget instead of the clean image. The
            trajectory then goes from the clean image to the point after the first step.
        restarts: Number of starts; for each image the first one that fools is kept, else the one
            with the highest loss.
    """

    title: ClassVar[str] = "PGD"
    summary: ClassVar[str] = "BIM from a random start inside the budget, the standard attack."
    steps: int = field(
        default=40, metadata=control(low=1, high=200, step=1, help="Number of gradient steps.")
    )
    random_start: bool = field(
        default=True,
        metadata=control(label="random start", help="Start at a random point of the budget."),
    )
    restarts: int = field(
        default=1,
        metadata=control(
            low=1, high=10, step=1, help="Number of random starts; the worst per image is kept."
        ),
    )

    def perturb(self, problem: Problem) -> Proposal:
        """Ascend from every start; images that are fooled leave the later ones."""
        problem = replace(problem, raises=self.loss)
        of = self.steps * self.restarts
        best = self._ascend(problem, self._start(problem), done=0, of=of)
        if self.restarts == 1:
            return best
        images = best.images.clone()
        fooled, loss = _judge(problem, images)
        for restart in range(1, self.restarts):
            # Drawn for the whole batch, so that an image's start does not depend on the others.
            start = self._start(problem)
            left = (~fooled).nonzero().flatten()
            if len(left) == 0:
                problem.report(of, of)
                break
            part = problem.only(left)
            found = self._ascend(part, start[left], done=restart * self.steps, of=of)
            found_fooled, found_loss = _judge(part, found.images)
            better = found_fooled | (found_loss > loss[left])
            chosen = left[better]
            images[chosen] = found.images[better]
            if best.trajectory is not None and found.trajectory is not None:
                best.trajectory[:, chosen] = found.trajectory[:, better]
            fooled[chosen], loss[chosen] = found_fooled[better], found_loss[better]
        return Proposal(images, best.trajectory)

    def _start(self, problem: Problem) -> Tensor:
        if not self.random_start:
            return problem.images
        moved = problem.images + self._random_change(problem)
        return project(moved, problem.images, self.budget, self.norm)

    def _random_change(self, problem: Problem) -> Tensor:
        return self.budget * (2 * problem.uniform() - 1)


@dataclass(frozen=True, kw_only=True)
class PgdL2(Pgd):
    """PGD with steps along the gradient itself, in a Euclidean ball."""

    title: ClassVar[str] = "PGD L2"
    summary: ClassVar[str] = "PGD held to a Euclidean distance: few pixels may change a lot."
    norm: ClassVar[Norm] = "l2"
    epsilon: float | None = field(
        default=2.0,
        metadata=control(
            low=0.0, high=10.0, step=0.1, help="Largest Euclidean size of the perturbation."
        ),
    )
    step_size: float | None = field(
        default=None,
        metadata=control(
            low=0.0,
            high=1.0,
            step=0.01,
            label="step size",
            help="Length of one step; empty means 2.5 * epsilon / steps.",
        ),
    )

    def _direction(self, gradient: Tensor) -> Tensor:
        return gradient / norms(gradient).clamp_min(1e-12)

    def _random_change(self, problem: Problem) -> Tensor:
        direction = problem.normal()
        # Uniform in the ball: the share of its volume within radius r is r ** dimensions.
        radius = problem.uniform().flatten(1)[:, 0] ** (1 / problem.images[0].numel())
        return self.budget * radius.view(-1, 1, 1, 1) * self._direction(direction)


def _judge(problem: Problem, images: Tensor) -> tuple[Tensor, Tensor]:
    with torch.no_grad():
        logits = problem.classifier(images)
    return problem.fooled(logits), problem.loss(logits)
