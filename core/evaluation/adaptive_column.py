"""The figures that count: what an attacker who knows the defence leaves, image by image."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import torch

from core.attacks import ATTACKS, make_attack
from core.evaluation.accuracy import Accuracy
from core.evaluation.cells import ROBUST
from core.evaluation.doubts import MISSED, RANDOM, UNDOUBTED
from core.evaluation.records import right_under
from core.evaluation.specification import Evaluation
from core.types import LabError

LEAST: Mapping[str, int] = defaultdict(lambda: 500, cifar10=200)
"""Images an adaptive figure needs at least to stand in a table, by data set."""

ONE_STEP = "one_step_bpda"
"""The authors' own script: reported under its own name, and never as the strongest attack."""


@dataclass(frozen=True, kw_only=True)
class AdaptiveFigure:
    """One classifier behind one defence against everything tried at one budget.

    Attributes:
        classifier: Its name.
        defence: A row of ``DEFENSES``, or the name of a robust classifier, which needs none.
        norm: ``linf`` or ``l2``.
        epsilon: The budget.
        accuracy: Right answers under all of the attacks, image by image.
        exact: Whether it is counted image by image; else it is the least of the figures.
        bare: The bare classifier under the same attacks.
        clean: The defended classifier on clean images.
        evaluations: What it is made of.
    """

    classifier: str
    defence: str
    norm: str
    epsilon: float
    accuracy: Accuracy
    exact: bool
    bare: Accuracy | None
    clean: Accuracy | None
    evaluations: tuple[Evaluation, ...]

    @property
    def doubts(self) -> tuple[str, ...]:
        """Reasons not to trust the figure, each once."""
        return joint_doubts([one.doubts for one in self.evaluations])

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
    """One figure for every classifier, defence and budget that adaptive attacks were run at.

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
            key = (spec.classifier, str(spec.defence), *budget)
            groups.setdefault(key, []).append(one)
    return tuple(
        _figure(key, found)
        for key, found in groups.items()
        if max(one.specification.n for one in found)
        >= (LEAST[found[0].specification.dataset] if least is None else least)
    )


def breaks_robust(evaluation: Evaluation) -> bool:
    """Whether a robust classifier is attacked with all effort, knowing all there is to know."""
    spec = evaluation.specification
    if spec.classifier not in ROBUST[spec.dataset] or spec.threat != "oblivious":
        return False
    effort = dict(spec.parameters)
    return spec.defence is None and ("squares" in effort or effort.get("restarts", 1) > 1)


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


def _figure(key: tuple[str, str, str, float], found: Sequence[Evaluation]) -> AdaptiveFigure:
    classifier, defence, norm, epsilon = key
    n = max(one.specification.n for one in found)
    widest = [one for one in found if one.specification.n == n]
    alone = any(one.specification.defence is None for one in found)
    left = [one.attacked if alone else one.robust for one in widest]
    robust = [one for one in left if one is not None]
    accuracy, exact = min(robust, key=lambda one: one.value), len(found) == 1
    # Cells that were stored without records leave the least of the figures, an upper bound.
    with suppress(LabError, ValueError):
        accuracy, exact = _right_under_all(found, n), True
    bare = [one.attacked for one in widest if one.attacked is not None and not alone]
    through = [one.clean if alone else one.clean_defended for one in found]
    clean = [one for one in through if one is not None]
    return AdaptiveFigure(
        classifier=classifier,
        defence=defence,
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
        right[: one.specification.n] &= right_under(one)
    return Accuracy(correct=int(right.sum()), n=n)


def joint_doubts(doubts: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The doubts about the worst case over several attacks on the same images.

    What one attack missed another may have found, so a comparison counts only where it is made
    with every one of them, and then with the one that missed least. Likewise one attack that
    averaged over the randomness answers for those that did not, and one that was searched for
    doubts for those that were not: these can only have lowered the figure.

    Args:
        doubts: Those of each attack.
    """
    doubts = [each for each in doubts if UNDOUBTED not in each] or doubts
    compared = [{_kind(one): one for one in each if one.endswith(MISSED)} for each in doubts]
    kinds = set.intersection(*(set(each) for each in compared)) if compared else set()
    least = {kind: min((each[kind] for each in compared), key=_count) for kind in kinds}
    averaged = any(RANDOM not in each for each in doubts)
    told = [
        least.get(_kind(doubt)) if doubt.endswith(MISSED) else doubt
        for each in doubts
        for doubt in each
        if not (averaged and doubt == RANDOM)
    ]
    return tuple(dict.fromkeys(doubt for doubt in told if doubt is not None))


def _kind(doubt: str) -> str:
    """A comparison without its numbers."""
    return doubt.partition(" images fall to ")[2]


def _count(doubt: str) -> int:
    """How many images it is about."""
    return int(doubt.partition(" ")[0])
