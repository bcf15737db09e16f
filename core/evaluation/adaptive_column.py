"""The figures that count: what an attacker who knows the defense leaves, image by image."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import torch

from core.attacks import ATTACKS, make_attack
from core.evaluation.accuracy import Accuracy
from core.evaluation.cells import ROBUST
from core.evaluation.diagnostics import MISSED, RANDOM, UNCHECKED
from core.evaluation.records import right_under
from core.evaluation.results import is_outdated
from core.evaluation.specification import Evaluation
from core.types import LabError

LEAST = 200
"""Images an adaptive figure needs at least to stand in a table."""

EVERYTHING = ("adaptive", "adaptive_l2")
"""Rows of ``ATTACKS`` that try all there is; what they were measured on decides the images."""

ONE_STEP = "one_step_bpda"
"""The authors' own script: reported under its own name, and never as the strongest attack."""


@dataclass(frozen=True, kw_only=True)
class AdaptiveFigure:
    """One classifier behind one defense against everything tried at one budget.

    Attributes:
        classifier: Its name.
        defense: A row of ``DEFENSES``, or the name of a robust classifier, which needs none.
        norm: ``linf`` or ``l2``.
        epsilon: The budget.
        accuracy: Right answers under all of the attacks, image by image.
        exact: Whether it is counted image by image; else it is the least of the figures.
        bare: The bare classifier under the same attacks.
        clean: The defended classifier on clean images.
        evaluations: What it is made of.
    """

    classifier: str
    defense: str
    norm: str
    epsilon: float
    accuracy: Accuracy
    exact: bool
    bare: Accuracy | None
    clean: Accuracy | None
    evaluations: tuple[Evaluation, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Reasons not to trust the figure, each once."""
        return joint_warnings([one.warnings for one in self.evaluations])

    @property
    def attacks(self) -> tuple[str, ...]:
        """The attacks in words, for example ``PGD with up to 100 steps``."""
        return tuple(
            describe_attack(name, [e for e in self.evaluations if e.specification.attack == name])
            for name in dict.fromkeys(str(e.specification.attack) for e in self.evaluations)
        )


def adaptive_figures(
    evaluations: Sequence[Evaluation], *, least: int | None = None
) -> tuple[AdaptiveFigure, ...]:
    """One figure for every classifier, defense and budget that adaptive attacks were run at.

    Args:
        evaluations: Everything stored of one data set.
        least: Images that one of its evaluations must have; None takes ``LEAST``.
    """
    groups: dict[tuple[str, str, str, float], list[Evaluation]] = {}
    for one in evaluations:
        spec = one.specification
        budget = budget_of(one)
        if budget is not None and breaks_robust(one):
            own = spec.classifier.partition("_")[0]
            groups.setdefault((own, spec.classifier, *budget), []).append(one)
        if budget is None or spec.threat != "adaptive" or one.robust is None:
            continue
        usual = spec.surrogates is None and not spec.settings
        if spec.split == "test" and usual and spec.attack != ONE_STEP:
            key = (spec.classifier, str(spec.defense), *budget)
            groups.setdefault(key, []).append(one)
    least = LEAST if least is None else least
    present = {key: _current(found) for key, found in groups.items()}
    return tuple(
        _figure(key, found, _cheaper(key, evaluations))
        for key, found in present.items()
        if max(one.specification.n for one in found) >= least
    )


def _current(found: Sequence[Evaluation]) -> list[Evaluation]:
    """Those on the present weights, if there are any: who stands behind others says nothing."""
    return [one for one in found if not is_outdated(one)] or list(found)


def _cheaper(
    key: tuple[str, str, str, float], evaluations: Sequence[Evaluation]
) -> list[Evaluation]:
    """Attacks that know less, or may change less, on the same system: none may find more."""
    classifier, defense, norm, epsilon = key
    found = []
    for one in evaluations:
        spec, budget = one.specification, budget_of(one)
        same = (spec.classifier, spec.defense, spec.settings) == (classifier, defense, ())
        if not same or spec.split != "test" or one.robust is None or budget is None:
            continue
        if budget[0] == norm and budget[1] <= epsilon and not is_outdated(one):
            found.append(one)
    return found


def breaks_robust(evaluation: Evaluation) -> bool:
    """Whether a robust classifier is attacked with all effort, knowing all there is to know."""
    spec = evaluation.specification
    if spec.classifier not in ROBUST[spec.dataset] or spec.threat != "oblivious":
        return False
    effort = dict(spec.parameters)
    dear = spec.attack in EVERYTHING or "squares" in effort or effort.get("restarts", 1) > 1
    return spec.defense is None and dear


def budget_of(evaluation: Evaluation) -> tuple[str, float] | None:
    """Norm and epsilon of an attack with a budget; None for one without."""
    spec = evaluation.specification
    if spec.attack is None or spec.attack not in ATTACKS:
        return None
    epsilon = make_attack(spec.attack, **dict(spec.parameters)).epsilon
    return None if epsilon is None else (ATTACKS[spec.attack].norm, epsilon)


def describe_attack(name: str, evaluations: Sequence[Evaluation]) -> str:
    """One attack with the most effort that was put into it.

    Args:
        name: A row of ``ATTACKS``.
        evaluations: Its evaluations, at least one.
    """
    words = ATTACKS[name].title if name in ATTACKS else name
    parameters = [dict(one.specification.parameters) for one in evaluations]
    for effort, unit in (("steps", "steps"), ("squares", "queries")):
        efforts = {found[effort] for found in parameters if effort in found}
        if efforts:
            words += f" with {'up to ' if len(efforts) > 1 else ''}{max(efforts):,} {unit}"
    n = max(one.specification.n for one in evaluations)
    return f"{words} on {n:,} images"


def _figure(
    key: tuple[str, str, str, float], found: Sequence[Evaluation], cheaper: Sequence[Evaluation]
) -> AdaptiveFigure:
    classifier, defense, norm, epsilon = key
    everything = [one for one in found if one.specification.attack in EVERYTHING]
    # The images of the strongest attack: on more of them the figure would be a weaker one's.
    n = max(one.specification.n for one in everything or found)
    widest = [one for one in found if one.specification.n >= n]
    alone = any(one.specification.defense is None for one in found)
    left = [one.attacked if alone else one.robust for one in widest]
    robust = [one for one in left if one is not None]
    accuracy, exact = min(robust, key=lambda one: one.value), len(found) == 1
    # Cells that were stored without records leave the least of the figures, an upper bound.
    with suppress(LabError, ValueError):
        accuracy, exact = _right_under_all([*found, *cheaper], n), True
    bare = [one.attacked for one in widest if one.attacked is not None and not alone]
    through = [one.clean if alone else one.clean_defended for one in found]
    clean = [one for one in through if one is not None]
    return AdaptiveFigure(
        classifier=classifier,
        defense=defense,
        norm=norm,
        epsilon=epsilon,
        accuracy=accuracy,
        exact=exact,
        bare=min(bare, key=lambda one: one.value, default=None),
        clean=max(clean, key=lambda one: one.n, default=None),
        evaluations=tuple(found),
    )


def _right_under_all(found: Sequence[Evaluation], n: int) -> Accuracy:
    """Who stays right under every attack that was tried on it; the dear ones took fewer images.

    Raises:
        LabError: A cell was stored without its records.
    """
    right = torch.ones(n, dtype=torch.bool)
    for one in found:
        shared = min(n, one.specification.n)
        right[:shared] &= right_under(one)[:shared]
    return Accuracy(correct=int(right.sum()), n=n)


def joint_warnings(warnings: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The warnings about the worst case over several attacks on the same images.

    What one attack missed another may have found, so a comparison counts only where it is made
    with every one of them, and then with the one that missed least. Likewise one attack that
    averaged over the randomness answers for those that did not, and one that was searched for
    warnings for those that were not: these can only have lowered the figure.

    Args:
        warnings: Those of each attack.
    """
    warnings = [each for each in warnings if UNCHECKED not in each] or warnings
    compared = [{_kind(one): one for one in each if one.endswith(MISSED)} for each in warnings]
    kinds = set.intersection(*(set(each) for each in compared)) if compared else set()
    least = {kind: min((each[kind] for each in compared), key=_count) for kind in kinds}
    averaged = any(RANDOM not in each for each in warnings)
    told = [
        least.get(_kind(warning)) if warning.endswith(MISSED) else warning
        for each in warnings
        for warning in each
        if not (averaged and warning == RANDOM)
    ]
    return tuple(dict.fromkeys(warning for warning in told if warning is not None))


def _kind(warning: str) -> str:
    """A comparison without its numbers."""
    return warning.partition(" images fall to ")[2]


def _count(warning: str) -> int:
    """How many images it is about."""
    return int(warning.partition(" ")[0])
