"""Fooling images (Nguyen, Yosinski & Clune, 2015, arXiv 1412.1897): noise read as a class."""

from dataclasses import dataclass, field, replace
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from core.attacks.base import Attack, Norm, control
from core.attacks.problem import (
    Problem,
    Proposal,
    differentiable,
    empty_trajectory,
    log_odds,
)

BETA_1, BETA_2, TINY = 0.9, 0.999, 1e-8


@dataclass(frozen=True, kw_only=True)
class FoolingImages(Attack):
    """Drives uniform noise, by Adam in [0, 1], to a class the classifier is then sure of.

    It starts from noise and not from the image, which only gives the shape, the place in the
    batch and the class to stay away from; so the distance to the image says nothing. Untargeted,
    the class is the one the noise itself looks most like to the classifier, the label left out:
    the nearest goal from that start. An image stops as soon as its confidence is reached.

    The trajectory goes from the clean image to the noise, then shows every step.

    Attributes:
        steps: Largest number of steps.
        learning_rate: Step size of Adam, in pixel values.
        confidence: Probability of the class at which an image is finished.

    Raises:
        ValueError: A confidence above 1.
    """

    title: ClassVar[str] = "Fooling images"
    summary: ClassVar[str] = "Turns random noise into something the classifier is sure to know."
    norm: ClassVar[Norm] = "linf"
    steps: int = field(
        default=200, metadata=control(low=1, high=1000, step=10, help="Largest number of steps.")
    )
    learning_rate: float = field(
        default=0.05,
        metadata=control(
            low=0.0, high=0.5, step=0.01, label="learning rate", help="Step size of Adam."
        ),
    )
    confidence: float = field(
        default=0.99,
        metadata=control(
            low=0.0, high=1.0, step=0.01, help="Probability of the class that ends the search."
        ),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.confidence > 1:
            raise ValueError(f"confidence must be at most 1, got {self.confidence}")

    def perturb(self, problem: Problem) -> Proposal:
        """Ascend from the noise, and drop the images that are finished."""
        images = problem.uniform()
        chosen = replace(problem, images=images, target=self._classes(problem, images))
        trajectory = empty_trajectory(problem.images, self.steps + 1)
        if trajectory is not None:
            trajectory[1] = images
        active = torch.arange(len(images), device=images.device)
        first, second = torch.zeros_like(images), torch.zeros_like(images)
        frames = 2
        for index in range(1, self.steps + 1):
            leaf, logits = differentiable(chosen.classifier, images[active])
            part = chosen.only(active)
            loss = -functional.softplus(log_odds(logits, part.goal))  # the log-probability
            going = loss.detach().exp() < self.confidence
            if not bool(going.any()):
                break
            (gradient,) = torch.autograd.grad(loss.sum(), leaf)
            gradient = part.check.usable(gradient, part.places)
            active, gradient = active[going], gradient[going]
            first[active] = BETA_1 * first[active] + (1 - BETA_1) * gradient
            second[active] = BETA_2 * second[active] + (1 - BETA_2) * gradient.square()
            scale = (second[active] / (1 - BETA_2**index)).sqrt() + TINY
            step = self.learning_rate / (1 - BETA_1**index) * first[active] / scale
            images[active] = (images[active] + step).clamp(0, 1)
            if trajectory is not None:
                trajectory[index + 1] = images
                frames = index + 2
            problem.report(index, self.steps, loss=loss.detach())
        problem.report(self.steps, self.steps)
        return Proposal(images, None if trajectory is None else trajectory[:frames])

    def _classes(self, problem: Problem, noise: Tensor) -> Tensor:
        if problem.target is not None:
            return problem.target
        with torch.no_grad():
            logits = problem.classifier(noise)
        return logits.scatter(1, problem.labels.unsqueeze(1), -torch.inf).argmax(dim=1)
