"""What the paper of the Gaussian-mixture VAE lacks: a joint attack within a hard budget.

Projected gradient descent on the margin and on both limits at once, with several weightings of
the three, from several starts, towards several classes; the first image that is accepted with a
wrong class is kept.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import torch
from torch import Generator, Tensor

from core.attacks import project
from core.selective.classifier import GmVaeClassifier
from core.selective.descent import Descent, Norm, random_start
from core.selective.joint import JointResult
from core.types import OnStep, Step
from core.validation import check_classes, check_images

Start: TypeAlias = Literal["image", "random", "target"]
STARTS: tuple[Start, ...] = ("image", "random", "target")
"""From the clean image, from a random point of the budget, and from as far as the budget goes
towards the nearest image of the wanted class."""

WEIGHTINGS: Mapping[str, tuple[float, float, float] | None] = {
    "even": (1.0, 1.0, 1.0),
    "output": (1.0, 1.0, 4.0),
    "latent": (1.0, 4.0, 1.0),
    "hardest": None,
}
"""Weights of margin, latent limit and output limit; ``hardest`` follows the largest of the three
alone, so that what is met already costs nothing of the way."""


@dataclass(frozen=True, eq=False)
class BudgetResult(JointResult):
    """As ``JointResult``, with who did it.

    Attributes:
        broken_by: How many images fell to each attempt, by weighting and start.
    """

    broken_by: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class BudgetJoint:
    """Joint projected gradient descent.

    Attributes:
        norm: Of the budget.
        epsilon: The budget, in [0, 1] pixel units.
        steps: Steps of an attempt.
        targets: How many classes are tried, the nearest first.
        weightings: Rows of ``WEIGHTINGS``.
        starts: Some of ``STARTS``.
        restarts: Random starts that each weighting and class get.

    Raises:
        ValueError: A number or a name is out of its range.
    """

    norm: Norm = "linf"
    epsilon: float
    steps: int = 100
    targets: int = 3
    weightings: tuple[str, ...] = tuple(WEIGHTINGS)
    starts: tuple[Start, ...] = STARTS
    restarts: int = 1

    def __post_init__(self) -> None:
        if self.norm not in ("linf", "l2"):
            raise ValueError(f"norm must be linf or l2, got {self.norm!r}")
        if self.epsilon < 0:
            raise ValueError(f"epsilon must be 0 or more, got {self.epsilon}")
        if min(self.steps, self.targets, self.restarts) < 1:
            raise ValueError("steps, targets and restarts must be at least 1")
        for kind, names, known in (
            ("weightings", self.weightings, tuple(WEIGHTINGS)),
            ("starts", self.starts, STARTS),
        ):
            if not names or set(names) - set(known):
                raise ValueError(f"{kind} must be some of {known}, got {names}")

    def __call__(
        self,
        classifier: GmVaeClassifier,
        images: Tensor,
        labels: Tensor,
        *,
        pool: tuple[Tensor, Tensor],
        generator: Generator,
        on_step: OnStep | None = None,
    ) -> BudgetResult:
        """Attack every image until one attempt succeeds or all have failed.

        Args:
            classifier: Its limits are the ones to get below.
            images: Clean images (n, c, h, w) in [0, 1], n at least 1.
            labels: True classes (n,).
            pool: Other images (m, c, h, w) and labels (m,), to start towards.
            generator: Draws random starts.
            on_step: Progress; may raise ``Cancelled``.

        Returns:
            For each image what was accepted with a wrong class; else the last attempt's end.

        Raises:
            ValueError: An argument is not of that shape or range.
        """
        check_images(images)
        classifier.check(images)
        check_classes("labels", labels, images, classifier.model.classes)
        found, broken = images.clone(), dict.fromkeys(self.titles(), 0)
        near = _nearest(images, labels, pool, classifier.model.classes)
        # An image that is wrong before it is touched needs no attack.
        left = (~_wrong(classifier, images, labels)).nonzero().flatten()
        attempts = list(self._attempts(min(self.targets, classifier.model.classes - 1)))
        for index, (weighting, start, rank) in enumerate(attempts):
            if not len(left):
                break
            attempt = Descent(
                classifier=classifier,
                clean=images[left],
                labels=labels[left],
                targets=near.targets[left, rank],
                weights=WEIGHTINGS[weighting],
                norm=self.norm,
                epsilon=self.epsilon,
                steps=self.steps,
            )
            towards = pool[0][near.images[left, rank]]
            ends, success = attempt.run(self._start(attempt.clean, start, towards, generator))
            found[left] = ends
            broken[f"{weighting}, {start}"] += int(success.sum())
            left = left[~success]
            if on_step is not None:
                on_step(Step(index=index + 1, of=len(attempts), values={"left": float(len(left))}))
        with torch.no_grad():
            judgement = classifier.judge(found)
        success = judgement.accepted & (judgement.classes != labels)
        return BudgetResult(found, judgement, success, broken)

    def titles(self) -> Iterator[str]:
        """The attempts, by weighting and start."""
        for weighting in self.weightings:
            for start in self.starts:
                yield f"{weighting}, {start}"

    def _attempts(self, targets: int) -> Iterator[tuple[str, Start, int]]:
        """Weighting, start and which of the nearest classes; what succeeds most comes first."""
        for rank in range(targets):
            for start in self.starts:
                for weighting in self.weightings:
                    for _ in range(self.restarts if start == "random" else 1):
                        yield weighting, start, rank

    def _start(self, clean: Tensor, start: Start, towards: Tensor, generator: Generator) -> Tensor:
        if start == "image":
            return clean
        if start == "target":
            return project(towards, clean, self.epsilon, self.norm)
        return random_start(clean, self.epsilon, self.norm, generator)


@dataclass(frozen=True, eq=False)
class _Near:
    """Of every image the other classes, nearest first, (n, k - 1), and where in the pool."""

    targets: Tensor
    images: Tensor


def _nearest(images: Tensor, labels: Tensor, pool: tuple[Tensor, Tensor], classes: int) -> _Near:
    apart = torch.cdist(images.flatten(1), pool[0].flatten(1))  # (n, m)
    found, places = [], []
    for label in range(classes):
        rows = (pool[1] == label).nonzero().flatten()
        if not len(rows):
            raise ValueError(f"the pool has no image of class {label} to start towards")
        least, place = apart[:, rows].min(1)
        found.append(least)
        places.append(rows[place])
    nearness = torch.stack(found, dim=1).scatter(1, labels[:, None], torch.inf)
    order = nearness.argsort(1)[:, :-1]
    return _Near(order, torch.stack(places, dim=1).gather(1, order))


def _wrong(classifier: GmVaeClassifier, images: Tensor, labels: Tensor) -> Tensor:
    """Who is accepted with a wrong class (n,)."""
    with torch.no_grad():
        found = classifier.judge(images)
    return found.accepted & (found.classes != labels)
