"""The promise every attack keeps: within the budget, in [0, 1], measured, the model untouched."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, TypeAlias

import torch
from torch import Generator, Tensor

from core.attacks.problem import GradientCheck, Problem, Proposal, norms
from core.types import Classifier, LabError, OnStep
from core.validation import (
    check_classes,
    check_images,
    check_logits,
    check_parameter,
    device_of,
)

Norm: TypeAlias = Literal["linf", "l2", "l0"]

ROUNDING = 1e-6
"""A pixel counts as changed when it moved further than float32 arithmetic alone may move it."""


FRAMES_VALUES = 2**18
"""Values of a trajectory that are projected at once."""


@dataclass(frozen=True, eq=False)
class AttackResult:
    """Adversarial images and what was measured on them, after the projection on the budget.

    Attributes:
        images: Adversarial images (n, c, h, w) in [0, 1].
        logits: The classifier's answer to them (n, k).
        success: Whether the goal was reached (n,): another class than the label, or the target.
        l0: Pixels (of h * w) that changed in any channel (n,), int64.
        l2: Euclidean size of the perturbation (n,).
        linf: Largest change of one value (n,).
        zero_gradient: Whose gradient was exactly zero every time it was taken (n,), bool: there
            the attack was blind.
        broken_gradient: Whose gradient was once not finite (n,), bool; zeros took its place.
        trajectory: Iterates (frames, n, c, h, w); the first is the clean image, the last the
            result. None for attacks that have none to show, and for batches too large to keep.
    """

    images: Tensor
    logits: Tensor
    success: Tensor
    l0: Tensor
    l2: Tensor
    linf: Tensor
    zero_gradient: Tensor
    broken_gradient: Tensor
    trajectory: Tensor | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what blinded the attack; a failed attack that has some proves nothing."""
        return warnings_of([self])


def warnings_of(results: Sequence["AttackResult"]) -> tuple[str, ...]:
    """Sentences on what blinded an attack that was run on one batch after another."""
    zero = torch.cat([one.zero_gradient for one in results])
    broken = torch.cat([one.broken_gradient for one in results])
    answers = torch.cat([(~one.logits.isfinite()).any(dim=1) for one in results])
    words = "got logits that are not finite numbers once attacked; that is no success."
    return (*gradient_warnings(zero, broken), *_counted(answers, words))


def gradient_warnings(zero: Tensor, broken: Tensor) -> tuple[str, ...]:
    """Sentences on whose gradients were always zero (n,), and whose were ever not finite (n,)."""
    blind = "had a gradient of exactly zero at every step: the attack was blind there."
    misled = "had a gradient that is not a finite number: the attack was misled there."
    return (*_counted(zero, blind), *_counted(broken, misled))


def _counted(which: Tensor, words: str) -> tuple[str, ...]:
    count = int(which.sum())
    return (f"{count} of {len(which)} images {words}",) if count else ()


