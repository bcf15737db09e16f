"""Threat models: what the attacker knows, and how an attack is run under each.

Oblivious: the attacker sees the bare classifier only. Transfer: the attacker has not even that,
but a substitute. Adaptive: the attacker sees the defence too and attacks through every surrogate
of it (BPDA, Athalye et al., 2018, arXiv 1802.00420), on the average over its randomness (EOT,
Athalye et al., 2018, arXiv 1707.07397); an image counts as broken when any of them breaks it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import torch
from torch import Generator, Tensor

from core.attacks import Attack
from core.evaluation import on_range
from core.types import Classifier, OnStep, Purifier, Surrogate, part_of

Threat: TypeAlias = Literal["oblivious", "transfer", "adaptive"]

THREATS: Mapping[str, str] = {
    "oblivious": "The attacker sees the classifier and does not know that a defence stands in "
    "front of it. The papers call this white box.",
    "transfer": "The attacker sees neither classifier nor defence, attacks a substitute and hopes "
    "that the images fool the other too. The papers call this black box.",
    "adaptive": "The attacker sees everything and attacks through every differentiable stand-in "
    "of the defence; the worst counts, image by image.",
}

WITHOUT_SUBSTITUTE: Mapping[str, str] = {
    name: words for name, words in THREATS.items() if name != "transfer"
}
"""The threat models of pages that load one classifier."""

OBLIVIOUS_NOTE = "This attack does not see the defence."

BARE = "bare classifier"
"""Name of the candidate that ignores the defence; an adaptive attacker can always use it."""

DEFENDED = "defended classifier"
"""Name of the pipeline itself, which an attack that needs no gradient asks directly."""

JUDGED_DRAWS = 8
"""Draws of a random defence by which an image counts as broken or not: most of them decide."""


RANDOM_DRAWS = 8
"""Draws of a random defence that an attacker of ours averages in every gradient, unless told."""


@dataclass(frozen=True)
class Broken:
    """The outcome of an adaptive attack.

    Attributes:
        images: Per image the first adversarial image that breaks the defended classifier, else
            the one on which it errs most often, (n, c, h, w).
        fooled: Whether the defended classifier errs on it, bool (n,); behind a random defence,
            on most draws.
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
    classifier: Classifier,
    surrogate: Surrogate,
    generator: Generator | None = None,
    *,
    draws: int = 1,
) -> Classifier:
    """The differentiable pipeline an adaptive attacker sees.

    Args:
        classifier: The classifier behind the defence.
        surrogate: The differentiable stand-in for the defence.
        generator: For a random surrogate.
        draws: How many draws the logits are averaged over.
    """

    def pipeline(images: Tensor) -> Tensor:
        if draws == 1:
            return classifier(surrogate(images, generator))
        copies = images.repeat(draws, *[1] * (images.dim() - 1))
        logits = classifier(surrogate(copies, generator))
        return logits.view(draws, len(images), -1).mean(0)

    return pipeline


def views_of(
    classifier: Classifier,
    purifier: Purifier,
    generator: Generator | None = None,
    *,
    surrogates: tuple[str, ...] | None = None,
    draws: int = 1,
) -> dict[str, Classifier]:
    """What an adaptive attacker can attack, by name: every surrogate and the bare classifier.

    Args:
        classifier: The classifier behind the defence.
        purifier: The defence.
        generator: For a random defence.
        surrogates: The names wanted, in this order; None wants all.
        draws: How many draws of a random defence are averaged.

    Raises:
        ValueError: The defence has no such surrogate.
    """
    averaged = draws if purifier.random else 1
    views: dict[str, Classifier] = {
        name: through(
            classifier, surrogate, generator, draws=1 if name in purifier.quiet else averaged
        )
        for name, surrogate in purifier.surrogates.items()
    }
    # Last: whoever falls to a view of the defence need not be attacked without it.
    views[BARE] = classifier
    if isinstance(purifier, on_range.Ranged):
        # Attacked in its latents; as a view it is the pipeline whose images stay what they are.
        views[on_range.NAME] = classifier
    if surrogates is None:
        return views
    unknown = [name for name in surrogates if name not in views]
    if unknown:
        raise ValueError(f"unknown surrogate {unknown[0]!r}; choose from {', '.join(views)}")
    return {name: views[name] for name in surrogates}


