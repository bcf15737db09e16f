"""Accuracy with a Wilson 95 % interval."""

import math
from dataclasses import dataclass

Z_95 = 1.959963984540054


def wilson_interval(successes: int, n: int) -> tuple[float, float]:
    """Wilson 95 % score interval of a share (Wilson, 1927).

    Args:
        successes: How many of ``n`` succeeded.
        n: At least 1.

    Returns:
        Lower and upper bound, within [0, 1].
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"expected 0 <= successes <= n and n >= 1, got {successes} of {n}")
    share = successes / n
    shrink = 1 + Z_95**2 / n
    centre = (share + Z_95**2 / (2 * n)) / shrink
    half = Z_95 * math.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n**2)) / shrink
    # Exactly 0 and 1 at the ends, where rounding would leave a last digit.
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == n else centre + half
    return low, high


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """A share of correct answers; the interval is made from the counts.

    Attributes:
        correct: Images classified right.
        n: Images in all.
    """

    correct: int
    n: int

    @property
    def value(self) -> float:
        """The share, in [0, 1]."""
        return self.correct / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson 95 % interval."""
        return wilson_interval(self.correct, self.n)

    def as_dict(self) -> dict[str, float | int]:
        """Plain values with the interval, for JSON."""
        low, high = self.interval
        return {
            "correct": self.correct,
            "n": self.n,
            "value": round(self.value, 6),
            "low": round(low, 6),
            "high": round(high, 6),
        }
