"""The nouns every part of the core shares: classifiers, purifiers, progress reports.

Images outside a model are float32 batches of shape (n, c, h, w) with values in [0, 1].
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias, runtime_checkable

from torch import Generator, Tensor

Classifier: TypeAlias = Callable[[Tensor], Tensor]
"""Images (n, c, h, w) in [0, 1] to logits (n, k)."""

Surrogate: TypeAlias = Callable[[Tensor, Generator | None], Tensor]
"""A differentiable stand-in for a purifier, used only by an attacker."""


@runtime_checkable
class Purifier(Protocol):
    """A function from images to images, put in front of any classifier.

    Attributes:
        random: Whether two calls on the same images may differ. A random purifier raises
            ``ValueError`` when it is called without a generator.
        surrogates: Differentiable stand-ins by name, for an attacker who knows the defense.
        quiet: Those that draw nothing, though the purifier may.
    """

    @property
    def random(self) -> bool:
        """Whether two calls on the same images may differ."""

    @property
    def surrogates(self) -> Mapping[str, Surrogate]:
        """Differentiable stand-ins by name."""

    @property
    def quiet(self) -> frozenset[str]:
        """Names of the surrogates that draw nothing: averaging them over draws is wasted."""

    def __call__(self, images: Tensor, *, generator: Generator | None = None) -> Tensor:
        """Purify images (n, c, h, w) in [0, 1]."""


@runtime_checkable
class Stepwise(Protocol):
    """A purifier that takes long enough to tell how far it is."""

    def in_steps(
        self, images: Tensor, generator: Generator | None, on_step: "OnStep | None" = None
    ) -> Tensor:
        """What a call gives, with progress; ``on_step`` may raise ``Cancelled``."""


def searches(purifier: object) -> bool:
    """Whether a purifier looks for every image anew, so that many images take long."""
    return isinstance(purifier, Stepwise) and hasattr(purifier, "search")


def purify_in_steps(
    purifier: Purifier, images: Tensor, generator: Generator | None, on_step: "OnStep | None"
) -> Tensor:
    """Purify images (n, c, h, w), with progress where the purifier can tell of any."""
    if isinstance(purifier, Stepwise):
        return purifier.in_steps(images, generator, on_step)
    return purifier(images, generator=generator)


@dataclass(frozen=True, eq=False)
class Selection:
    """What a selective classifier says of some images.

    Attributes:
        logits: (n, k); the class with the largest is the answer where the image is accepted.
        accepted: Whether each image is answered at all, (n,), bool.
        reasons: Why not, a short word an image; empty where it is accepted.
    """

    logits: Tensor
    accepted: Tensor
    reasons: tuple[str, ...]


@runtime_checkable
class SelectiveClassifier(Protocol):
    """A classifier that may decline to answer."""

    def __call__(self, images: Tensor) -> Selection:
        """Judge images (n, c, h, w) in [0, 1]."""


@dataclass(frozen=True)
class Step:
    """One report of a long computation.

    Attributes:
        index: How many steps are done, 1 to ``of``.
        of: How many steps there are.
        values: Named figures of this step, for example the loss.
        stage: What is done at present, as a sentence begins: "Loading UMAP"; empty when there is
            only one thing to do.
        remaining: Seconds still to go, by somebody who knows better than the pace so far; None
            leaves it to the pace.
    """

    index: int
    of: int
    values: Mapping[str, float] = field(default_factory=dict)
    stage: str = ""
    remaining: float | None = None


OnStep: TypeAlias = Callable[[Step], None]
"""Receives progress. It may raise ``Cancelled`` to end the computation."""


def part_of(on_step: OnStep | None, part: int, parts: int) -> OnStep | None:
    """Turn the progress of one of several equal parts into progress of the whole.

    Args:
        on_step: Receives the progress of the whole; None gives None.
        part: Which part reports, from 0.
        parts: How many there are.
    """
    if on_step is None or parts == 1:
        return on_step
    return lambda step: on_step(
        replace(step, index=part * step.of + step.index, of=parts * step.of, remaining=None)
    )


PARTS = 1000
"""Into so many parts ``share_of`` divides a computation whose parts count in units of their own."""


def share_of(on_step: OnStep | None, part: int, parts: int) -> OnStep | None:
    """Like ``part_of``, for parts that do not count alike: the whole counts in thousandths."""
    if on_step is None:
        return None
    return lambda step: on_step(
        replace(
            step,
            index=max(1, round(PARTS * (part + step.index / step.of) / parts)),
            of=PARTS,
            remaining=None,
        )
    )


class LabError(Exception):
    """A problem the user can mend; the message says what happened and what to do."""


class Cancelled(LabError):  # noqa: N818  a wish of the user, not an error
    """The user ended a long computation."""
