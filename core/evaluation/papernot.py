"""A substitute trained by asking for labels (Papernot et al., 2017, arXiv 1602.02697).

The attacker may ask the defended classifier for the class of any image and nothing else. From a
few images without labels he trains a classifier of his own, asks about images on which the two
may disagree, and trains on: what fools the substitute often fools the original.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from core.attacks.problem import differentiable, loss_slope
from core.devices import generator_for, in_batches
from core.models import MODELS
from core.types import Classifier, LabError, OnStep, Step

Oracle: TypeAlias = Callable[[Tensor], Tensor]
"""Images (n, c, h, w) in [0, 1] to their classes (n,), int64: all that the attacker can ask."""

ARCHITECTURE = "e"
"""Defense-GAN's flag ``sub_model``: two dense layers without dropout."""

BATCH = 50
"""Images a training step, as in Defense-GAN's settings."""

ASKED = 250
"""Images a question to the oracle, for the sake of memory."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Substitute:
    """What the attacker has in the end.

    Attributes:
        classifier: The trained substitute, frozen and in ``eval()`` mode.
        queries: How many labels were asked for.
    """

    classifier: nn.Module
    queries: int


def labels_only(classifier: Classifier) -> Oracle:
    """What a defended classifier tells an attacker who may only ask for labels."""

    def oracle(images: Tensor) -> Tensor:
        with torch.no_grad():
            return classifier(images).argmax(dim=1)

    return oracle


def train_substitute(  # noqa: PLR0913  the paper's settings
    oracle: Oracle,
    images: Tensor,
    *,
    classes: int = 10,
    rounds: int = 6,
    epochs: int = 10,
    step: float = 0.1,
    learning_rate: float = 1e-3,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> Substitute:
    """Train a substitute; with the defaults and 150 images it asks for 150 * 2 ** 5 = 4,800 labels.

    Args:
        oracle: Gives the labels, the only thing it is asked for; see ``labels_only``.
        images: The attacker's own images (m, c, h, w) in [0, 1], at least one a class.
        classes: How many classes there are.
        rounds: Trainings; before each but the first the images are doubled.
        epochs: Passes over the images in each round.
        step: How far each value of an image moves when it is doubled.
        learning_rate: Step size of Adam.
        seed: Seed of the first weights and of the order of the images.
        on_step: Progress in optimiser steps, once an epoch; may raise ``Cancelled``.

    Raises:
        LabError: There are fewer images than classes.
        ValueError: A number is out of its range, or the oracle gives no such labels.
    """
    if rounds < 1 or epochs < 1:
        raise ValueError(f"rounds and epochs must be at least 1, got {rounds} and {epochs}")
    if len(images) < classes:
        raise LabError(
            f"a substitute for {classes} classes needs at least {classes} images to start from, "
            f"got {len(images)}; the paper takes 150"
        )
    student = _Student(images, classes, learning_rate, seed)
    sizes = [len(images) * 2**done for done in range(rounds)]
    of = epochs * sum(-(-size // BATCH) for size in sizes)
    known, labels = images.detach(), _ask(oracle, images, classes)
    done = 0
    for current in range(rounds):
        if current > 0:
            new = _doubled(student.model, known, labels, step)
            known, labels = torch.cat([known, new]), torch.cat([labels, _ask(oracle, new, classes)])
        for epoch in range(epochs):
            loss = student.epoch(known, labels)
            done += -(-len(known) // BATCH)
            if on_step is not None:
                stage = f"Round {current + 1} of {rounds}: {len(known):,} labels"
                values = {"loss": loss, "epoch": float(epoch + 1)}
                on_step(Step(done, of, values, stage=stage))
    return Substitute(
        classifier=student.model.eval().requires_grad_(requires_grad=False), queries=len(known)
    )


class _Student:
    """The substitute in training, with all that is random about it."""

    def __init__(self, images: Tensor, classes: int, learning_rate: float, seed: int) -> None:
        # The first weights draw from the global state: fork it.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = MODELS[ARCHITECTURE](image_shape=tuple(images.shape[1:]), classes=classes)
        self.model = model.to(images.device)
        self.weights = list(self.model.parameters())
        self.optimiser = torch.optim.Adam(self.weights, lr=learning_rate)
        self.generator: Generator = generator_for("cpu", seed)

    def epoch(self, images: Tensor, labels: Tensor) -> float:
        """Pass once over all images in a random order; the mean loss."""
        total = 0.0
        order = torch.randperm(len(images), generator=self.generator).to(images.device)
        for start in range(0, len(images), BATCH):
            places = order[start : start + BATCH]
            loss = functional.cross_entropy(self.model(images[places]), labels[places])
            slopes = torch.autograd.grad(loss, self.weights)
            for weight, slope in zip(self.weights, slopes, strict=True):
                weight.grad = slope
            self.optimiser.step()
            total += loss.item() * len(places)
        return total / len(images)


def _doubled(model: nn.Module, images: Tensor, labels: Tensor, step: float) -> Tensor:
    """A new image for each (n, c, h, w): the step along the sign of its label's gradient.

    The probability of the label falls where its log-odds rise, however sure the model is of it.
    Clipped to [0, 1], because that is what the oracle takes.
    """
    leaf, logits = differentiable(model, images)
    slope = loss_slope(logits.detach(), labels, "cross_entropy")
    (gradient,) = torch.autograd.grad(logits, leaf, slope)
    return (images - step * gradient.sign()).clamp(0, 1)


def _ask(oracle: Oracle, images: Tensor, classes: int) -> Tensor:
    labels = in_batches(oracle, images, batch_size=ASKED)
    if labels.shape != (len(images),) or labels.dtype != torch.int64:
        raise ValueError(
            f"the oracle must give int64 classes of shape ({len(images)},), "
            f"got {labels.dtype} of shape {tuple(labels.shape)}"
        )
    if bool((labels < 0).any()) or bool((labels >= classes).any()):
        raise ValueError(
            f"the oracle's classes must lie in 0 to {classes - 1}, "
            f"got {sorted(set(labels.tolist()))}"
        )
    return labels