def attack_adaptively(  # noqa: PLR0913  an evaluation has this many parts
    attack: Attack,
    classifier: Classifier,
    purifier: Purifier,
    images: Tensor,
    labels: Tensor,
    *,
    generator: Generator,
    surrogates: tuple[str, ...] | None = None,
    draws: int = 1,
    on_step: OnStep | None = None,
) -> Broken:
    """Attack the defended classifier through one surrogate after another.

    An attack that needs no gradient has no need of a surrogate either: it asks the defended
    classifier itself. Images that are broken are not attacked again. Restarts of the attack are
    taken here: it is the defended classifier that says whether one is needed, not the surrogate
    that was fooled. Behind a random defence an image is broken when most draws err, but a restart
    goes on until all of them do.

    Args:
        attack: The attack to run through each surrogate.
        classifier: The classifier behind the defence.
        purifier: The defence.
        images: Clean images (n, c, h, w) in [0, 1].
        labels: Their labels (n,).
        generator: For the attack and a random defence.
        surrogates: Names to try, in this order; None tries all surrogates and the bare classifier,
            or the defended classifier itself where the attack is gradient-free.
        draws: Draws of a random defence that every gradient is averaged over.
        on_step: Progress over all surrogates.

    Returns:
        Who was broken, and by which surrogate.

    Raises:
        ValueError: The defence has no such surrogate.
    """
    if attack.gradient_free and surrogates is None:
        averaged = draws if purifier.random else 1
        itself = through(classifier, _itself(purifier), generator, draws=averaged)
        views: Mapping[str, Classifier] = {DEFENDED: itself}
    else:
        views = views_of(classifier, purifier, generator, surrogates=surrogates, draws=draws)
    pipeline = defended(classifier, purifier, generator)
    judged = judged_draws(purifier)
    restarts = getattr(attack, "restarts", 1)
    changes: dict[str, Any] = {"restarts": 1} if restarts > 1 else {}
    once: Attack = replace(attack, **changes)
    adversarial = images.clone()
    errors = share_of_errors(pipeline, images, labels, judged)
    broken_by = dict.fromkeys(views, 0)
    rounds = [(start, name) for start in range(restarts) for name in views]
    for index, (start, name) in enumerate(rounds):
        standing = (errors < 1 if start else errors <= 0.5).nonzero()[:, 0]
        if len(standing) == 0:
            # Those whose draws do not all err come back with the next restart.
            continue
        now, right = images[standing], labels[standing]
        told = part_of(on_step, index, len(rounds))
        if name == on_range.NAME:
            tries = _on_range(once, classifier, purifier, now, right, generator, told)
        else:
            tries = (once(views[name], now, right, generator=generator, on_step=told).images,)
        for tried in tries:
            share = share_of_errors(pipeline, tried, right, judged)
            broken_by[name] += int(((share > 0.5) & (errors[standing] <= 0.5)).sum())
            # The last try is kept where none is better, so that there is always one to look at.
            better = share >= errors[standing]
            adversarial[standing[better]] = tried[better]
            errors[standing] = torch.maximum(share, errors[standing])
    return Broken(adversarial, errors > 0.5, broken_by)


def _on_range(  # noqa: PLR0913  what an attack is given
    attack: Attack,
    classifier: Classifier,
    purifier: Purifier,
    images: Tensor,
    labels: Tensor,
    generator: Generator,
    on_step: OnStep | None,
) -> tuple[Tensor, ...]:
    """The attack on a defence's own range, within the budget of another attack."""
    assert isinstance(purifier, on_range.Ranged)
    return on_range.attack_on_range(
        classifier,
        purifier,
        images,
        labels,
        epsilon=attack.budget,
        norm=attack.norm,
        generator=generator,
        on_step=on_step,
    )


def _itself(purifier: Purifier) -> Surrogate:
    """The defence as it is, for attacks that take no gradient."""
    return lambda images, generator: purifier(images, generator=generator)


def judged_draws(purifier: Purifier | None) -> int:
    """How many draws decide whether an image counts as broken behind this defence."""
    return JUDGED_DRAWS if purifier is not None and purifier.random else 1


def share_of_errors(pipeline: Classifier, images: Tensor, labels: Tensor, draws: int) -> Tensor:
    """On what share of some draws a classifier errs, for each image (n,)."""
    with torch.no_grad():
        wrong = [pipeline(images).argmax(1) != labels for _ in range(draws)]
    return torch.stack(wrong).float().mean(0)
