"""Fast gradient sign method (Goodfellow, Shlens & Szegedy, 2015, arXiv 1412.6572)."""

from dataclasses import dataclass, field
from typing import ClassVar

from core.attacks.base import Attack, Norm, control
from core.attacks.problem import Problem, Proposal


@dataclass(frozen=True, kw_only=True)
class Fgsm(Attack):
    """One step of size epsilon along the sign of the gradient."""

    title: ClassVar[str] = "FGSM"
    summary: ClassVar[str] = "One step along the sign of the gradient: fast, and the weakest."
    norm: ClassVar[Norm] = "linf"
    iterative: ClassVar[bool] = False
    epsilon: float | None = field(
        default=0.3,
        metadata=control(
            low=0.0, high=0.5, step=0.01, help="Largest change of one pixel value, of a range of 1."
        ),
    )

    def perturb(self, problem: Problem) -> Proposal:
        """Every pixel moves by exactly epsilon, in the direction that raises the loss."""
        gradient, _ = problem.gradient(problem.images)
        return Proposal(problem.images + self.budget * gradient.sign())
