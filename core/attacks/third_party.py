"""Rows over torchattacks 3.3.0 (Kim, 2020, arXiv 2010.01950): each names a class and its settings.

Of each class the paper is cited. What keeps them from disturbing others is in the adapter.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from core.attacks.base import Norm, control
from core.attacks.torchattacks_adapter import TorchAttack

_STEPS = control(low=1, high=200, step=1, help="Number of gradient steps.")
_LINF = control(
    low=0.0, high=0.5, step=0.01, help="Largest change of one pixel value, of a range of 1."
)


@dataclass(frozen=True, kw_only=True)
class Square(TorchAttack):
    """Square attack (Andriushchenko et al., 2020, arXiv 1912.00049): random search, no gradient.

    Attributes:
        max_queries: Random squares tried for each image; fooled images stop early.
    """

    title: ClassVar[str] = "Square"
    summary: ClassVar[str] = "A black box attack: tries random squares and keeps what helps."
    theirs: ClassVar[str] = "Square"
    norm: ClassVar[Norm] = "linf"
    epsilon: float | None = field(default=0.3, metadata=_LINF)
    max_queries: int = field(
        default=1000,
        metadata=control(
            low=1, high=5000, step=100, label="queries", help="Random squares tried per image."
        ),
    )

    def arguments(self) -> dict[str, Any]:
        """Margin loss, one start."""
        return {"norm": self.norm.capitalize(), "eps": self.epsilon, "n_queries": self.max_queries}

    def queries(self, n: int) -> int:
        """The whole batch in one call a square, and a few calls around."""
        return self.max_queries + 3
