"""The gradient attacks of AutoAttack (Croce & Hein, 2020, arXiv 2003.01690), as torchattacks rows.

With Square, the fourth of its parts, they are the usual test of a deterministic defense.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from typing_extensions import override

from core.attacks.base import Norm, control
from core.attacks.problem import Problem, Proposal
from core.attacks.torchattacks_adapter import TorchAttack

MOST_TARGETS = 9
"""Classes the targeted attacks try, the likeliest first; AutoAttack's own number."""

_LINF = control(
    low=0.0, high=0.5, step=0.01, help="Largest change of one pixel value, of a range of 1."
)
_L2 = control(low=0.0, high=10.0, step=0.1, help="Largest Euclidean size of the perturbation.")
_STEPS = control(low=1, high=200, step=1, help="Number of gradient steps.")
_TARGETS = control(
    low=1, high=MOST_TARGETS, step=1, help="Wrong classes tried, the likeliest first."
)


@dataclass(frozen=True, kw_only=True)
class AutoPgd(TorchAttack):
    """APGD: PGD that chooses its step size itself.

    Attributes:
        steps: Number of gradient steps.
        loss: Cross-entropy, or the difference of logits ratio, which no scaling can hide and
            which needs three classes.
    """

    title: ClassVar[str] = "APGD"
    summary: ClassVar[str] = "PGD that adapts its step size: nothing to tune, hard to mislead."
    theirs: ClassVar[str] = "APGD"
    norm: ClassVar[Norm] = "linf"
    targetable: ClassVar[bool] = False
    epsilon: float | None = field(default=0.3, metadata=_LINF)
    steps: int = field(default=40, metadata=_STEPS)
    loss: str = field(
        default="ce",
        metadata=control(
            choices=("ce", "dlr"), help="Cross-entropy, or the ratio of logit differences."
        ),
    )

    @property
    @override
    def least_classes(self) -> int:
        return 3 if self.loss == "dlr" else 2

    @property
    @override
    def of_probability(self) -> bool:
        return self.loss == "ce"

    @override
    def perturb(self, problem: Problem) -> Proposal:
        """Run it on the images that are not fooled yet; theirs leaves the others as they are too.

        With the others out of the way every call is about the same images, whose labels are known.
        """
        images = problem.images.clone()
        with torch.no_grad():
            left = (~problem.fooled(problem.classifier(images))).nonzero().flatten()
        if len(left):
            images[left] = super().perturb(problem.only(left)).images
        problem.report(self.steps + 2, self.steps + 2)
        return Proposal(images)

    def arguments(self, classes: int) -> dict[str, Any]:
        """One start."""
        return {
            "norm": self.norm.capitalize(),
            "eps": self.epsilon,
            "steps": self.steps,
            "loss": self.loss,
        }

    def queries(self, n: int, classes: int) -> int:
        """One call a step, and two before."""
        return self.steps + 2


@dataclass(frozen=True, kw_only=True)
class AutoPgdL2(AutoPgd):
    """APGD in a Euclidean ball."""

    title: ClassVar[str] = "APGD L2"
    norm: ClassVar[Norm] = "l2"
    epsilon: float | None = field(default=2.0, metadata=_L2)


@dataclass(frozen=True, kw_only=True)
class AutoPgdTargeted(TorchAttack):
    """APGD-T: APGD towards one wrong class after another, on the targeted ratio of logits.

    Attributes:
        steps: Number of gradient steps towards each class.
        targets: How many wrong classes are tried, the likeliest first, on images not fooled yet.
    """

    title: ClassVar[str] = "APGD targeted"
    summary: ClassVar[str] = "APGD towards each wrong class in turn: slow, AutoAttack's strongest."
    theirs: ClassVar[str] = "APGDT"
    norm: ClassVar[Norm] = "linf"
    targetable: ClassVar[bool] = False  # it goes through the targets itself
    epsilon: float | None = field(default=0.3, metadata=_LINF)
    steps: int = field(default=40, metadata=_STEPS)
    targets: int = field(default=MOST_TARGETS, metadata=_TARGETS)

    @property
    @override
    def least_classes(self) -> int:
        return 4

    def arguments(self, classes: int) -> dict[str, Any]:
        """Theirs tries one class fewer than it believes there are."""
        return {
            "norm": self.norm.capitalize(),
            "eps": self.epsilon,
            "steps": self.steps,
            "n_classes": min(self.targets, classes - 1) + 1,
        }

    def queries(self, n: int, classes: int) -> int:
        """As many as APGD for each class, while images are left, and one before."""
        return min(self.targets, classes - 1) * (self.steps + 2) + 1


@dataclass(frozen=True, kw_only=True)
class Fab(TorchAttack):
    """FAB (Croce & Hein, 2020, arXiv 1907.02044): the smallest L2 perturbation within the box.

    Attributes:
        steps: Number of projections on linearised boundaries.
    """

    title: ClassVar[str] = "FAB"
    summary: ClassVar[str] = "DeepFool's heir: walks along the boundary to its nearest point."
    theirs: ClassVar[str] = "FAB"
    norm: ClassVar[Norm] = "l2"
    targetable: ClassVar[bool] = False  # theirs takes a rank for a class there
    steps: int = field(default=40, metadata=_STEPS)

    def arguments(self, classes: int) -> dict[str, Any]:
        """Without a budget theirs keeps the smallest perturbation, whatever its size."""
        return {"norm": self.norm.capitalize(), "eps": min(self.budget, 1e6), "steps": self.steps}

    def queries(self, n: int, classes: int) -> int:
        """Two calls a step, and three around."""
        return 2 * self.steps + 3


@dataclass(frozen=True, kw_only=True)
class FabLinf(Fab):
    """FAB in the largest change of one value."""

    title: ClassVar[str] = "FAB Linf"
    summary: ClassVar[str] = "FAB for the smallest change that no single pixel exceeds."
    norm: ClassVar[Norm] = "linf"


@dataclass(frozen=True, kw_only=True)
class FabTargeted(TorchAttack):
    """FAB-T: FAB towards one wrong class after another, within a budget.

    It has a budget because theirs leaves an image as soon as any class is reached within it: it
    tells whether the budget suffices and does not look for the smallest perturbation.

    Attributes:
        steps: Number of projections on the boundary to each class.
        targets: How many wrong classes are tried, the likeliest first, on images not fooled yet.
    """

    title: ClassVar[str] = "FAB targeted"
    summary: ClassVar[str] = "FAB towards each wrong class in turn, as AutoAttack runs it."
    theirs: ClassVar[str] = "FAB"
    norm: ClassVar[Norm] = "linf"
    targetable: ClassVar[bool] = False  # it goes through the targets itself
    epsilon: float | None = field(default=0.3, metadata=_LINF)
    steps: int = field(default=40, metadata=_STEPS)
    targets: int = field(default=MOST_TARGETS, metadata=_TARGETS)

    def arguments(self, classes: int) -> dict[str, Any]:
        """Theirs tries one class fewer than it believes there are."""
        return {
            "norm": self.norm.capitalize(),
            "eps": self.epsilon,
            "steps": self.steps,
            "multi_targeted": True,
            "n_classes": min(self.targets, classes - 1) + 1,
        }

    def queries(self, n: int, classes: int) -> int:
        """Two calls a step and three around for each class, while images are left."""
        return min(self.targets, classes - 1) * (2 * self.steps + 3) + 1
