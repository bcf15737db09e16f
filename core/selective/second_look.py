"""What the paper of the Gaussian-mixture VAE lacks as well: an attack on the second look.

A search gives an image the class whose decoded picture comes nearest. What it costs to come near
from the right class and from another one has a gradient by the image that needs no way through
the search: at a minimum over the latents these may be held fixed (the envelope theorem). It is
twice the difference of the two decoded pictures, seen through the threshold where there is one.
Projected gradient descent follows it, and lets the searches settle anew after every step.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Generator, Tensor

from core.attacks import project
from core.selective.classifier import GmVaeClassifier
from core.selective.descent import Norm, random_start, step_down
from core.selective.reclassify import Search, reclassify
from core.selective.settling import Searches
from core.types import OnStep, Step
from core.validation import check_classes, check_images

Begin: TypeAlias = Literal["image", "random", "picture"]
BEGINS: tuple[Begin, ...] = ("picture", "image", "random")
"""From as far as the budget goes towards the nearest decoded picture of another class, from the
clean image, and from a random point of the budget; what succeeds most comes first."""

WARM, SETTLE = 50, 5
"""Steps of the searches before the first step of an attempt, and between two of them."""

ROOM = 0.02
"""How far beyond its aim a descent goes on: a share of a typical error, or of a limit."""


@dataclass(frozen=True, eq=False)
class SecondLookResult:
    """What an attack on the second look came to.

    Attributes:
        images: (n, c, h, w) in [0, 1]; of what no attempt broke, the last one's.
        success: Whether the class that is given in the end is wrong, (n,), bool.
        broken_by: How many images fell to each attempt, by where it began.
    """

    images: Tensor
    success: Tensor
    broken_by: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class SecondLookAttack:
    """Projected gradient descent on what every search costs, held to a hard budget.

    Attributes:
        norm: Of the budget.
        epsilon: The budget, in [0, 1] pixel units.
        search: What the attacked second look goes by; its every number is known.
        first: Whether the first look stands before it and must be got past: an image counts only
            when it is rejected there and misread here, or accepted there as what it is not.
        steps: Steps of an attempt, at least 1.
        begins: Some of ``BEGINS``.

    Raises:
        ValueError: A number or a name is out of its range.
    """

    norm: Norm = "linf"
    epsilon: float
    search: Search
    first: bool = False
    steps: int = 40
    begins: tuple[Begin, ...] = BEGINS

    def __post_init__(self) -> None:
        if self.norm not in ("linf", "l2"):
            raise ValueError(f"norm must be linf or l2, got {self.norm!r}")
        if self.epsilon < 0 or self.steps < 1:
            raise ValueError(
                f"epsilon must be 0 or more and steps at least 1, got {self.epsilon} and "
                f"{self.steps}"
            )
        if not self.begins or set(self.begins) - set(BEGINS):
            raise ValueError(f"begins must be some of {BEGINS}, got {self.begins}")

    def __call__(
        self,
        classifier: GmVaeClassifier,
        images: Tensor,
        labels: Tensor,
        *,
        generator: Generator,
        on_step: OnStep | None = None,
    ) -> SecondLookResult:
        """Attack every image until one attempt succeeds or all have failed.

        Whether one has is judged by a whole second look from the start.

        Args:
            classifier: Its decoder and limits are known.
            images: Clean images (n, c, h, w) in [0, 1], n at least 1.
            labels: True classes (n,).
            generator: Draws random starts.
            on_step: Progress; may raise ``Cancelled``.

        Raises:
            ValueError: An argument is not of that shape or range.
        """
        check_images(images)
        classifier.check(images)
        check_classes("labels", labels, images, classifier.model.classes)
        limits = classifier.thresholds
        if self.first and not (limits.latent and limits.output):
            raise ValueError("this attack divides by both thresholds; neither may be 0")
        found, broken = images.clone(), dict.fromkeys(map(str, self.begins), 0)
        # An image that is wrong before it is touched needs no attack.
        success = self.fooled(classifier, images, labels)
        for index, begin in enumerate(self.begins):
            left = (~success).nonzero().flatten()
            if not len(left):
                break
            clean, mine = images[left], labels[left]
            ends = self._descend(classifier, clean, mine, begin, generator)
            found[left] = ends
            success[left] = self.fooled(classifier, ends, mine)
            broken[begin] += int(success[left].sum())
            if on_step is not None:
                values = {"left": float((~success).sum())}
                on_step(Step(index=index + 1, of=len(self.begins), values=values))
        return SecondLookResult(found, success, broken)

    def fooled(self, classifier: GmVaeClassifier, images: Tensor, labels: Tensor) -> Tensor:
        """Whether the class given in the end is wrong, (n,), by whole looks without a gradient."""
        second = reclassify(classifier, images, search=self.search).classes != labels
        if not self.first:
            return second
        with torch.no_grad():
            judged = classifier.judge(images)
        return torch.where(judged.accepted, judged.classes != labels, second)

    def _descend(
        self,
        classifier: GmVaeClassifier,
        clean: Tensor,
        labels: Tensor,
        begin: Begin,
        generator: Generator,
    ) -> Tensor:
        searches = Searches(classifier, self.search, len(clean))
        searches.settle(clean, WARM)
        images = clean
        if begin == "picture":
            images = project(searches.wrong_picture(clean, labels), clean, self.epsilon, self.norm)
        elif begin == "random":
            images = random_start(clean, self.epsilon, self.norm, generator)
        rate = 2.5 * self.epsilon / self.steps
        for _ in range(self.steps):
            searches.settle(images, SETTLE)
            gradient = self._gradient(classifier, searches, images, labels)
            images = step_down(images, gradient, clean, rate, self.epsilon, self.norm)
        return images

    def _gradient(
        self, classifier: GmVaeClassifier, searches: Searches, images: Tensor, labels: Tensor
    ) -> Tensor:
        """Of what is still in the way, by the images (n, c, h, w)."""
        leaf = images.detach().requires_grad_()
        with torch.enable_grad():
            # The unit is a typical error: limits of 0 or infinity are allowed.
            unit = classifier.statistics.error_mean
            loss = (searches.lead(leaf, labels) / unit + ROOM).relu()
            if self.first:
                loss = loss + (_accepted(classifier, leaf, labels) + ROOM).relu()
            (gradient,) = torch.autograd.grad(loss.sum(), leaf)
        return gradient


def _accepted(classifier: GmVaeClassifier, images: Tensor, labels: Tensor) -> Tensor:
    """How firmly images are accepted as what they are, (n,): the least of three slacks.

    Below 0 they are rejected, or another mean is nearer.
    """
    limits = classifier.thresholds
    distances, errors = classifier.measure(images)
    own = distances.gather(1, labels[:, None])
    others = distances.scatter(1, labels[:, None], torch.inf).amin(1, keepdim=True)
    apart = 2 / classifier.statistics.variance
    slacks = [
        (others - own)[:, 0] / apart,
        1 - distances.amin(1) / limits.latent,
        1 - errors / limits.output,
    ]
    return torch.stack(slacks, dim=1).amin(1)
