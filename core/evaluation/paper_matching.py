"""Which of our measurements belongs to which printed figure, and what measures it if none does."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from core.attacks import make_attack
from core.evaluation.cells import JUDGED_EPSILON, WIDE_EPSILON
from core.evaluation.checking import PAPERNOT
from core.evaluation.printed import Table
from core.evaluation.slides import CLASSIFIERS, PAIRS
from core.evaluation.specification import Evaluation, Specification

PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "deepfool": {"overshoot": 0.02, "steps": 50},
    "cw": {},
    "bim": {"epsilon": 0.15, "steps": 10},
    "pgd": {"epsilon": 0.15, "steps": 40},
    "one_step_bpda": {},
}
"""What the other attacks are run with; of FGSM the epsilon is given by the data set."""

ONE_STEP = "one_step_bpda"
SOFT = ("soft_quantizer",)
"""The one view the authors' script attacks through."""

LEAST = {"oblivious": 1000, "transfer": 1000, "adaptive": 1000}
"""Images a cell needs at least to stand beside a printed figure."""

LEAST_NOISE = 200
NOISE = "noise"
TRAINED_ON_ATTACKS: Mapping[str, str] = {"madry": "pgd", "adv_tr": "fgsm"}
"""Columns of the slides that are classifiers of their own, by what they were trained on."""

SEARCHED, LEAST_SEARCHED = "defense_gan", 200
"""The defence that searches for every image, and how many images it needs."""


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
    names = (None,) if dataset == "celeba" else CLASSIFIERS
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


def specification_of(line: Line, column: str) -> Specification | None:
    """What fills a cell; None where nothing can, and for the noise, whose size must be known first.

    Args:
        line: The row.
        column: ``none``, a row of ``DEFENSES``, or a column of the slides.
    """
    rival = column == SEARCHED or column in TRAINED_ON_ATTACKS
    if line.classifier is None or column == NOISE or (rival and line.substitute == PAPERNOT):
        return None
    base = Specification(
        dataset=line.dataset,
        classifier=line.classifier,
        attack=line.attack,
        parameters=line.parameters,
        n=10_000 if line.attack is None else LEAST[line.threat],
    )
    if column == SEARCHED:
        base = replace(base, n=LEAST_SEARCHED)
    if column in TRAINED_ON_ATTACKS:
        column, robust = "none", f"{line.classifier}_{TRAINED_ON_ATTACKS[column]}"
        base = replace(base, classifier=robust)
    if line.threat == "transfer":
        base = replace(base, threat="transfer", substitute=line.substitute)
    if line.threat == "adaptive":
        # Its bare classifier is measured with the faithful defence.
        defence = "lq_vae" if column == "none" else column
        views = {"bit_depth": None, SEARCHED: ("identity",)}.get(column, SOFT)
        return replace(base, threat="adaptive", defence=defence, surrogates=views)
    return replace(base, defence=None if column == "none" else column)


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
    any_defence: bool = False,
    least: int | None = None,
) -> Evaluation | None:
    """The stored evaluation of a cell: the same attack, whatever its number of images beyond least.

    Args:
        wanted: What the cell stands for.
        evaluations: What is stored.
        any_defence: Take it also with another defence: for the bare classifier, whose accuracy is
            part of every evaluation.
        least: Images it needs; None is what the threat model asks for.
    """
    needed = min(wanted.n, LEAST[wanted.threat]) if least is None else least
    found = [
        one
        for one in evaluations
        if one.specification.n >= needed
        and identity(one.specification) == identity(wanted)
        and (any_defence or _behind(one.specification) == _behind(wanted))
    ]
    return max(found, key=lambda one: one.specification.n, default=None)


def identity(specification: Specification) -> Hashable:
    """What two measurements must share to be the same but for defence, images and seed."""
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
    """The defence with its settings."""
    return specification.defence, specification.settings


@lru_cache(maxsize=512)
def _attack_of(name: str | None, parameters: tuple[tuple[str, Any], ...]) -> Hashable:
    """An attack with every hyper-parameter, so that a default written out is still the default."""
    if name is None:
        return None
    try:
        return name, make_attack(name, **dict(parameters))
    except (ValueError, TypeError):
        return name, parameters


def _clean(dataset: str, table: Table) -> tuple[Line, ...]:
    return tuple(
        Line(table=table, dataset=dataset, attack=None, classifier=classifier, judged=False)
        for classifier in CLASSIFIERS
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
        for classifier in CLASSIFIERS
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
        parameters=(("epsilon", WIDE_EPSILON),),
        classifier="a",
        substitute=PAPERNOT,
        judged=False,
    )
    return (*pairs, queries)


def _pairs(parameters: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(parameters.items()))
