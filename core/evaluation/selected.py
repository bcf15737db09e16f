"""What a selective classifier makes of many images: right, wrong or rejected, always together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from core.evaluation.accuracy import Accuracy


@dataclass(frozen=True, kw_only=True)
class Selected:
    """Counts of the three things that can happen to an image.

    Attributes:
        right: Images accepted with the right class.
        wrong: Images accepted with a wrong one.
        rejected: Images that are not answered.

    Raises:
        ValueError: A count is negative or there are no images at all.
    """

    right: int
    wrong: int
    rejected: int

    def __post_init__(self) -> None:
        if min(self.right, self.wrong, self.rejected) < 0 or not self.n:
            raise ValueError(
                "expected counts of at least one image, got "
                f"{self.right} right, {self.wrong} wrong and {self.rejected} rejected"
            )

    @classmethod
    def counted(cls, classes: Tensor, accepted: Tensor, labels: Tensor) -> "Selected":
        """From answers (n,), whether each is given (n,), and the truth (n,)."""
        right = int((accepted & (classes == labels)).sum())
        answered = int(accepted.sum())
        return cls(right=right, wrong=answered - right, rejected=len(labels) - answered)

    @property
    def n(self) -> int:
        """Images in all."""
        return self.right + self.wrong + self.rejected

    @property
    def accuracy(self) -> Accuracy:
        """Share of all images that are answered right."""
        return Accuracy(correct=self.right, n=self.n)

    @property
    def error(self) -> Accuracy:
        """Share of all images that are answered wrong."""
        return Accuracy(correct=self.wrong, n=self.n)

    @property
    def rejection(self) -> Accuracy:
        """Share of all images that are rejected."""
        return Accuracy(correct=self.rejected, n=self.n)

    @property
    def risk(self) -> float | None:
        """Share of the answers that are wrong; None where nothing is answered."""
        answered = self.right + self.wrong
        return self.wrong / answered if answered else None

    def as_dict(self) -> dict[str, Any]:
        """Plain values with the shares and their intervals, for JSON."""
        return {
            "right": self.right,
            "wrong": self.wrong,
            "rejected": self.rejected,
            "accuracy": self.accuracy.as_dict(),
            "error": self.error.as_dict(),
            "rejection": self.rejection.as_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Selected":
        """The inverse of ``as_dict``."""
        return cls(**{name: int(values[name]) for name in ("right", "wrong", "rejected")})
