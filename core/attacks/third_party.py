"""Rows over torchattacks 3.3.0 (Kim, 2020, arXiv 2010.01950): each names a class and its settings.

Each class cites its own paper. What keeps them from disturbing others is in the adapter.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from typing_extensions import override

from core.attacks.base import Norm, control
from core.attacks.problem import Problem, Proposal
from core.attacks.torchattacks_adapter import TorchAttack
from core.types import LabError

_LINF = control(
    low=0.0, high=0.5, step=0.01, help="Largest change of one pixel value, of a range of 1."
)
_L2 = control(low=0.0, high=10.0, step=0.1, help="Largest Euclidean size of the perturbation.")
_STEPS = control(low=1, high=200, step=1, help="Number of gradient steps.")


@dataclass(frozen=True, kw_only=True)
class Square(TorchAttack):
    """Square attack (Andriushchenko et al., 2020, arXiv 1912.00049): random search.

    Attributes:
        squares: Random squares tried on each image that is not fooled yet.
    """

    title: ClassVar[str] = "Square"
    summary: ClassVar[str] = "Black box: tries random squares and keeps what helps, no gradient."
    theirs: ClassVar[str] = "Square"
    gradient_free: ClassVar[bool] = True
    norm: ClassVar[Norm] = "linf"
    epsilon: float | None = field(default=0.3, metadata=_LINF)
    squares: int = field(
        default=1000,
        metadata=control(low=1, high=5000, step=100, help="Random squares tried on each image."),
    )

    def arguments(self, classes: int) -> dict[str, Any]:
        """Their defaults but for the budget."""
        return {"norm": self.norm.capitalize(), "eps": self.epsilon, "n_queries": self.squares}

    def queries(self, n: int, classes: int) -> int:
        """One call a square for the whole batch, and three around."""
        return self.squares + 3


@dataclass(frozen=True, kw_only=True)
class SquareL2(Square):
    """Square attack in a Euclidean ball."""

    title: ClassVar[str] = "Square L2"
    norm: ClassVar[Norm] = "l2"
    epsilon: float | None = field(default=2.0, metadata=_L2)

    def perturb(self, problem: Problem) -> Proposal:
        """As the other rows; the image has to be one that its 5 x 5 first squares fit into.

        Raises:
            LabError: It is not.
        """
        height, width = problem.images.shape[2:]
        if height != width or height < 5 or height // (height // 5) != 5:
            raise LabError(
                f"Square L2 needs square images, 25 pixels high or more, got {height}x{width}; "
                "choose Square, which takes any"
            )
        return super().perturb(problem)


@dataclass(frozen=True, kw_only=True)
class MomentumFgsm(TorchAttack):
    """MI-FGSM (Dong et al., 2018, arXiv 1710.06081): BIM along an average of past gradients.

    Attributes:
        steps: Number of gradient steps, each of length epsilon / steps.
        decay: Weight of the past gradients.
    """

    title: ClassVar[str] = "MI-FGSM"
    summary: ClassVar[str] = "BIM with momentum: its images also fool other classifiers."
    theirs: ClassVar[str] = "MIFGSM"
    norm: ClassVar[Norm] = "linf"
    epsilon: float | None = field(default=0.3, metadata=_LINF)
    steps: int = field(default=10, metadata=_STEPS)
    decay: float = field(
        default=1.0,
        metadata=control(low=0.0, high=1.0, step=0.1, help="Weight of the past gradients."),
    )

    @property
    @override
    def of_probability(self) -> bool:
        return True

    def arguments(self, classes: int) -> dict[str, Any]:
        """The paper's step size: epsilon shared out over the steps."""
        return {
            "eps": self.epsilon,
            "alpha": self.budget / self.steps,
            "steps": self.steps,
            "decay": self.decay,
        }

    def queries(self, n: int, classes: int) -> int:
        """One call a step."""
        return self.steps


@dataclass(frozen=True, kw_only=True)
class EotPgd(TorchAttack):
    """PGD on an expectation over transformations (Athalye et al., 2018, arXiv 1707.07397).

    Attributes:
        steps: Number of gradient steps, each of length 2.5 * epsilon / steps.
        draws: Gradients averaged in each step; more than one helps only on a random classifier.
    """

    title: ClassVar[str] = "EOT-PGD"
    summary: ClassVar[str] = "PGD on the average of several gradients, for random defenses."
    theirs: ClassVar[str] = "EOTPGD"
    norm: ClassVar[Norm] = "linf"
    epsilon: float | None = field(default=0.3, metadata=_LINF)
    steps: int = field(default=40, metadata=_STEPS)
    draws: int = field(
        default=8,
        metadata=control(low=1, high=32, step=1, help="Gradients averaged in each step."),
    )

    @property
    @override
    def of_probability(self) -> bool:
        return True

    def arguments(self, classes: int) -> dict[str, Any]:
        """From a random start, like our PGD."""
        return {
            "eps": self.epsilon,
            "alpha": 2.5 * self.budget / self.steps,
            "steps": self.steps,
            "eot_iter": self.draws,
        }

    def queries(self, n: int, classes: int) -> int:
        """Every draw of every step."""
        return self.steps * self.draws


@dataclass(frozen=True, kw_only=True)
class OnePixel(TorchAttack):
    """One-pixel attack (Su, Vargas & Sakurai, 2019, arXiv 1710.08864): differential evolution.

    Attributes:
        pixels: Number of pixels that change.
        generations: Rounds of evolution.
        population: Candidates in each round.
    """

    title: ClassVar[str] = "Few pixels"
    summary: ClassVar[str] = "Black box: evolves places and colours for a handful of pixels."
    theirs: ClassVar[str] = "OnePixel"
    gradient_free: ClassVar[bool] = True
    norm: ClassVar[Norm] = "l0"
    pixels: int = field(
        default=5, metadata=control(low=1, high=20, step=1, help="Number of pixels that change.")
    )
    generations: int = field(
        default=20, metadata=control(low=1, high=100, step=1, help="Rounds of evolution.")
    )
    population: int = field(
        default=50, metadata=control(low=5, high=200, step=5, help="Candidates in each round.")
    )

    def arguments(self, classes: int) -> dict[str, Any]:
        """Their names for the same."""
        return {"pixels": self.pixels, "steps": self.generations, "popsize": self.population}

    def queries(self, n: int, classes: int) -> int:
        """Candidates one by one, and the best of each round once more, image by image."""
        return n * (self.generations + 1) * (self.population + 1)
