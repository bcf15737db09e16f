"""DeepFool (Moosavi-Dezfooli, Fawzi & Frossard, 2016, arXiv 1511.04599), a whole batch at once."""

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from core.attacks.base import Attack, Norm, control
from core.attacks.problem import Problem, Proposal, differentiable, empty_trajectory, norms

NUDGE = 1e-5
"""Euclidean length added to every step, so that rounding does not leave an image exactly on the
boundary. A length and no logit, so that the attack does not depend on the scale of the logits."""


@dataclass(frozen=True, kw_only=True)
class DeepFool(Attack):
    """Steps to the nearest boundary of the linearised classifier until the class changes.

    Images that are fooled stop moving. The trajectory ends with the last step that moved any.
    Towards a target, the boundary is that between the target and its strongest rival.

    Attributes:
        steps: Largest number of steps.
        overshoot: Share by which the whole perturbation is lengthened to cross the boundary.
        candidates: How many other classes are considered in each step, the likeliest first.
    """

    title: ClassVar[str] = "DeepFool"
    summary: ClassVar[str] = "Walks to the nearest decision boundary: a small L2 perturbation."
    norm: ClassVar[Norm] = "l2"
    steps: int = field(
        default=50, metadata=control(low=1, high=100, step=1, help="Largest number of steps.")
    )
    overshoot: float = field(
        default=0.02,
        metadata=control(
            low=0.0, high=0.5, step=0.01, help="How far beyond the boundary the image is pushed."
        ),
    )
    candidates: int = field(
        default=10,
        metadata=control(
            low=1, high=10, step=1, help="Classes considered in each step, the likeliest first."
        ),
    )

    def perturb(self, problem: Problem) -> Proposal:
        """Move the images that are not fooled yet, step by step."""
        clean = problem.images
        images, change = clean.clone(), torch.zeros_like(clean)
        trajectory = empty_trajectory(clean, self.steps)
        active = torch.arange(len(clean), device=clean.device)
        moved = 0
        for index in range(1, self.steps + 1):
            part = problem.only(active)
            leaf, logits = differentiable(part.classifier, images[active])
            going = ~part.fooled(logits)
            if not bool(going.any()):
                break
            step = self._step(part, leaf, logits)[going]
            active = active[going]
            change[active] = (clean[active] + change[active] + step).clamp(0, 1) - clean[active]
            images[active] = (clean[active] + (1 + self.overshoot) * change[active]).clamp(0, 1)
            moved = index
            if trajectory is not None:
                trajectory[index] = images
            problem.report(index, self.steps)
        if moved < self.steps:
            problem.report(self.steps, self.steps)
        return Proposal(images, None if trajectory is None else trajectory[: moved + 1])

    def _step(self, problem: Problem, leaf: Tensor, logits: Tensor) -> Tensor:
        """The shortest step (m, c, h, w) to a boundary of the linearised classifier."""
        nearest = torch.full_like(logits[:, :1], torch.inf).view(-1, 1, 1, 1)
        step = torch.zeros_like(leaf)
        for gap in self._gaps(problem, logits):
            (slope,) = torch.autograd.grad(gap.sum(), leaf, retain_graph=True)
            slope = problem.check.usable(slope, problem.places)
            # A pixel at 0 or 1 cannot go further; counting on it would fall short of the boundary.
            stuck = ((leaf <= 0) & (slope < 0)) | ((leaf >= 1) & (slope > 0))
            normal = slope.masked_fill(stuck, 0)
            length = norms(normal).clamp_min(1e-8)
            distance = -gap.detach().view(-1, 1, 1, 1) / length + NUDGE
            step = torch.where(distance < nearest, distance * normal / length, step)
            nearest = torch.minimum(nearest, distance)
        return step

    def _gaps(self, problem: Problem, logits: Tensor) -> tuple[Tensor, ...]:
        """Logit differences (m,), below 0 while unreached: one a candidate boundary."""
        goal = problem.goal.unsqueeze(1)
        own = logits.gather(1, goal)
        others = logits.scatter(1, goal, -torch.inf)
        if problem.target is not None:
            return ((own - others.amax(dim=1, keepdim=True)).squeeze(1),)
        count = min(self.candidates, logits.shape[1] - 1)
        return (others.topk(count, dim=1).values - own).unbind(1)
