"""What an attack is given, what it suggests, and how it gets gradients."""

from dataclasses import dataclass, field, replace

import torch
from torch import Generator, Tensor

from core.types import Classifier, LabError, OnStep, Step

LOSSES = ("cross_entropy", "margin")
"""What an attacker can raise: the cross-entropy, or the largest other logit less the label's own
(Carlini & Wagner, 2017, arXiv 1608.04644)."""

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


@dataclass(eq=False)
class GradientCheck:
    """What the gradients of one attack were worth, image by image.

    An attack that follows a gradient is blind where the gradient is exactly zero, and lost where
    it is not a number (Athalye et al., 2018, arXiv 1802.00420). Looking costs one number an image
    and step, which is read only when the attack is over.

    Attributes:
        n: Images of the attack.
        largest: One pair for every gradient taken: which images (m,), None for all of them, and
            the largest absolute entry of each (m,).
    """

    n: int
    largest: list[tuple[Tensor | None, Tensor]] = field(default_factory=list)

    def usable(self, gradient: Tensor, places: Tensor | None = None) -> Tensor:
        """The gradient (m, ...) with zeros for what is no finite number; what it was is noted.

        Args:
            gradient: Of some of the images.
            places: Which of them (m,); None for all, in order.
        """
        self.largest.append((places, gradient.detach().abs().flatten(1).amax(1)))
        return gradient.nan_to_num(0.0, 0.0, 0.0)

    def summary(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """Whose gradient was zero whenever taken (n,), and whose was ever not finite (n,)."""
        taken = torch.zeros(self.n, device=device)
        zero, broken = torch.zeros_like(taken), torch.zeros_like(taken)
        for places, largest in self.largest:
            which = torch.arange(self.n, device=device) if places is None else places
            # One image may be there several times, on its way to several classes.
            for counted, seen in (
                (taken, torch.ones_like(largest)),
                (zero, (largest == 0).to(taken)),
                (broken, (~largest.isfinite()).to(taken)),
            ):
                counted.index_add_(0, which, seen)
        return (taken > 0) & (zero == taken), broken > 0


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
        check: Takes note of every gradient.
        places: Which images of the attack these are (n,); None for all of them.
    """

    classifier: Classifier
    classes: int
    images: Tensor
    labels: Tensor
    target: Tensor | None
    generator: Generator
    on_step: OnStep | None
    check: GradientCheck
    raises: str = "cross_entropy"
    places: Tensor | None = None

    @property
    def goal(self) -> Tensor:
        """The class (n,) the attack pushes away from (untargeted) or towards (targeted)."""
        return self.labels if self.target is None else self.target

    def only(self, chosen: Tensor) -> "Problem":
        """The same problem for some of the images, given by their indices (m,)."""
        return replace(
            self,
            images=self.images[chosen],
            labels=self.labels[chosen],
            target=None if self.target is None else self.target[chosen],
            places=chosen if self.places is None else self.places[chosen],
        )

    def fooled(self, logits: Tensor) -> Tensor:
        """Which images (n,) reach the goal with these logits (n, k)."""
        predicted = logits.argmax(dim=1)
        return predicted != self.labels if self.target is None else predicted == self.target

    def loss(self, logits: Tensor) -> Tensor:
        """What the attacker raises, per image (n,): away from the goal, or towards it."""
        loss = error_of(logits, self.goal, self.raises)
        return loss if self.target is None else -loss

    def gradient(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The direction in which the loss grows at some images (n, c, h, w), and the logits (n, k).

        For each image the gradient of the loss up to a positive factor; see ``loss_slope``.
        """
        leaf, logits = differentiable(self.classifier, images)
        slope = loss_slope(logits.detach(), self.goal, self.raises)
        if self.target is not None:
            slope = -slope
        return self.pulled(logits, leaf, slope), logits.detach()

    def pulled(self, logits: Tensor, leaf: Tensor, slope: Tensor, *, again: bool = False) -> Tensor:
        """What a slope (n, k) at the logits is at the images (n, c, h, w), checked.

        Args:
            logits: (n, k), hanging on the leaf.
            leaf: The images they were computed from.
            slope: What to pull back; each image's is its own.
            again: Whether another slope of the same logits will be asked for.
        """
        (gradient,) = torch.autograd.grad(logits, leaf, slope, retain_graph=again)
        return self.check.usable(gradient, self.places)

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


def log_odds(logits: Tensor, labels: Tensor) -> Tensor:
    """log((1 - p) / p) of the label's probability p, per image (n,), from logits (n, k).

    The cross-entropy is ``softplus`` of it, so both grow together; but where p rounds to 1 the
    cross-entropy of float32 loses the label's own part of the gradient, and this keeps it.
    """
    own = labels.unsqueeze(1)
    others = logits.scatter(1, own, -torch.inf).logsumexp(1)
    return others - logits.gather(1, own).squeeze(1)


def error_of(logits: Tensor, labels: Tensor, kind: str) -> Tensor:
    """How far logits (n, k) are from saying ``labels`` (n,): one of ``LOSSES``, per image (n,).

    In place of the cross-entropy stand the log-odds, which order images likewise without ever
    rounding to zero.
    """
    if kind == "cross_entropy":
        return log_odds(logits, labels)
    own = labels.unsqueeze(1)
    rival = logits.scatter(1, own, -torch.inf).amax(1)
    return rival - logits.gather(1, own).squeeze(1)


def loss_slope(logits: Tensor, labels: Tensor, kind: str) -> Tensor:
    """The gradient of ``error_of`` by the logits (n, k), up to a positive factor for each image.

    The cross-entropy's is p_j for every other class j and p - 1 for the label; divided by 1 - p
    that is the softmax over the other classes and -1, which no certainty rounds to zero. Attacks
    that take its sign or its direction go where exact arithmetic would send them.
    """
    own = labels.unsqueeze(1)
    others = logits.scatter(1, own, -torch.inf)
    if kind == "cross_entropy":
        slope = others.softmax(1)
    else:
        slope = torch.zeros_like(logits).scatter_(1, others.argmax(1, keepdim=True), 1.0)
    return slope.scatter_(1, own, -1.0)


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
            "its defense, or choose an attack that needs no gradient, such as square"
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
