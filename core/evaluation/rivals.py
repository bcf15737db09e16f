"""Suites of LQ-VAE's dearest rivals: a search for every image, and training on attacks.

Each has in one file what the others have in several: oblivious, transfer and knowing attackers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import permutations
from typing import Any

from core.evaluation.cells import (
    BEST,
    CLASSIFIERS,
    JUDGED_EPSILON,
    PAPER_SEARCH,
    ROBUST,
    SEARCHED_IMAGES,
    SEARCHING,
    WIDE_EPSILON,
    Cells,
    adaptive_cells,
    cell,
    oblivious_attacks,
)

DEEPFOOL: Mapping[str, Any] = {"steps": 50, "overshoot": 0.02}


def budgets(dataset: str) -> tuple[float, ...]:
    """Linf budgets of the attackers who know the defense."""
    return (0.1, WIDE_EPSILON) if dataset == "mnist" else (0.1,)


def searching(dataset: str) -> Cells:
    """Defenses that search anew for every image.

    They search as long as in their paper; as quickly as on the screen where an attacker who knows
    them has every step of his go through a search, 200 test images.
    """
    return tuple(one for defense in SEARCHING[dataset] for one in _searching(dataset, defense))


def _searching(dataset: str, defense: str) -> Iterable[Any]:
    whole: dict[str, Any] = {"settings": PAPER_SEARCH, "n": SEARCHED_IMAGES[dataset]}
    for classifier in CLASSIFIERS[dataset]:
        yield cell(dataset, classifier, defense, **whole)
    for attack, parameters in oblivious_attacks(dataset):
        for classifier in CLASSIFIERS[dataset]:
            yield cell(dataset, classifier, defense, attack, parameters, **whole)
    for classifier, substitute in permutations(CLASSIFIERS[dataset], 2):
        yield cell(
            dataset,
            classifier,
            defense,
            "deepfool",
            DEEPFOOL,
            threat="transfer",
            substitute=substitute,
            **whole,
        )
    for classifier in CLASSIFIERS[dataset]:
        yield cell(
            dataset,
            classifier,
            defense,
            "one_step_bpda",
            threat="adaptive",
            surrogates=("identity",),
            n=200,
            # Every check would take searches by the hundred thousand.
            checked=False,
        )
    for budget in budgets(dataset):
        pgd: dict[str, Any] = {"epsilon": budget, "steps": 100, "loss": "margin"}
        for one in adaptive_cells(dataset, [defense], "pgd", 200, **pgd):
            yield replace(one, checked=False)


SEARCHES = ((1, 25), (1, 50), (1, 100), (2, 100), (2, 200), (5, 200), (10, 200))
"""Starts and steps of the searches whose time is compared."""


def search_time(dataset: str) -> Cells:
    """Accuracy over the time a search takes, FGSM, 100 test images.

    LQ-VAE, which takes one pass, stands beside it. The times are kept with the cells, so all must
    be measured on one machine.
    """
    # At the budget it is judged by on MNIST, FGSM is too weak for differences to show.
    budget = WIDE_EPSILON if dataset == "mnist" else JUDGED_EPSILON[dataset]
    attack, parameters = "fgsm", {"epsilon": budget}
    first = CLASSIFIERS[dataset][0]
    searches = tuple(
        cell(
            dataset,
            first,
            defense,
            attack,
            parameters,
            settings=(("search_starts", starts), ("search_steps", steps)),
            n=100,
        )
        for defense in SEARCHING[dataset]
        for starts, steps in SEARCHES
    )
    one_pass = tuple(cell(dataset, first, defense, attack, parameters, n=100) for defense in BEST)
    return searches + one_pass if searches else ()


def robust(dataset: str) -> Cells:
    """Classifiers that were trained on attacks, 1,000 test images; 500 for the dearest attacks.

    Attacked by themselves, which leaves them nothing to hide behind, and by images made on other
    networks trained as usual.
    """
    return tuple(one for name in ROBUST[dataset] for one in _robust(dataset, name))


def _robust(dataset: str, name: str) -> Iterable[Any]:
    own = name.partition("_")[0]
    yield cell(dataset, name, None, n=10_000)
    for attack, parameters in oblivious_attacks(dataset):
        yield cell(dataset, name, None, attack, parameters)
        yield cell(dataset, name, None, attack, parameters, threat="transfer", substitute=own)
    for substitute in CLASSIFIERS[dataset]:
        if substitute != own:
            yield cell(
                dataset, name, None, "deepfool", DEEPFOOL, threat="transfer", substitute=substitute
            )
    for budget in budgets(dataset):
        pgd = {"epsilon": budget, "steps": 100, "restarts": 2, "loss": "margin"}
        yield cell(dataset, name, None, "pgd", pgd, n=500)
    wide = budgets(dataset)[-1]
    yield cell(dataset, name, None, "square", {"epsilon": wide, "squares": 1000}, n=500)
