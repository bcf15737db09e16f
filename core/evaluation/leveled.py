"""Suites of purification by the levels of a generator: its tables, and its trade-off."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations

from core.contrast import CONTRASTS
from core.defenses import DEFENSES
from core.defenses.level_schedules import SCHEDULES
from core.evaluation.cells import (
    CLASSIFIERS,
    JUDGED_EPSILON,
    LEVELED,
    SEARCHED_IMAGES,
    TEST_IMAGES,
    Cells,
    adaptive_cells,
    cell,
    oblivious_attacks,
)
from core.evaluation.rivals import DEEPFOOL, budgets
from core.evaluation.specification import Specification

MANY_DRAWS, FEW = 32, 200
"""Draws that show whether the usual number is enough, on so many images."""

ATTENUATIONS = (0, 25, 50, 75, 100)
"""Percent of a schedule at which the trade-off is measured."""


def widest(dataset: str) -> float:
    """The largest Linf budget of a data set's tables."""
    return JUDGED_EPSILON[dataset] if dataset == "cifar10" else max(budgets(dataset))


def levels(dataset: str) -> Cells:
    """Clean images, oblivious, transfer and knowing attackers, 1,000 test images; 500 for the last.

    Carlini & Wagner's attack is on as many as behind the defenses that search.

    The attackers who know the defense average eight draws in every gradient, and once 32. The
    first of them takes fewer steps on fewer images, and is not checked for gradient masking.
    """
    return tuple(one for defense in LEVELED for one in _levels(dataset, defense))


def _levels(dataset: str, defense: str) -> Iterable[Specification]:
    for classifier in CLASSIFIERS[dataset]:
        yield cell(dataset, classifier, defense, n=TEST_IMAGES[dataset])
    for attack, parameters in oblivious_attacks(dataset):
        # The images that the defenses which search were measured on; more take hours on a CPU.
        n = SEARCHED_IMAGES[dataset] if attack == "cw" else 1_000
        for classifier in CLASSIFIERS[dataset]:
            yield cell(dataset, classifier, defense, attack, parameters, n=n)
    for classifier, substitute in permutations(CLASSIFIERS[dataset], 2):
        yield cell(
            dataset,
            classifier,
            defense,
            "deepfool",
            DEEPFOOL,
            threat="transfer",
            substitute=substitute,
        )
    if dataset == "cifar10":
        budget = widest(dataset)
        yield from adaptive_cells(
            dataset, [defense], "pgd", 200, epsilon=budget, steps=20, loss="margin"
        )
        return
    for budget in budgets(dataset):
        yield _knowing(dataset, defense, budget)
        yield from adaptive_cells(
            dataset, [defense], "pgd", 500, epsilon=budget, steps=100, loss="margin"
        )
    (many,) = adaptive_cells(dataset, [defense], "pgd", FEW, epsilon=0.1, steps=100, loss="margin")
    yield replace(many, draws=MANY_DRAWS, checked=False)
    yield from adaptive_cells(
        dataset, [defense], "pgd_l2", 500, epsilon=1.5, steps=100, loss="margin"
    )
    yield from adaptive_cells(
        dataset, [defense], "square", 500, epsilon=widest(dataset), squares=1000
    )


def attenuation(dataset: str) -> Cells:
    """What drawing more of every level anew costs and brings, behind the first classifier.

    Oblivious FGSM and PGD on 1,000 test images for every schedule; for the linear one FGSM without
    the threshold before, and PGD that knows the defense on 200.
    """
    return tuple(one for defense in LEVELED for one in _attenuation(dataset, defense))


def _attenuation(dataset: str, defense: str) -> Iterable[Specification]:
    first, wide = CLASSIFIERS[dataset][0], widest(dataset)
    points = [
        (("attenuation", percent), ("schedule", number))
        for number in range(len(SCHEDULES))
        for percent in ATTENUATIONS
        # At 0 all schedules are one.
        if percent or not number
    ]
    for settings in points:
        for attack, parameters in (("fgsm", {}), ("pgd", {"steps": 40})):
            wanted = {"epsilon": wide, **parameters}
            yield cell(dataset, first, defense, attack, wanted, settings=_told(defense, settings))
    for settings in points[: len(ATTENUATIONS)] if dataset in CONTRASTS else ():
        bare = (settings[0], ("contrast", 0), settings[1])
        wanted = {"epsilon": wide}
        yield cell(dataset, first, defense, "fgsm", wanted, settings=bare)
    knowing = JUDGED_EPSILON[dataset] if dataset == "cifar10" else 0.1
    for settings in points[: len(ATTENUATIONS)]:
        yield replace(_knowing(dataset, defense, knowing), settings=_told(defense, settings))


def _knowing(dataset: str, defense: str, epsilon: float) -> Specification:
    """An attacker who knows the defense, as far as he gets without a GPU."""
    (one,) = adaptive_cells(
        dataset, [defense], "pgd", FEW, epsilon=epsilon, steps=40, loss="margin"
    )
    return replace(one, checked=False)


def _told(defense: str, settings: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    """Settings as a cell has them: none where all are the usual ones, as in the tables."""
    usual = DEFENSES[defense].settings
    return () if all(value == usual[name].default for name, value in settings) else settings
