"""Checks of attack and purifier around the code: budgets, ranges, accuracy over epsilon."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from core.analysis.checks import Check, percent
from core.evaluation.accuracy import Accuracy

ROUNDING = 1e-5
"""How far float32 arithmetic may carry a change beyond its budget."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """The attack at one budget.

    Attributes:
        epsilon: The budget, in [0, 1] pixel units.
        bare: Right answers of the bare classifier.
        defended: Right answers behind the purifier.
        largest: The largest change any image got, in the attack's norm.
    """

    epsilon: float
    bare: Accuracy
    defended: Accuracy
    largest: float


def check_epsilon_zero(
    images: Tensor, attacked: Tensor, purified: Tensor, purified_again: Tensor
) -> Check:
    """Whether an attack without a budget leaves images, and what the purifier makes of them.

    Args:
        images: Clean images (n, c, h, w).
        attacked: The same after an attack with epsilon 0.
        purified: What the purifier makes of the first.
        purified_again: What it makes of the second.
    """
    changed = int((images != attacked).flatten(1).any(1).sum())
    differing = int((purified != purified_again).flatten(1).any(1).sum())
    if changed:
        worst = float((images - attacked).abs().max())
        reason = f"The attack has no budget, yet it changes pixels, by up to {worst:.2g}."
    elif differing:
        reason = (
            "The attack changes nothing, but the purifier makes different pictures of the same "
            "images: something in it is random without saying so."
        )
    else:
        reason = "Every image, and its purified picture, is the same to the last bit of float32."
    return Check(
        name="epsilon_zero",
        title="Epsilon 0 changes nothing",
        passed=not changed and not differing,
        value=f"{max(changed, differing)} of {len(images)} changed",
        reason=reason,
        n=len(images),
    )


def check_range(purified: Tensor) -> Check:
    """Whether purified images (n, c, h, w) are finite and in [0, 1]."""
    low, high = float(purified.min()), float(purified.max())
    finite = bool(purified.isfinite().all())
    inside = finite and low >= 0 and high <= 1
    if inside:
        reason = "Purified pictures, of clean and of attacked images, are pictures: all in [0, 1]."
    elif finite:
        reason = "Values outside [0, 1] are no pixels; a classifier was never trained on such."
    else:
        reason = "Some values are infinite or no number at all."
    return Check(
        name="range",
        title="Purified images lie in [0, 1]",
        passed=inside,
        value=f"{low:.3f} to {high:.3f}",
        reason=reason,
        n=len(purified),
    )


def check_budget(points: Sequence[Point], norm: str, low: float, high: float) -> Check:
    """Whether the attack stayed within every budget and in [0, 1].

    Args:
        points: The attack at each budget.
        norm: The attack's norm.
        low: The smallest pixel it made.
        high: The largest.
    """
    over = [point for point in points if not point.largest <= point.epsilon + ROUNDING]
    outside = not (low >= 0 and high <= 1)
    last = points[-1]
    if over:
        worst = max(over, key=lambda point: point.largest - point.epsilon)
        reason = f"With a budget of {worst.epsilon:g} an image was changed by {worst.largest:.4f}."
    elif outside:
        reason = f"Its pixels go from {low:.3f} to {high:.3f}: some are no pixels any more."
    else:
        name = {"linf": "largest change of a pixel", "l2": "Euclidean size"}[norm]
        reason = (
            f"At each of {len(points)} budgets the {name} stays within epsilon, and the attacked "
            "images stay in [0, 1]."
        )
    return Check(
        name="budget",
        title="The attack keeps to its budget",
        passed=not over and not outside,
        value=f"{last.largest:.4f} of {last.epsilon:.4f}",
        reason=reason,
        n=last.bare.n,
    )


def check_monotone(points: Sequence[Point]) -> Check:
    """Whether accuracy falls with epsilon, as far as so many images can tell.

    An accuracy must not lie above the 95 % interval of one at a smaller budget; and at the largest
    budget the bare classifier's must lie below its interval on clean images.
    """
    rises = [
        f"from {percent(before.value)} at {one.epsilon:g} to {percent(after.value)} "
        f"at {other.epsilon:g} ({who})"
        for who in ("bare", "defended")
        for place, one in enumerate(points)
        for other in points[place + 1 :]
        for before, after in [(getattr(one, who), getattr(other, who))]
        if after.value > before.interval[1]
    ]
    first, last = points[0], points[-1]
    idle = last.bare.value >= first.bare.interval[0]
    if rises:
        reason = (
            f"A larger budget holds every smaller one, yet accuracy rises {rises[0]}: the attack "
            "fails where it could succeed, so its numbers flatter the defense."
        )
    elif idle:
        reason = "Even the largest budget does not lower the bare classifier: this is no attack."
    else:
        reason = (
            f"Bare from {percent(first.bare.value)} to {percent(last.bare.value)}, defended from "
            f"{percent(first.defended.value)} to {percent(last.defended.value)}; no accuracy lies "
            "above the 95 % interval of one at a smaller budget."
        )
    return Check(
        name="monotone",
        title="Accuracy falls as epsilon grows",
        passed=not rises and not idle,
        value={0: "no rise", 1: "1 rise"}.get(len(rises), f"{len(rises)} rises"),
        reason=reason,
        n=last.bare.n,
    )