@dataclass(frozen=True, kw_only=True)
class Attack(ABC):
    """Hyper-parameters of one attack; calling it attacks a batch of images.

    A subclass proposes images in ``perturb``; this class checks what comes in, projects the
    proposal on the budget and on [0, 1], and measures success and distances itself.

    Attributes:
        title: Name for menus.
        summary: One sentence for menus.
        norm: The distance the attack keeps small.
        iterative: Whether it takes many steps and reports them.
        targetable: Whether it can be given a target class.
        gradient_free: Whether it asks for answers alone and never for a gradient.
        epsilon: Largest perturbation in the norm, in [0, 1] pixel units, used as it is given;
            None for an attack that looks for the smallest perturbation.

    Raises:
        ValueError: A hyper-parameter has the wrong type or lies below its least value.
    """

    title: ClassVar[str]
    summary: ClassVar[str]
    norm: ClassVar[Norm]
    iterative: ClassVar[bool] = True
    targetable: ClassVar[bool] = True
    gradient_free: ClassVar[bool] = False
    epsilon: float | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            check_parameter(field, getattr(self, field.name))
        if self.epsilon is not None:
            if self.norm == "l0":
                raise ValueError(f"{self.title} counts pixels; leave epsilon out")
            object.__setattr__(self, "epsilon", float(self.epsilon))

    def __call__(
        self,
        classifier: Classifier,
        images: Tensor,
        labels: Tensor,
        *,
        target: Tensor | None = None,
        generator: Generator | None = None,
        on_step: OnStep | None = None,
    ) -> AttackResult:
        """Attack a batch; the classifier is left as it was.

        Args:
            classifier: From images to logits (n, k).
            images: Clean images (n, c, h, w) in [0, 1], n at least 1, of any floating-point type
                and layout; computed with as contiguous float32 on the classifier's device.
            labels: True classes (n,), int64.
            target: Wanted classes (n,), int64, none equal to its label; None: any but the label.
            generator: Source of randomness; None: a new one seeded with 0 on the images' device.
            on_step: Receives progress of an iterative attack; may raise ``Cancelled``.

        Raises:
            ValueError: An argument, or what the classifier returns, is not of that shape, type or
                range.
            LabError: The attack needs gradients and the classifier passes none, or more classes
                than the classifier has; or it is called under ``torch.inference_mode()``.
        """
        if target is not None and not self.targetable:
            raise ValueError(f"{self.title} has no targeted form; leave target out")
        check_images(images)
        if torch.is_inference_mode_enabled():
            raise LabError(
                "attacks take gradients, which torch.inference_mode() forbids: call them outside "
                "of it (torch.no_grad() is no obstacle)"
            )
        device = device_of(classifier, images.device)
        # Copied, since a batch of one channel may call itself contiguous in any memory format, and
        # convolutions add up in another order then.
        images = torch.empty(images.shape, device=device).copy_(images.detach())
        labels, target = labels.to(device), None if target is None else target.to(device)
        with torch.no_grad():
            classes = check_logits(classifier(images), len(images)).shape[1]
        if classes < self.least_classes:
            raise LabError(
                f"{self.title} with these settings compares the logits of {self.least_classes} "
                f"classes, and this classifier tells apart {classes}; choose another attack or loss"
            )
        check_classes("labels", labels, images, classes)
        if target is not None:
            check_classes("target", target, images, classes)
            if bool((target == labels).any()):
                raise ValueError("target must differ from the label of every image")
        problem = Problem(
            classifier=classifier,
            classes=classes,
            images=images,
            labels=labels,
            target=target,
            generator=generator or Generator(images.device).manual_seed(0),
            on_step=on_step,
            check=GradientCheck(len(images)),
        )
        with torch.enable_grad():
            proposal = self.perturb(problem)
        return self._measured(problem, proposal)

    @abstractmethod
    def perturb(self, problem: Problem) -> Proposal:
        """Propose adversarial images; they need not be within the budget."""

    @property
    def least_classes(self) -> int:
        """The fewest classes a classifier must have for this attack to be defined."""
        return 2

    @property
    def budget(self) -> float:
        """Epsilon, or infinity where there is none."""
        return math.inf if self.epsilon is None else self.epsilon

    def _measured(self, problem: Problem, proposal: Proposal) -> AttackResult:
        clean = problem.images
        images = self._allowed(proposal.images.detach(), clean)
        trajectory = proposal.trajectory
        if trajectory is not None:
            trajectory = trajectory.detach()
            # All frames at once where that is little memory, else one after another.
            at_once = max(1, FRAMES_VALUES // clean.numel())
            for frames in torch.split(trajectory, at_once):
                whole = clean.expand(frames.shape).flatten(0, 1)
                frames.copy_(self._allowed(frames.flatten(0, 1), whole).view(frames.shape))
        with torch.no_grad():
            logits = problem.classifier(images).detach()
        change = (images - clean).abs()
        zero, broken = problem.check.summary(images.device)
        return AttackResult(
            images=images,
            logits=logits,
            success=problem.fooled(logits) & logits.isfinite().all(dim=1),
            l0=(change > ROUNDING).any(dim=1).flatten(1).sum(dim=1),
            l2=norms(change).flatten(),
            linf=change.flatten(1).amax(dim=1),
            zero_gradient=zero,
            broken_gradient=broken,
            trajectory=trajectory,
        )

    def _allowed(self, images: Tensor, clean: Tensor) -> Tensor:
        finite = torch.where(images.isfinite(), images, clean)
        return project(finite, clean, self.budget, self.norm)


def project(images: Tensor, clean: Tensor, epsilon: float, norm: Norm) -> Tensor:
    """The nearest allowed images: within epsilon of the clean ones, then clipped to [0, 1].

    The clip comes last. It moves no value further from its clean value, which lies in [0, 1]
    too, so the clipped images are still within epsilon.

    Args:
        images: Any images (n, c, h, w).
        clean: Their clean versions (n, c, h, w) in [0, 1].
        epsilon: Radius; infinity leaves only the clip.
        norm: "linf" or "l2"; "l0" only with an infinite radius.
    """
    if math.isinf(epsilon):
        return images.clamp(0, 1)
    change = images - clean
    if norm == "linf":
        change = change.clamp(-epsilon, epsilon)
    elif norm == "l2":
        change = change * (epsilon / norms(change).clamp_min(1e-12)).clamp_max(1)
    else:
        raise ValueError(f"norm must be 'linf' or 'l2' for a finite epsilon, got {norm!r}")
    return (clean + change).clamp(0, 1)


def epsilon_text(epsilon: float) -> str:
    """A budget that reads back as itself: ``8/255`` where it is one of 255 parts, else decimals."""
    if float(f"{epsilon:.4f}") == epsilon:
        return f"{epsilon:.4f}".rstrip("0").rstrip(".")
    parts = round(255 * epsilon)
    return f"{parts}/255" if parts / 255 == epsilon else repr(epsilon)


def control(
    *,
    help: str,
    low: float | None = None,
    high: float | None = None,
    step: float | None = None,
    label: str | None = None,
    choices: Sequence[str] = (),
) -> dict[str, Any]:
    """Metadata of a field that a menu offers.

    Args:
        help: One sentence on what it does.
        low: Least allowed value, 0 when None; the constructor refuses smaller ones.
        high: End of the slider; the constructor takes larger ones.
        step: Step of the slider.
        label: Name on screen; None: the field's name.
        choices: Allowed values of a field that is a word.
    """
    return {
        "low": low,
        "high": high,
        "step": step,
        "label": label,
        "help": help,
        "choices": tuple(choices),
    }
