"""Which of our measurements belongs to which printed figure, and what measures it if none does."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from core.attacks import make_attack
from core.evaluation.cells import (
    PAPER_SEARCH,
    SEARCHED_IMAGES,
    SEARCHING,
    TEST_IMAGES,
    papernot_images,
)
from core.evaluation.checking import PAPERNOT
from core.evaluation.paper_lines import ONE_STEP, Line
from core.evaluation.specification import Evaluation, Specification

SOFT = ("soft_quantizer",)
"""The one view the authors' script attacks through."""

LEAST = {"oblivious": 1000, "transfer": 1000, "adaptive": 1000}
"""Images a cell needs at least to stand beside a printed figure."""

LEAST_NOISE = 200
NOISE = "noise"
TRAINED_ON_ATTACKS: Mapping[str, str] = {"madry": "pgd", "adv_tr": "fgsm"}
"""Columns of the slides that are classifiers of their own, by what they were trained on."""

LEAST_KNOWN_SEARCH = 200
"""Images a defense that searches needs against an attacker who knows it."""


def specification_of(line: Line, column: str) -> Specification | None:
    """What fills a cell; None where nothing can, and for the noise, whose size must be known first.

    Args:
        line: The row.
        column: ``none``, a row of ``DEFENSES``, or a column of the slides.
    """
    searches = column in SEARCHING[line.dataset]
    rival = searches or column in TRAINED_ON_ATTACKS
    if line.classifier is None or column == NOISE or (rival and line.substitute == PAPERNOT):
        return None
    base = Specification(
        dataset=line.dataset,
        classifier=line.classifier,
        attack=line.attack,
        parameters=line.parameters,
        n=TEST_IMAGES[line.dataset] if line.attack is None else LEAST[line.threat],
    )
    if searches and line.threat == "adaptive":
        base = replace(base, n=LEAST_KNOWN_SEARCH)
    elif searches:
        base = replace(base, n=SEARCHED_IMAGES[line.dataset], defense=column, settings=PAPER_SEARCH)
    if column in TRAINED_ON_ATTACKS:
        column, robust = "none", f"{line.classifier}_{TRAINED_ON_ATTACKS[column]}"
        base = replace(base, classifier=robust)
    if line.threat == "transfer":
        base = replace(base, threat="transfer", substitute=line.substitute)
    if line.substitute == PAPERNOT:
        base = replace(base, n=papernot_images(line.dataset))
    if line.threat == "adaptive":
        # Its bare classifier is measured with the faithful defense.
        defense = "lq_vae" if column == "none" else column
        views = {"bit_depth": None}.get(column, ("identity",) if searches else SOFT)
        return replace(base, threat="adaptive", defense=defense, surrogates=views)
    return replace(base, defense=None if column == "none" else column)


def noise_of(line: Line, measured: Evaluation | None) -> Specification | None:
    """Random noise of the size of an attack, on the bare classifier.

    Args:
        line: The attack.
        measured: Any evaluation of it, for the size of an attack without a budget.
    """
    if line.attack is None or line.classifier is None:
        return None
    budget = dict(line.parameters).get("epsilon")
    name, size = NOISE, budget
    if budget is None and measured is not None:
        one_step = line.attack == ONE_STEP
        name = NOISE if one_step else "noise_l2"
        size = measured.mean_linf if one_step else measured.mean_l2
    if size is None:
        return None
    return Specification(
        dataset=line.dataset,
        classifier=line.classifier,
        attack=name,
        parameters=(("epsilon", round(size, 4)),),
    )


def find_ours(
    wanted: Specification,
    evaluations: Iterable[Evaluation],
    *,
    any_defense: bool = False,
    least: int | None = None,
) -> Evaluation | None:
    """The stored evaluation of a cell: the same attack, whatever its number of images beyond least.

    Args:
        wanted: What the cell stands for.
        evaluations: What is stored.
        any_defense: Take it also with another defense: for the bare classifier, whose accuracy is
            part of every evaluation.
        least: Images it needs; None is what the threat model asks for.
    """
    needed = min(wanted.n, LEAST[wanted.threat]) if least is None else least
    found = [
        one
        for one in evaluations
        if one.specification.n >= needed
        and identity(one.specification) == identity(wanted)
        and (any_defense or _behind(one.specification) == _behind(wanted))
    ]
    return max(found, key=lambda one: one.specification.n, default=None)


def identity(specification: Specification) -> Hashable:
    """What two measurements must share to be the same but for defense, images and seed."""
    return (
        specification.dataset,
        specification.classifier,
        _attack_of(specification.attack, specification.parameters),
        specification.threat,
        specification.substitute,
        specification.surrogates,
        specification.split,
    )


def _behind(specification: Specification) -> Hashable:
    """The defense with its settings."""
    return specification.defense, specification.settings


@lru_cache(maxsize=512)
def _attack_of(name: str | None, parameters: tuple[tuple[str, Any], ...]) -> Hashable:
    """An attack with every hyper-parameter, so that a default written out is still the default."""
    if name is None:
        return None
    try:
        return name, make_attack(name, **dict(parameters))
    except (ValueError, TypeError):
        return name, parameters
