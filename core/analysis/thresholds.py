"""The smallest budget with which an attack changes the answer, with and without the defense."""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from core.analysis.attacked_spec import AttackedSpec
from core.analysis.runs import RunSpec
from core.analysis.strikes import fresh, hits, make_strike
from core.analysis.triplets import Reading, read
from core.types import Classifier, OnStep, Purifier, Step

SWEEP = 8
"""Budgets tried on a coarse scale, before the interval between failure and success is halved."""

HALVINGS = 6


@dataclass(frozen=True, eq=False, kw_only=True)
class Threshold:
    """The smallest budget found.

    Attributes:
        epsilon: In the attack's norm; None when no budget up to ``highest`` was enough.
        highest: The largest budget tried.
        exactness: The true threshold is at most this much smaller, if success only grows with
            the budget, which holds nearly always but not by law.
        adversarial: The image at that budget; None when there is none.
        purified: The same behind the purifier; None without one.
    """

    epsilon: float | None
    highest: float
    exactness: float
    adversarial: Reading | None = None
    purified: Reading | None = None


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """The thresholds of one image.

    Attributes:
        bare: Until the bare classifier gives another answer.
        defended: Until the purified image is classified otherwise; None without a purifier.
    """

    bare: Threshold
    defended: Threshold | None


@dataclass(frozen=True, eq=False)
class _Try:
    epsilon: float
    images: Tensor
    bare: bool
    defended: bool


def highest_epsilon(spec: RunSpec | AttackedSpec) -> float | None:
    """The end of the attack's epsilon slider; None when the attack has no budget to set."""
    attack = spec.build_attack()
    if attack.epsilon is None:
        return None
    (field,) = (field for field in fields(attack) if field.name == "epsilon")
    high = field.metadata.get("high")
    return float(high) if high else 1.0


def smallest_epsilons(
    classifier: Classifier,
    purifier: Purifier | None,
    image: Tensor,
    label: int,
    spec: RunSpec,
    on_step: OnStep | None = None,
) -> Thresholds:
    """Find the smallest budgets that change the answer, by a sweep and then by bisection.

    Args:
        classifier: The bare classifier.
        purifier: The defense; None asks about the bare classifier only.
        image: (c, h, w) in [0, 1], on the classifier's device.
        label: Its class.
        spec: The attack; its epsilon is replaced.
        on_step: One report for each budget tried; may raise ``Cancelled``.

    Raises:
        ValueError: The attack looks for the smallest perturbation itself.
    """
    highest = highest_epsilon(spec)
    if highest is None:
        raise ValueError(f"{spec.attack} has no epsilon: it looks for the smallest change itself")
    images = image.unsqueeze(0)
    most = SWEEP + HALVINGS * (1 if purifier is None else 2)
    tried: dict[float, _Try] = {}

    def attempt(epsilon: float) -> _Try:
        epsilon = math.ceil(epsilon * 10_000) / 10_000
        if epsilon not in tried:
            at = replace(spec, parameters=_with_epsilon(spec, epsilon))
            tell = None if on_step is None else _tell(on_step, len(tried), most)
            moved = make_strike(classifier, purifier, images, label, at, tell).images
            tried[epsilon] = _judged(classifier, purifier, moved, label, at, epsilon)
            if on_step is not None:
                on_step(Step(min(len(tried), most), most, {"epsilon": epsilon}))
        return tried[epsilon]

    bare = _search(attempt, highest, lambda one: one.bare)
    behind = None if purifier is None else _search(attempt, highest, lambda one: one.defended)
    find = _reader(classifier, purifier, spec, highest)
    return Thresholds(bare=find(bare), defended=None if purifier is None else find(behind))


def _search(
    attempt: Callable[[float], _Try], highest: float, success: Callable[[_Try], bool]
) -> _Try | None:
    """The smallest success: first on the coarse scale, then between it and the failure below."""
    low = 0.0
    for index in range(1, SWEEP + 1):
        found = attempt(highest * index / SWEEP)
        if success(found):
            break
        low = found.epsilon
    else:
        return None
    for _ in range(HALVINGS):
        middle = attempt((low + found.epsilon) / 2)
        if success(middle):
            found = middle
        else:
            low = middle.epsilon
    return found


def _judged(
    classifier: Classifier,
    purifier: Purifier | None,
    images: Tensor,
    label: int,
    spec: RunSpec,
    epsilon: float,
) -> _Try:
    with torch.no_grad():
        bare = int(classifier(images).argmax(1))
        behind = bare
        if purifier is not None:
            purified = purifier(images, generator=fresh(images, spec))
            behind = int(classifier(purified).argmax(1))
    return _Try(epsilon, images, hits(bare, label, spec.target), hits(behind, label, spec.target))


def _reader(
    classifier: Classifier, purifier: Purifier | None, spec: RunSpec, highest: float
) -> Callable[[_Try | None], Threshold]:
    exactness = max(highest / SWEEP / 2**HALVINGS, 0.0001)

    def find(found: _Try | None) -> Threshold:
        if found is None:
            return Threshold(epsilon=None, highest=highest, exactness=exactness)
        pictures = [found.images]
        if purifier is not None:
            generator = fresh(found.images, spec)
            with torch.no_grad():
                pictures.append(purifier(found.images, generator=generator))
        readings = read(classifier, torch.cat(pictures))
        return Threshold(
            epsilon=found.epsilon,
            highest=highest,
            exactness=exactness,
            adversarial=readings[0],
            purified=readings[1] if len(readings) > 1 else None,
        )

    return find


def _with_epsilon(spec: RunSpec, epsilon: float) -> tuple[tuple[str, object], ...]:
    return tuple(sorted((dict(spec.parameters) | {"epsilon": epsilon}).items()))


def _tell(on_step: OnStep, done: int, most: int) -> OnStep:
    """Pass the attack's own steps on as a pulse, so that Cancel is heard at once."""

    def pulse(step: Step) -> None:
        on_step(Step(min(done, most), most, step.values))

    return pulse
