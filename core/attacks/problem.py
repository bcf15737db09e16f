"""What an attack is given, what it suggests, and how it gets gradients."""

from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor
from torch.nn import functional

from core.types import Classifier, LabError, OnStep, Step

LOSSES = ("cross_entropy", "margin")
"""What an attacker can raise. The cross-entropy of a classifier that is sure is flat to the last
bit of a number; the margin in logits never is (Carlini & Wagner, 2017, arXiv 1608.04644)."""

TRAJECTORY_BYTES = 2**28
"""A trajectory that would take more memory than this is not kept; the result then has None."""


@dataclass(frozen=True, eq=False)
class Proposal:
    """What an attack suggests, before it is held to the budget.

    Attributes:
        images: Adversarial images (n, c, h, w), not yet projected.
        trajectory: Iterates (frames, n, c, h, w), clean images first; or None.
    """

    images: Tensor
    trajectory: Tensor | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Problem:
    """What an attack is given: a classifier, clean images, and the answer it has to reach.

    Attributes:
        classifier: From images to logits (n, k).
        classes: How many classes k it tells apart.
        images: Clean images (n, c, h, w) in [0, 1].
        labels: True classes (n,).
        target: Wanted classes (n,); None asks for any class but the label.
        generator: The only source of randomness.
        on_step: Receives progress; may raise ``Cancelled``.
        raises: What ``gradient`` climbs, one of ``LOSSES``.
    """

    classifier: Classifier
    classes: int
    images: Tensor
    labels: Tensor
    target: Tensor | None
    generator: Generator
    on_step: OnStep | None
    raises: str = "cross_entropy"

    @property
    def goal(self) -> Tensor:
        """The class (n,) the attack pushes away from (untargeted) or towards (targeted)."""
        return self.labels if self.target is None else self.target

    def only(self, chosen: Tensor) -> "Problem":
        """The same problem for some of the images, given by their indices (m,)."""
        target = None if self.target is None else self.target[chosen]
        return replace(self, images=self.images[chosen], labels=self.labels[chosen], target=target)

    def fooled(self, logits: Tensor) -> Tensor:
        """Which images (n,) reach the goal with these logits (n, k)."""
        predicted = logits.argmax(dim=1)
        return predicted != self.labels if self.target is None else predicted == self.target

    def loss(self, logits: Tensor) -> Tensor:
        """What the attacker raises, per image (n,): away from the goal, or towards it."""
        loss = error_of(logits, self.goal, self.raises)
        return loss if self.target is None else -loss

    def gradient(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Gradient of the loss at some images (n, c, h, w), and the loss itself (n,)."""
        leaf, logits = differentiable(self.classifier, images)
        loss = self.loss(logits)
        # Summed, so that each image's gradient is its own.
        (gradient,) = torch.autograd.grad(loss.sum(), leaf)
        return gradient, loss.detach()

    def uniform(self) -> Tensor:
        """Random numbers in [0, 1) of the images' shape."""
        device = self.generator.device
        return torch.rand(self.images.shape, generator=self.generator, device=device).to(
            self.images
        )

    def normal(self) -> Tensor:
        """Standard normal numbers of the images' shape."""
        device = self.generator.device
        return torch.randn(self.images.shape, generator=self.generator, device=device).to(
            self.images
        )

    def report(self, index: int, of: int, **values: Tensor) -> None:
        """Tell the caller how far the attack is, with the batch mean of some figures."""
        if self.on_step is not None:
            means = {name: float(value.float().mean()) for name, value in values.items()}
            self.on_step(Step(index=index, of=of, values=means))


def error_of(logits: Tensor, labels: Tensor, kind: str) -> Tensor:
    """How far logits (n, k) are from saying ``labels`` (n,): one of ``LOSSES``, per image (n,)."""
    if kind == "cross_entropy":
        return functional.cross_entropy(logits, labels, reduction="none")
    own = labels.unsqueeze(1)
    rival = logits.scatter(1, own, -torch.inf).amax(1)
    return rival - logits.gather(1, own).squeeze(1)


def differentiable(classifier: Classifier, images: Tensor) -> tuple[Tensor, Tensor]:
    """A leaf at the images and the logits (n, k) that hang on it, for ``torch.autograd.grad``.

    Raises:
        LabError: The classifier passes no gradient.
    """
    leaf = images.detach().requires_grad_()
    with torch.enable_grad():
        logits = classifier(leaf)
    if not logits.requires_grad:
        raise LabError(
            "this classifier passes no gradient to its input; attack it through a surrogate of "
            "its defence, or choose an attack that needs no gradient, such as square"
        )
    return leaf, logits


def norms(change: Tensor) -> Tensor:
    """Euclidean norm of each image's values, (n, 1, 1, 1) for (n, c, h, w)."""
    lengths: Tensor = torch.linalg.vector_norm(change, dim=(1, 2, 3), keepdim=True)
    return lengths


def empty_trajectory(images: Tensor, steps: int) -> Tensor | None:
    """Room for the clean images and some steps, (steps + 1, n, c, h, w); None if it is too big."""
    if (steps + 1) * images.numel() * images.element_size() > TRAJECTORY_BYTES:
        return None
    trajectory = images.new_empty((steps + 1, *images.shape))
    trajectory[0] = images
    return trajectory
