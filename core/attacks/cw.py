"""Carlini & Wagner's L2 attack (2017, arXiv 1608.04644), a whole batch at once."""

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from core.attacks.base import Attack, Norm, control
from core.attacks.problem import Problem, Proposal, differentiable, empty_trajectory

SQUASH = 0.9
"""How much of tanh's range the pixels use: at 1, black and white pixels could not move."""

FRAME_EVERY = 10
"""One frame of the trajectory in so many steps."""

BETA_1, BETA_2, TINY = 0.9, 0.999, 1e-8


@dataclass(frozen=True, kw_only=True)
class CarliniWagner(Attack):
    """Minimises squared distance + c * margin in tanh space by Adam, with a search over c.

    Keeps the smallest successful perturbation of each image. An image that no search fools is
    returned clean. The trajectory shows every tenth iterate of the search that found the result.

    Attributes:
        searches: Values of c tried for each image: bisection once it is bracketed, else tenfold.
        steps: Adam steps of each search.
        learning_rate: Step size of Adam, in tanh space.
        initial_c: First weight of the margin.
        confidence: kappa, the margin in logits by which the class must change.
    """

    title: ClassVar[str] = "Carlini-Wagner"
    summary: ClassVar[str] = "Optimises for the smallest L2 perturbation: slow, and the strongest."
    norm: ClassVar[Norm] = "l2"
    searches: int = field(
        default=5,
        metadata=control(
            low=1, high=10, step=1, help="Trade-offs between size and success that are tried."
        ),
    )
    steps: int = field(
        default=200,
        metadata=control(low=1, high=1000, step=10, help="Optimiser steps of each search."),
    )
    learning_rate: float = field(
        default=0.01,
        metadata=control(
            low=0.0, high=0.1, step=0.005, label="learning rate", help="Step size of Adam."
        ),
    )
    initial_c: float = field(
        default=1.0,
        metadata=control(
            low=0.0, high=100.0, step=0.1, label="first c", help="First weight of fooling."
        ),
    )
    confidence: float = field(
        default=0.0,
        metadata=control(
            low=0.0, high=20.0, step=0.5, help="Margin in logits by which the class must change."
        ),
    )

    def perturb(self, problem: Problem) -> Proposal:
        """Search c for each image, and keep its smallest successful perturbation."""
        clean = problem.images
        images, trajectory = clean.clone(), self._room(clean)
        _, reached = self._margin_slope(problem, clean)
        size = torch.where(reached, 0, clean.new_full((len(clean),), torch.inf))
        c = torch.full_like(size, self.initial_c)
        low, high = torch.zeros_like(size), torch.full_like(size, torch.inf)
        for search in range(self.searches):
            found = self._search(problem, c, search)
            better = found.size < size
            images[better], size[better] = found.images[better], found.size[better]
            if trajectory is not None and found.trajectory is not None:
                shown = better | size.isinf()
                trajectory[:, shown] = found.trajectory[:, shown]
            success = found.size.isfinite()
            high, low = torch.where(success, c, high), torch.where(success, low, c)
            c = torch.where(high.isfinite(), (low + high) / 2, c * 10)
        if trajectory is not None:
            trajectory[-1] = images
        return Proposal(images, trajectory)

    def _search(self, problem: Problem, c: Tensor, search: int) -> "_Found":
        """Minimise for one c per image (n,), from the clean images."""
        clean = problem.images
        hidden = torch.atanh(SQUASH * (2 * clean - 1))
        first, second = torch.zeros_like(hidden), torch.zeros_like(hidden)
        found = _Found(clean.clone(), torch.full_like(c, torch.inf), self._room(clean))
        for index in range(1, self.steps + 1):
            squashed = torch.tanh(hidden)
            # Clipped before the gradient is taken, not inside it: no pixel's gradient is lost.
            images = ((squashed / SQUASH + 1) / 2).clamp(0, 1)
            if found.trajectory is not None and index % FRAME_EVERY == 1 and index > 1:
                found.trajectory[index // FRAME_EVERY] = images
            slope, reached = self._margin_slope(problem, images)
            change = images - clean
            size = change.square().flatten(1).sum(dim=1)
            better = reached & (size < found.size)
            found.images[better], found.size[better] = images[better], size[better]
            gradient = 2 * change + c.view(-1, 1, 1, 1) * slope
            gradient = gradient * (1 - squashed.square())
            first = BETA_1 * first + (1 - BETA_1) * gradient
            second = BETA_2 * second + (1 - BETA_2) * gradient.square()
            scale = (second / (1 - BETA_2**index)).sqrt() + TINY
            hidden = hidden - self.learning_rate * first / (1 - BETA_1**index) / scale
            problem.report(
                search * self.steps + index,
                self.searches * self.steps,
                fooled=found.size.isfinite(),
            )
        return found

    def _margin_slope(self, problem: Problem, images: Tensor) -> tuple[Tensor, Tensor]:
        """Gradient of max(margin, -kappa) at the images, and which of them reach the goal."""
        leaf, logits = differentiable(problem.classifier, images)
        goal = problem.goal.unsqueeze(1)
        margin = logits.gather(1, goal) - logits.scatter(1, goal, -torch.inf).amax(1, keepdim=True)
        margin = margin.squeeze(1) if problem.target is None else -margin.squeeze(1)
        (slope,) = torch.autograd.grad(margin.clamp_min(-self.confidence).sum(), leaf)
        return slope, problem.fooled(logits) & (margin <= -self.confidence)

    def _room(self, clean: Tensor) -> Tensor | None:
        room = empty_trajectory(clean, 1 + (self.steps - 1) // FRAME_EVERY)
        return None if room is None else room.copy_(clean.expand_as(room))


@dataclass(frozen=True, eq=False)
class _Found:
    """The smallest success of one search: images, squared size (n,) or infinity, iterates."""

    images: Tensor
    size: Tensor
    trajectory: Tensor | None
