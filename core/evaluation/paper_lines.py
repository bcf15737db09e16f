"""The rows of the papers' tables: which attack on which classifier."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.evaluation.cells import (
    CLASSIFIERS,
    JUDGED_EPSILON,
    WIDE_EPSILON,
    oblivious_attacks,
    papernot_epsilon,
)
from core.evaluation.checking import PAPERNOT
from core.evaluation.printed import Table
from core.evaluation.slides import DATASETS_OF_SLIDES, PAIRS

PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "deepfool": {"overshoot": 0.02, "steps": 50},
    "cw": {},
    "bim": {"epsilon": 0.15, "steps": 10},
    "pgd": {"epsilon": 0.15, "steps": 40},
    "one_step_bpda": {},
}
"""What the other attacks are run with; of FGSM the epsilon is given by the data set."""

ONE_STEP = "one_step_bpda"

TABLED = ("mnist", "fashion_mnist", "cifar10", "celeba")
"""Data sets that have tables: those of the slides, and one that has our figures alone."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row of a table: an attack on a classifier.

    Attributes:
        table: The kind of table.
        dataset: The data set.
        attack: A row of ``ATTACKS``; None for clean images.
        parameters: Its hyper-parameters, as sorted pairs.
        classifier: Its name; None where the slide names none.
        substitute: What is attacked in its place.
        judged: Whether the line is compared with the slide and counted in the average.
    """

    table: Table
    dataset: str
    attack: str | None
    parameters: tuple[tuple[str, Any], ...] = ()
    classifier: str | None
    substitute: str | None = None
    judged: bool = True

    @property
    def threat(self) -> str:
        """The threat model, in our words."""
        threats = {"white-box": "oblivious", "black-box": "transfer", "bpda": "adaptive"}
        return "oblivious" if self.attack is None else threats[self.table]


def lines_of(dataset: str, table: Table) -> tuple[Line, ...]:
    """The rows of a table, in the slides' order, with clean images first."""
    if table == "white-box":
        return (*_clean(dataset, table), *_white_box(dataset))
    if table == "black-box":
        return (*_clean(dataset, table), *_black_box(dataset))
    names: tuple[str | None, ...] = CLASSIFIERS[dataset]
    names = (None,) if dataset == "celeba" else names
    return tuple(
        Line(
            table=table,
            dataset=dataset,
            attack=ONE_STEP,
            parameters=_pairs(PARAMETERS[ONE_STEP]),
            classifier=classifier,
        )
        for classifier in names
    )


def _clean(dataset: str, table: Table) -> tuple[Line, ...]:
    return tuple(
        Line(table=table, dataset=dataset, attack=None, classifier=classifier, judged=False)
        for classifier in CLASSIFIERS[dataset]
    )


def _white_box(dataset: str) -> tuple[Line, ...]:
    attacks: list[tuple[str, Mapping[str, Any], bool]] = [
        ("fgsm", {"epsilon": JUDGED_EPSILON[dataset]}, True),
    ]
    names = ["deepfool", "cw"]
    if dataset == "celeba":
        names += ["bim", "pgd"]
    else:
        attacks.append(("fgsm", {"epsilon": WIDE_EPSILON}, False))
    attacks += [(name, PARAMETERS[name], True) for name in names]
    if dataset not in DATASETS_OF_SLIDES:
        attacks = [(name, chosen, True) for name, chosen in oblivious_attacks(dataset)]
    return tuple(
        Line(
            table="white-box",
            dataset=dataset,
            attack=attack,
            parameters=_pairs(parameters),
            classifier=classifier,
            judged=judged,
        )
        for attack, parameters, judged in attacks
        for classifier in CLASSIFIERS[dataset]
    )


def _black_box(dataset: str) -> tuple[Line, ...]:
    attack = "cw" if dataset == "celeba" else "deepfool"
    pairs = tuple(
        Line(
            table="black-box",
            dataset=dataset,
            attack=attack,
            parameters=_pairs(PARAMETERS[attack]),
            classifier=pair[0],
            substitute=pair[1],
        )
        for pair in PAIRS
    )
    if dataset == "celeba":
        return pairs
    queries = Line(
        table="black-box",
        dataset=dataset,
        attack="fgsm",
        parameters=(("epsilon", papernot_epsilon(dataset)),),
        classifier=CLASSIFIERS[dataset][0],
        substitute=PAPERNOT,
        judged=False,
    )
    return (*pairs, queries) if dataset in DATASETS_OF_SLIDES else (queries,)


def _pairs(parameters: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(parameters.items()))
