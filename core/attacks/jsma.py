"""Jacobian-based saliency map attack (Papernot et al., 2016, arXiv 1511.07528), in batches."""

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from core.attacks.base import Attack, Norm, control
from core.attacks.problem import Problem, Proposal, differentiable, empty_trajectory

SHORTLIST = 128
"""Values among which the best pair is looked for; all pairs of an image would be too many."""


@dataclass(frozen=True, kw_only=True)
class Jsma(Attack):
    """Moves, in each step, the two values that raise the target's logit and lower the others.

    The method needs a target; untargeted, that is the runner-up class of each clean image.
    Images that are fooled, or for which no pair helps any more, stop moving.

    Attributes:
        theta: How far a value moves in one step; negative values darken.
        gamma: Largest share of the image's values that may be moved.
    """

    title: ClassVar[str] = "JSMA"
    summary: ClassVar[str] = "Changes few pixels, each by a lot: two more in every step."
    norm: ClassVar[Norm] = "l0"
    theta: float = field(
        default=1.0,
        metadata=control(
            low=-1.0, high=1.0, step=0.1, help="How far a pixel value moves in one step."
        ),
    )
    gamma: float = field(
        default=0.145,
        metadata=control(
            low=0.0, high=0.5, step=0.005, help="Largest share of the pixel values that may move."
        ),
    )

    def perturb(self, problem: Problem) -> Proposal:
        """Move pairs of values until fooled, or until gamma is used up."""
        images = problem.images.clone()
        target = self._target(problem)
        steps = int(self.gamma * images[0].numel() / 2)
        trajectory = empty_trajectory(images, steps)
        moves = 0
        active = torch.arange(len(images), device=images.device)
        for index in range(1, steps + 1):
            leaf, logits = differentiable(problem.classifier, images[active])
            part = problem.only(active)
            pairs, helps = self._best_pairs(part, leaf, logits, target[active])
            going = helps & ~part.fooled(logits)
            active, pairs = active[going], pairs[going]
            if len(active) == 0:
                break
            moved = images[active].flatten(1)
            moved = moved.scatter(1, pairs, (moved.gather(1, pairs) + self.theta).clamp(0, 1))
            images[active] = moved.view(-1, *images.shape[1:])
            moves = index
            if trajectory is not None:
                trajectory[index] = images
            problem.report(index, steps)
        if moves < steps:
            problem.report(steps, steps)
        return Proposal(images, None if trajectory is None else trajectory[: moves + 1])

    def _target(self, problem: Problem) -> Tensor:
        if problem.target is not None:
            return problem.target
        with torch.no_grad():
            logits = problem.classifier(problem.images)
        return logits.scatter(1, problem.labels.unsqueeze(1), -torch.inf).argmax(dim=1)

    def _best_pairs(
        self, problem: Problem, leaf: Tensor, logits: Tensor, target: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Indices (m, 2) of the most salient pairs of values, and whether they help (m,)."""
        wanted = torch.zeros_like(logits).scatter_(1, target.unsqueeze(1), 1.0)
        towards = problem.pulled(logits, leaf, wanted, again=True)
        everything = problem.pulled(logits, leaf, torch.ones_like(logits))
        sign = 1.0 if self.theta >= 0 else -1.0
        gain = sign * towards.flatten(1)  # (m, d)
        loss = sign * (everything - towards).flatten(1)
        values = leaf.detach().flatten(1)
        stuck = values >= 1 if self.theta >= 0 else values <= 0
        promise = gain / gain.abs().amax(dim=1, keepdim=True).clamp_min(1e-12)
        promise = promise - loss / loss.abs().amax(dim=1, keepdim=True).clamp_min(1e-12)
        promise = promise.masked_fill(stuck, -torch.inf)
        listed = promise.topk(min(SHORTLIST, promise.shape[1]), dim=1).indices  # (m, s)
        gain, loss, stuck = (one.gather(1, listed) for one in (gain, loss, stuck))
        gains = gain.unsqueeze(2) + gain.unsqueeze(1)  # (m, s, s)
        losses = loss.unsqueeze(2) + loss.unsqueeze(1)
        saliency = torch.where((gains > 0) & (losses < 0), -gains * losses, 0)
        saliency = saliency.masked_fill(stuck.unsqueeze(2) | stuck.unsqueeze(1), 0)
        best, place = saliency.triu(diagonal=1).flatten(1).max(dim=1)
        size = listed.shape[1]
        pairs = torch.stack([place // size, place % size], dim=1)
        return listed.gather(1, pairs), best > 0
