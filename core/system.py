"""``System``: a classifier and what stands in front of it, put together as one thing to attack."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from core.types import Classifier, Purifier, Surrogate, searches

BARE = "bare classifier"
"""Name of the surrogate that ignores the defense; an adaptive attacker can always use it."""

DEFENDED = "defended classifier"
"""Name of the system itself, which an attack that needs no gradient asks directly."""

JUDGED_DRAWS = 8
"""Draws of a random defense by which an attacker judges an image: most of them decide."""

PROBED_LEVELS = 65
"""Gray levels at which it is looked for thresholds: steps of 1/64."""

PROBED_SETS, PROBED_SHARE = 8, 0.1
"""Sets of pixels that are moved through these levels, and their share of the image."""

SUDDEN = 1 / 8
"""Share of the whole way on one step from which on it is a threshold: eight times the average."""

HALVINGS = 12
"""Halvings of such a step, which place the threshold to within 4e-6."""

NARROW = 0.3
"""Range of gray levels within which a soft threshold does half of its work; without any it is
one half."""


@dataclass(frozen=True, eq=False)
class System:
    """A classifier behind a purifier, or alone.

    Attributes:
        classifier: The bare classifier, images (n, c, h, w) to logits (n, k).
        purifier: What stands in front of it; None for nothing.
    """

    classifier: Classifier
    purifier: Purifier | None = None

    @property
    def random(self) -> bool:
        """Whether two calls on the same images may differ."""
        return self.purifier is not None and self.purifier.random

    def logits(self, images: Tensor, generator: Generator | None = None) -> Tensor:
        """What the defended classifier answers, (n, k); one draw of a random defense."""
        if self.purifier is None:
            return self.classifier(images)
        return self.classifier(self.purifier(images, generator=generator))

    def as_classifier(self, generator: Generator | None = None, *, draws: int = 1) -> Classifier:
        """The defended classifier as a function of images alone.

        Args:
            generator: For a random defense.
            draws: How many draws of a random defense the logits are averaged over.
        """
        if self.purifier is None:
            return self.classifier
        purifier = self.purifier
        return through(
            self.classifier,
            lambda images, drawn: purifier(images, generator=drawn),
            generator,
            draws=draws if purifier.random else 1,
        )

    def surrogates(
        self,
        generator: Generator | None = None,
        *,
        names: tuple[str, ...] | None = None,
        draws: int = 1,
    ) -> dict[str, Classifier]:
        """What an adaptive attacker can differentiate, by name: classifiers of images.

        Every surrogate of the purifier, and the bare classifier last: whoever falls to a surrogate
        need not be attacked without it. Surrogates that cost a whole search a step (``slow``) are
        there only when they are named.

        Args:
            generator: For a random defense.
            names: Those wanted, in this order; None wants all.
            draws: How many draws of a random defense are averaged.

        Raises:
            ValueError: There is no such surrogate.
        """
        found: dict[str, Classifier] = {}
        slow: frozenset[str] = frozenset()
        if self.purifier is not None:
            averaged = draws if self.purifier.random else 1
            quiet = self.purifier.quiet
            slow = getattr(self.purifier, "slow", slow)
            found = {
                name: through(
                    self.classifier, one, generator, draws=1 if name in quiet else averaged
                )
                for name, one in self.purifier.surrogates.items()
            }
        found[BARE] = self.classifier
        if names is None:
            return {name: one for name, one in found.items() if name not in slow}
        unknown = [name for name in names if name not in found]
        if unknown:
            raise ValueError(f"unknown surrogate {unknown[0]!r}; choose from {', '.join(found)}")
        return {name: found[name] for name in names}

    @property
    def judged_draws(self) -> int:
        """How many draws decide whether an image counts as broken."""
        return JUDGED_DRAWS if self.random else 1

    def share_of_errors(
        self, images: Tensor, labels: Tensor, generator: Generator, *, draws: int | None = None
    ) -> Tensor:
        """On what share of some draws the system errs, for each image (n,).

        Args:
            images: (n, c, h, w) in [0, 1].
            labels: Their labels (n,).
            generator: For a random defense.
            draws: How many; None takes ``judged_draws``.
        """
        with torch.no_grad():
            wrong = [
                self.logits(images, generator).argmax(1) != labels
                for _ in range(draws or self.judged_draws)
            ]
        return torch.stack(wrong).float().mean(0)

    def thresholds(self, image: Tensor) -> tuple[float, ...]:
        """Gray levels in (0, 1) at which the answer to an image jumps.

        Those that the purifier declares as ``pixel_thresholds``; of any other they are looked for.

        Sets of pixels are moved together from black to white. A pipeline that begins with a
        threshold answers the same until they cross it, whichever they are; a smooth one moves a
        little with every step, and a quantized code jumps at another level for every set. What is
        declared nowhere is found as well.

        Args:
            image: One image (1, c, h, w).

        Returns:
            Every level at which the answer jumps; of a soft threshold the one at which half of its
            work is done; nothing for a system that does without, or that searches for every image.
        """
        declared: tuple[float, ...] | None = getattr(self.purifier, "pixel_thresholds", None)
        if declared is not None:
            return declared
        if searches(self.purifier):
            return ()
        generator = Generator(image.device).manual_seed(0)
        shape = (PROBED_SETS, 1, *image.shape[1:])
        moved = torch.rand(shape, generator=generator, device=image.device) < PROBED_SHARE

        def ask(levels: Tensor) -> Tensor:
            with torch.no_grad():
                pictures = torch.where(moved, levels.view(1, -1, 1, 1, 1), image).flatten(0, 1)
                return self.logits(pictures, generator).view(PROBED_SETS, len(levels), -1)

        levels = torch.linspace(0, 1, PROBED_LEVELS, device=image.device)
        answers = ask(levels)
        lengths = answers.diff(dim=1).norm(dim=2)  # (sets, steps)
        whole = lengths.sum(1, keepdim=True)
        if bool((whole < 1e-3).any()):
            return ()
        profile = (lengths / whole).mean(0)
        sudden = (profile > SUDDEN).nonzero().flatten().tolist()
        if sudden:
            return tuple(_between(ask, levels[index : index + 2]) for index in sudden)
        done = profile.cumsum(0)
        quarter, half, most = (int((done < share).sum()) for share in (0.25, 0.5, 0.75))
        narrow = (most - quarter) / (PROBED_LEVELS - 1) < NARROW
        return (float(levels[half : half + 2].mean()),) if narrow else ()


def _between(ask: Callable[[Tensor], Tensor], ends: Tensor) -> float:
    """The level between two ends (2,) at which the answer jumps, by halving."""
    for _ in range(HALVINGS):
        three = torch.stack([ends[0], ends.mean(), ends[1]])
        first, second = ask(three).diff(dim=1).norm(dim=2).sum(0).tolist()
        ends = three[:2] if first > second else three[1:]
    return float(ends.mean())


def defended(
    classifier: Classifier, purifier: Purifier | None, generator: Generator | None = None
) -> Classifier:
    """Purifier, then classifier: again a classifier. None as purifier gives the bare one."""
    return System(classifier, purifier).as_classifier(generator)


def through(
    classifier: Classifier,
    surrogate: Surrogate,
    generator: Generator | None = None,
    *,
    draws: int = 1,
) -> Classifier:
    """The pipeline an adaptive attacker sees.

    Args:
        classifier: The classifier behind the defense.
        surrogate: The differentiable stand-in for the defense.
        generator: For a random surrogate.
        draws: How many draws the logits are averaged over (EOT, Athalye et al., 2018,
            arXiv 1707.07397).
    """

    def pipeline(images: Tensor) -> Tensor:
        if draws == 1:
            return classifier(surrogate(images, generator))
        copies = images.repeat(draws, *[1] * (images.dim() - 1))
        logits = classifier(surrogate(copies, generator))
        return logits.view(draws, len(images), -1).mean(0)

    return pipeline
