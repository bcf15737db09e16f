"""Counting flipped bits: histograms with accuracies, the use of each bit, distances to the walls.

Shares of bits are compared in whole numbers, never in floating point: with 64 bits a 2 % bin holds
one count, two or none, and one rounding error would move a bar.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from core.analysis.attacked import Bits, Classes, Floats
from core.evaluation.accuracy import Accuracy

SLIDE_WIDTH = 0.02
"""Width of the bins on the authors' slide, as a share of the bits."""

SLIDE_SHARE = 0.06
"""The slide says that about 90 % of the adversarial images flip less than this share of bits."""

DEAD_SHARE = 0.001
"""A bit that has one of its two values less often than this counts as dead."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar of a histogram of flipped bits.

    Attributes:
        label: What stands under the bar: "3", or "2-4 %" for the bin from 2 to below 4 percent.
        low: The least number of flipped bits it holds.
        high: The largest; below ``low`` where no whole number of bits falls into the bin.
        bits: Bits D of the code.
        n: Images in it.
        right: How many of those are classified right.
        share: Share of all images, 0 to 1.
    """

    label: str
    low: int
    high: int
    bits: int
    n: int
    right: int
    share: float

    @property
    def counts(self) -> str:
        """Which numbers of flipped bits it holds, in words: "4-5 bits (6.2-7.8 %)"."""
        if self.high < self.low:
            return f"no whole number of {self.bits} bits"
        percents = [f"{100 * count / self.bits:.1f}" for count in (self.low, self.high)]
        if self.low == self.high:
            return f"{self.low} {'bit' if self.low == 1 else 'bits'} ({percents[0]} %)"
        return f"{self.low}-{self.high} bits ({percents[0]}-{percents[1]} %)"

    @property
    def accuracy(self) -> Accuracy | None:
        """Share of its images classified right; None for a bar without images."""
        return Accuracy(correct=self.right, n=self.n) if self.n else None

    def holds(self, flips: Classes) -> NDArray[np.bool_]:
        """Which images (n,) belong to it, by their numbers of flipped bits."""
        return (flips >= self.low) & (flips <= self.high)


def flip_histogram(
    flips: Classes, right: NDArray[np.bool_], bits: int, *, width: float | None = None
) -> tuple[Bar, ...]:
    """Sort images by flipped bits, from none up to the last bar that holds an image.

    Args:
        flips: Flipped bits of each image (n,), 0 to ``bits``.
        right: Whether its purified image is classified right (n,).
        bits: Bits D of the code.
        width: None gives one bar for each number of bits. Else the width of a bin as a share of
            the bits, above 0 and at most 1; a bin holds its lower edge and not its upper one.

    Raises:
        ValueError: The arrays do not fit each other, a count or the width is out of range.
    """
    if flips.shape != right.shape or flips.ndim != 1:
        raise ValueError(f"expected (n,) twice, got {flips.shape} and {right.shape}")
    if bits < 1 or (len(flips) and not 0 <= flips.min() <= flips.max() <= bits):
        raise ValueError(f"flipped bits must lie in 0 to {bits}, the size of the code")
    last = int(flips.max(initial=-1))
    bars = []
    for label, low, high in _edges(bits, width):
        if low > last:
            break
        inside = (flips >= low) & (flips <= high)
        n = int(inside.sum())
        bars.append(
            Bar(
                label=label,
                low=low,
                high=high,
                bits=bits,
                n=n,
                right=int((inside & right).sum()),
                share=n / len(flips),
            )
        )
    return tuple(bars)


def share_below(flips: Classes, bits: int, share: float) -> Accuracy:
    """Share of images, with its interval, of whose bits less than ``share`` flipped.

    Args:
        flips: Flipped bits of each image (n,), n at least 1.
        bits: Bits D of the code.
        share: For example 0.06; an image with exactly that share does not count.
    """
    edge = math.ceil(_exact(share) * bits)
    return Accuracy(correct=int((flips < edge).sum()), n=len(flips))


