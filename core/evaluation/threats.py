"""Threat models: what the attacker knows, and how an attack is run under each.

Oblivious: the attacker sees the bare classifier only. Adaptive: the attacker sees the defence too
and attacks through every surrogate of it (BPDA, Athalye et al., 2018, arXiv 1802.00420); an image
counts as broken when any of them breaks it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Generator, Tensor

from core.attacks import Attack
from core.types import Classifier, OnStep, Purifier, Surrogate, part_of

Threat: TypeAlias = Literal["oblivious", "adaptive"]

THREATS: Mapping[str, str] = {
    "oblivious": "The attacker sees the classifier and does not know that a defence stands in "
    "front of it. The papers call this white box.",
    "adaptive": "The attacker sees everything and attacks through every differentiable stand-in "
    "of the defence; the worst counts, image by image.",
}

OBLIVIOUS_NOTE = "This attack does not see the defence."

BARE = "bare classifier"
"""Name of the candidate that ignores the defence; an adaptive attacker can always use it."""


@dataclass(frozen=True)
class Broken:
    """The outcome of an adaptive attack.

    Attributes:
        images: Per image the first adversarial image that breaks the defended classifier, else
            the last one tried, (n, c, h, w).
        fooled: Whether the defended classifier errs on it, bool (n,).
        broken_by: How many images fell to each surrogate, in the order tried.
    """

    images: Tensor
    fooled: Tensor
    broken_by: Mapping[str, int]


def defended(
    classifier: Classifier, purifier: Purifier | None, generator: Generator | None = None
) -> Classifier:
    """Purifier, then classifier: again a classifier. None as purifier gives the bare one."""
    if purifier is None:
        return classifier

    def pipeline(images: Tensor) -> Tensor:
        return classifier(purifier(images, generator=generator))

    return pipeline


def through(
    classifier: Classifier, surrogate: Surrogate, generator: Generator | None = None
) -> Classifier:
    """The differentiable pipeline an adaptive attacker sees."""

    def pipeline(images: Tensor) -> Tensor:
        return classifier(surrogate(images, generator))

    return pipeline


def attack_adaptively(  # noqa: PLR0913  an evaluation has this many parts
    attack: Attack,
    classifier: Classifier,
    purifier: Purifier,
    images: Tensor,
    labels: Tensor,
    *,
    generator: Generator,
    surrogates: tuple[str, ...] | None = None,
    on_step: OnStep | None = None,
) -> Broken:
    """Attack the defended classifier through one surrogate after another.

    Images that are broken are not attacked again.

    Args:
        attack: The attack to run through each surrogate.
        classifier: The classifier behind the defence.
        purifier: The defence.
        images: Clean images (n, c, h, w) in [0, 1].
        labels: Their labels (n,).
        generator: For the attack and a random defence.
        surrogates: Names to try, in this order; None tries the bare classifier and all surrogates.
        on_step: Progress over all surrogates.

    Returns:
        Who was broken, and by which surrogate.
    """
    views: dict[str, Classifier] = {BARE: classifier}
    for name, surrogate in purifier.surrogates.items():
        views[name] = through(classifier, surrogate, generator)
    pipeline = defended(classifier, purifier, generator)
    adversarial = images.clone()
    with torch.no_grad():
        fooled = pipeline(images).argmax(1) != labels
    broken_by: dict[str, int] = {}
    chosen = tuple(views) if surrogates is None else surrogates
    for index, name in enumerate(chosen):
        standing = (~fooled).nonzero()[:, 0]
        broken_by[name] = 0
        if len(standing) == 0:
            continue
        result = attack(
            views[name],
            images[standing],
            labels[standing],
            generator=generator,
            on_step=part_of(on_step, index, len(chosen)),
        )
        with torch.no_grad():
            fell = pipeline(result.images).argmax(1) != labels[standing]
        adversarial[standing] = result.images
        fooled[standing] = fell
        broken_by[name] = int(fell.sum())
    return Broken(adversarial, fooled, broken_by)
