"""One descent of the joint attack: margin and both limits at once, held to a budget."""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import torch
from torch import Generator, Tensor

from core.attacks import project
from core.attacks.problem import norms
from core.selective.classifier import GmVaeClassifier

Norm: TypeAlias = Literal["linf", "l2"]

ROOM = 0.02
"""How far below a limit the descent goes on, as a share of it."""


def random_start(clean: Tensor, epsilon: float, norm: Norm, generator: Generator) -> Tensor:
    """A random point within the budget of each clean image (n, c, h, w)."""
    draws = torch.rand(clean.shape, generator=generator, device=clean.device) * 2 - 1
    length = 1.0 if norm == "linf" else 1 / norms(draws)
    return project(clean + epsilon * draws * length, clean, epsilon, norm)


def step_down(
    images: Tensor, gradient: Tensor, clean: Tensor, rate: float, epsilon: float, norm: Norm
) -> Tensor:
    """Images (n, c, h, w) a step against the gradient, of length rate, within the budget."""
    direction = gradient.sign() if norm == "linf" else gradient / norms(gradient).clamp_min(1e-12)
    return project(images - rate * direction, clean, epsilon, norm)


@dataclass(frozen=True, eq=False, kw_only=True)
class Descent:
    """Some images on their way towards one class each, within a budget.

    Attributes:
        classifier: Its limits are the ones to get below.
        clean: (n, c, h, w) in [0, 1].
        labels: True classes (n,).
        targets: Wanted classes (n,).
        weights: Of margin, latent limit and output limit; None follows the largest alone.
        norm: Of the budget.
        epsilon: The budget, in [0, 1] pixel units.
        steps: How many.
    """

    classifier: GmVaeClassifier
    clean: Tensor
    labels: Tensor
    targets: Tensor
    weights: tuple[float, float, float] | None
    norm: Norm
    epsilon: float
    steps: int

    def run(self, start: Tensor) -> tuple[Tensor, Tensor]:
        """Where it ended (n, c, h, w), and who is accepted with a wrong class (n,)."""
        ends, success = start.clone(), torch.zeros_like(self.labels, dtype=torch.bool)
        rows = torch.arange(len(start), device=start.device)
        going, images = self, start
        for step in range(self.steps + 1):
            gradient, done = going._look(images)
            ends[rows] = images
            success[rows] = done
            if bool(done.any()):
                going, rows = going._only(~done), rows[~done]
                images, gradient = images[~done], gradient[~done]
            if step == self.steps or not len(rows):
                break
            rate = 2.5 * self.epsilon / self.steps
            images = step_down(images, gradient, going.clean, rate, self.epsilon, self.norm)
        return ends, success

    def _look(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Gradient of what is in the way (n, c, h, w), and whether nothing is any more (n,)."""
        limits = self.classifier.thresholds
        leaf = images.detach().requires_grad_()
        with torch.enable_grad():
            distances, errors = self.classifier.measure(leaf)
            own = distances.gather(1, self.targets[:, None])
            others = distances.scatter(1, self.targets[:, None], torch.inf).amin(1, keepdim=True)
            # The means are 2 apart in plain units.
            apart = 2 / self.classifier.statistics.variance
            hinges = torch.stack(
                [
                    (own - others)[:, 0] / apart + ROOM,
                    own[:, 0] / max(limits.latent, ROOM) - 1 + ROOM,
                    errors / max(limits.output, ROOM) - 1 + ROOM,
                ],
                dim=1,
            ).relu()
            if self.weights is None:
                loss = hinges.amax(1)
            else:
                loss = hinges @ torch.tensor(self.weights, device=images.device)
            (gradient,) = torch.autograd.grad(loss.sum(), leaf)
        near = distances.amin(1) <= limits.latent
        wrong = distances.argmin(1) != self.labels
        return gradient, near & wrong & (errors <= limits.output)

    def _only(self, kept: Tensor) -> "Descent":
        return replace(
            self, clean=self.clean[kept], labels=self.labels[kept], targets=self.targets[kept]
        )