@dataclass(frozen=True, eq=False, kw_only=True)
class BitUse:
    """How each of the D bits is used.

    Attributes:
        flip_rate: Share of images in which the attack flips it (D,).
        plus_share: Share of clean images in which it is +1 (D,).
        entropy: Bits of information in it over the clean images, 0 to 1 (D,).
        dead: Whether it hardly ever changes over the clean images, see ``DEAD_SHARE`` (D,).
        n: Images.
    """

    flip_rate: NDArray[np.float64]
    plus_share: NDArray[np.float64]
    entropy: NDArray[np.float64]
    dead: NDArray[np.bool_]
    n: int


def bit_use(clean: Bits, adversarial: Bits) -> BitUse:
    """Measure the use of each bit.

    Args:
        clean: Codes of the clean images in {-1, +1} (n, D), n at least 1.
        adversarial: Codes of the same images after the attack (n, D).

    Raises:
        ValueError: The shapes differ, or there is no image.
    """
    if clean.shape != adversarial.shape or clean.ndim != 2 or not len(clean):
        raise ValueError(f"expected (n, D) twice, got {clean.shape} and {adversarial.shape}")
    plus = (clean > 0).mean(0)
    return BitUse(
        flip_rate=(clean != adversarial).mean(0),
        plus_share=plus,
        entropy=_entropy(plus) + _entropy(1 - plus),
        dead=(plus < DEAD_SHARE) | (plus > 1 - DEAD_SHARE),
        n=len(clean),
    )


def wall_distances(latents: Floats, walls: Sequence[float]) -> Floats:
    """How far each latent (n, d) lies from its nearest wall, in latent units, 0 or more."""
    if not walls:
        raise ValueError("a quantizer has at least one wall, got none")
    distances: Floats = np.abs(latents[..., None] - np.asarray(walls, latents.dtype)).min(-1)
    return distances


@dataclass(frozen=True, eq=False, kw_only=True)
class PairAgreement:
    """How alike the codes of a clean image and of its attacked version are.

    Attributes:
        counts: Pairs whose codes differ in 0, 1, 2 ... bits, up to the largest number there is.
        n: Pairs.
    """

    counts: Classes
    n: int

    @property
    def same(self) -> Accuracy:
        """Share of pairs with one and the same code, with its interval."""
        return self.within(0)

    def within(self, most: int) -> Accuracy:
        """Share of pairs whose codes differ in at most so many bits."""
        return Accuracy(correct=int(self.counts[: most + 1].sum()), n=self.n)


def pair_agreement(flips: Classes) -> PairAgreement:
    """Count pairs by the number of bits (n,), n at least 1, in which their codes differ."""
    if not len(flips):
        raise ValueError("expected at least one pair, got none")
    return PairAgreement(counts=np.bincount(flips).astype(np.int64), n=len(flips))


def _edges(bits: int, width: float | None) -> Iterator[tuple[str, int, int]]:
    """Label, least and largest count of every bar that can hold an image of so many bits."""
    if width is None:
        yield from ((str(count), count, count) for count in range(bits + 1))
        return
    step = _exact(width)
    if not 0 < step <= 1:
        raise ValueError(f"width must be above 0 and at most 1, got {width}")
    for place in range(math.floor(1 / step) + 1):
        low, high = math.ceil(place * step * bits), math.ceil((place + 1) * step * bits) - 1
        if low > bits:
            return
        percents = [f"{float(100 * edge):g}" for edge in (place * step, (place + 1) * step)]
        label = "100 %" if place * step == 1 else f"{percents[0]}-{percents[1]} %"
        yield label, low, min(high, bits)


def _exact(share: float) -> Fraction:
    """The decimal fraction that was meant: 0.06 is 3/50, not its nearest binary number."""
    return Fraction(share).limit_denominator(100_000)


def _entropy(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """-p log2 p, 0 where p is 0."""
    logs = np.log2(share, out=np.zeros_like(share), where=share > 0)
    return np.asarray(-share * logs)
