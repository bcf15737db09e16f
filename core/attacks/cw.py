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

CHECKS = 10
"""How often in a search it is asked whether an image still gets better."""

LEAST_WINDOW = 20
"""Steps between two of these questions at least: over fewer, Adam's own wavering decides."""

STUCK, SETTLED = 0.995, 0.95
"""Shares of the best value so far that count as better, before and after a success.

The authors' 0.9999 ends almost no search of 200 steps. A search that has not succeeded is given
more time, because the next c depends on it; one that has succeeded is finished by ``_polished``.
"""


@dataclass(frozen=True, kw_only=True)
class CarliniWagner(Attack):
    """Minimises squared distance + c * margin in tanh space by Adam, with a search over c.

    Keeps the smallest successful perturbation of each image. An image that no search fools is
    returned clean. The trajectory shows every tenth iterate of the search that found the result,
    and ends with the result.

    Attributes:
        searches: Values of c tried for each image: bisection once it is bracketed, else tenfold.
        steps: Adam steps of each search.
        learning_rate: Step size of Adam, in tanh space.
        initial_c: First weight of the margin.
        confidence: kappa, the margin in logits by which the class must change.
        abort_early: Drop an image from a search once neither its loss nor its smallest success
            has fallen for a tenth of the steps, and spend some of the time that several searches
            save on one more that starts from the smallest success. The authors ask this of the
            loss of the whole batch, so that an image's result would depend on its neighbours.
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
    abort_early: bool = field(
        default=True,
        metadata=control(
            label="stop early", help="End the search on images that no longer get better."
        ),
    )

    def perturb(self, problem: Problem) -> Proposal:
        """Search c for each image, and keep its smallest successful perturbation."""
        clean = problem.images
        images, trajectory = clean.clone(), self._room(clean)
        with torch.no_grad():
            reached = self.margin(problem, problem.classifier(clean))[1]
        left = (~reached).nonzero().flatten()
        polishes = self.abort_early and self.searches > 1  # a single search saves too little
        of = (self.searches + polishes) * self.steps
        part = problem.only(left)
        size = part.images.new_full((len(left),), torch.inf)
        c = torch.full_like(size, self.initial_c)
        low, high = torch.zeros_like(size), torch.full_like(size, torch.inf)
        for search in range(self.searches if len(left) else 0):
            room = self._room(part.images)
            found = _Search(self, part, c, part.images, room).run(search * self.steps, of)
            better = found.size < size
            images[left[better]], size[better] = found.images[better], found.size[better]
            if trajectory is not None and found.trajectory is not None:
                shown = better | size.isinf()
                trajectory[:, left[shown]] = found.trajectory[:, shown]
            success = found.size.isfinite()
            high, low = torch.where(success, c, high), torch.where(success, low, c)
            c = torch.where(high.isfinite(), (low + high) / 2, c * 10)
        if polishes:
            done = size.isfinite().nonzero().flatten()
            places = left[done]
            images[places] = self._polished(problem.only(places), high[done], images[places])
        problem.report(of, of)
        if trajectory is not None:
            trajectory[-1] = images
        return Proposal(images, trajectory)

    def _polished(self, problem: Problem, c: Tensor, images: Tensor) -> Tensor:
        """The smallest successes, made smaller with the smallest c (n,) that succeeded."""
        if len(images) == 0:
            return images
        search = _Search(self, problem, c, images, None, settled=STUCK)
        done = self.searches * self.steps
        found = search.run(done, done + self.steps)
        size = (images - problem.images).square().flatten(1).sum(dim=1)
        return torch.where((found.size < size).view(-1, 1, 1, 1), found.images, images)

    def margin(self, problem: Problem, logits: Tensor) -> tuple[Tensor, Tensor]:
        """The margin (n,), at least -kappa, and which images reach the goal by all of kappa."""
        goal = problem.goal.unsqueeze(1)
        margin = logits.gather(1, goal) - logits.scatter(1, goal, -torch.inf).amax(1, keepdim=True)
        margin = margin.squeeze(1) if problem.target is None else -margin.squeeze(1)
        reached = problem.fooled(logits) & (margin <= -self.confidence)
        return margin.clamp_min(-self.confidence), reached

    def _room(self, clean: Tensor) -> Tensor | None:
        room = empty_trajectory(clean, 1 + (self.steps - 1) // FRAME_EVERY)
        return None if room is None else room.copy_(clean.expand_as(room))


@dataclass(frozen=True, eq=False)
class _Found:
    """The smallest success of one search: images, squared size (n,) or infinity, iterates."""

    images: Tensor
    size: Tensor
    trajectory: Tensor | None


class _Search:
    """One minimisation for one c per image, from the images of ``start``.

    What it holds of each image is cut down to the images that are still searched, whose places
    are ``active``; what was found keeps all of them.
    """

    def __init__(
        self,
        attack: CarliniWagner,
        problem: Problem,
        c: Tensor,
        start: Tensor,
        trajectory: Tensor | None,
        *,
        settled: float = SETTLED,
    ) -> None:
        self.attack, self.problem, self.whole = attack, problem, problem
        self.settled = settled
        self.active = torch.arange(len(c), device=c.device)
        self.c = c
        self.hidden = torch.atanh(SQUASH * (2 * start - 1))
        self.first, self.second = torch.zeros_like(self.hidden), torch.zeros_like(self.hidden)
        infinite = torch.full_like(c, torch.inf)
        self.loss, self.loss_before, self.size_before = infinite, infinite, infinite
        self.found = _Found(problem.images.clone(), infinite.clone(), trajectory)

    def run(self, done: int, of: int) -> _Found:
        """Minimise, and tell what was found; reports as steps ``done + 1`` onwards."""
        window = max(LEAST_WINDOW, self.attack.steps // CHECKS)
        for index in range(1, self.attack.steps + 1):
            images = self._step(index)
            self.whole.report(done + index, of, fooled=self.found.size.isfinite())
            if self.attack.abort_early and index % window == 0 and not self._keep_falling(images):
                break
        return self.found

    def _step(self, index: int) -> Tensor:
        """One step of Adam; returns the iterates it left, (m, c, h, w)."""
        squashed = torch.tanh(self.hidden)
        # Clipped before the gradient is taken, not inside it: no pixel's gradient is lost.
        images = ((squashed / SQUASH + 1) / 2).clamp(0, 1)
        if index % FRAME_EVERY == 1:
            self._show(images, index // FRAME_EVERY)
        leaf, logits = differentiable(self.problem.classifier, images)
        margin, reached = self.attack.margin(self.problem, logits)
        (slope,) = torch.autograd.grad(margin.sum(), leaf)
        slope = self.problem.check.usable(slope, self.problem.places)
        change = images - self.problem.images
        size = change.square().flatten(1).sum(dim=1)
        loss = size + self.c * (margin.detach() + self.attack.confidence)
        self.loss = torch.minimum(self.loss, loss)
        better = reached & (size < self.found.size[self.active])
        places = self.active[better]
        self.found.images[places], self.found.size[places] = images[better], size[better]
        gradient = 2 * change + self.c.view(-1, 1, 1, 1) * slope
        gradient = gradient * (1 - squashed.square())
        self.first = BETA_1 * self.first + (1 - BETA_1) * gradient
        self.second = BETA_2 * self.second + (1 - BETA_2) * gradient.square()
        scale = (self.second / (1 - BETA_2**index)).sqrt() + TINY
        rate = self.attack.learning_rate / (1 - BETA_1**index)
        self.hidden = self.hidden - rate * self.first / scale
        return images

    def _keep_falling(self, images: Tensor) -> bool:
        """Drop the images that no longer get better; whether any are left."""
        size = self.found.size[self.active]
        share = torch.where(size.isfinite(), self.settled, STUCK)
        falls = (self.loss < share * self.loss_before) | (size < share * self.size_before)
        self.loss_before, self.size_before = self.loss, size
        if not bool(falls.all()):
            places = falls.nonzero().flatten()
            self.problem = self.problem.only(places)
            for name in ("active", "c", "hidden", "first", "second"):
                setattr(self, name, getattr(self, name)[places])
            for name in ("loss", "loss_before", "size_before"):
                setattr(self, name, getattr(self, name)[places])
        return len(self.active) > 0

    def _show(self, images: Tensor, frame: int) -> None:
        """Put the iterates into a frame and the later ones, where a dropped image stays."""
        if self.found.trajectory is not None and frame > 0:
            self.found.trajectory[frame:, self.active] = images
