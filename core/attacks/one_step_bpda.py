"""What the LQ-VAE authors' code calls BPDA, kept to compare with their figures.

It is one step of FGSM (Goodfellow et al., 2015, arXiv 1412.6572) through the defense's soft
quantizer, without a clip, after which every image is stretched to its own range. It is not the
attack of Athalye et al. (2018, arXiv 1802.00420), which takes many steps inside a budget.
"""

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from core.attacks.base import Attack, Norm, control
from core.attacks.problem import Problem, Proposal


@dataclass(frozen=True, kw_only=True)
class OneStepBpda(Attack):
    """One gradient sign step from the clean image, which is then stretched to exactly [0, 1].

    Their step is 0.3 on [-1, 1], which is 0.15 here. The stretch shrinks it: an image that used
    the whole range ends 1.3 times wider, so that only 0.115 of the step is left. The loss is the
    cross-entropy our classifiers are trained with; theirs was trained with a sigmoid of its own
    for each class. The attack sees one classifier: whoever evaluates puts the surrogate into it.

    Attributes:
        step_size: How far every value moves before the stretch.
    """

    title: ClassVar[str] = "One-step BPDA"
    summary: ClassVar[str] = "The LQ-VAE authors' script: one FGSM step, then each image stretched."
    norm: ClassVar[Norm] = "linf"
    iterative: ClassVar[bool] = False
    step_size: float = field(
        default=0.15,
        metadata=control(
            low=0.0,
            high=0.5,
            step=0.01,
            label="step size",
            help="How far every pixel moves before the image is stretched to [0, 1].",
        ),
    )

    def perturb(self, problem: Problem) -> Proposal:
        """Step, then stretch."""
        gradient, _ = problem.gradient(problem.images)
        return Proposal(_stretched(problem.images + self.step_size * gradient.sign()))


def _stretched(images: Tensor) -> Tensor:
    """Each image shifted and scaled so that it goes from 0 to 1; one of a single value stays."""
    low = images.amin(dim=(1, 2, 3), keepdim=True)
    width = images.amax(dim=(1, 2, 3), keepdim=True) - low
    return torch.where(width > 0, (images - low) / width.clamp_min(1e-12), images)
