"""All defences in front of one classifier, each under every attack: one table of figures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.evaluation.accuracy import Accuracy
from core.evaluation.adaptive_column import AdaptiveFigure, adaptive_figures, breaks_robust
from core.evaluation.cells import (
    LEVELED,
    PAPER_SEARCH,
    ROBUST,
    SEARCHING,
    compared,
    oblivious_attacks,
)
from core.evaluation.records import worst_case
from core.evaluation.specification import Evaluation, Specification
from core.evaluation.strength import too_weak

TRANSFER = ", by transfer"
"""Ends the row of a robust classifier that is attacked with images made on the usual one."""

LEAST = 200
"""Images an adaptive figure needs at least to stand here; the table says how many it has."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One attack.

    Attributes:
        attack: A row of ``ATTACKS``; None for clean images.
        norm: Of the budget, ``linf`` or ``l2``; None without a budget.
        epsilon: The budget.
        knows: Whether the attacker sees the defence.
        weak: Why an oblivious attack does not count, as a sentence; empty when it does.
    """

    attack: str | None
    norm: str | None = None
    epsilon: float | None = None
    knows: bool = False
    weak: str = ""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One cell.

    Attributes:
        accuracy: Right answers.
        doubts: Reasons not to trust it.
    """

    accuracy: Accuracy
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SideBySide:
    """The table.

    Attributes:
        dataset: The data set.
        classifier: Who stands behind the defences.
        columns: The attacks, clean images first, those that know the defence last.
        rows: By defence, None first, then by robust classifier, which stands there without a
            defence: one figure a column, None where nothing is measured.
    """

    dataset: str
    classifier: str
    columns: tuple[Column, ...]
    rows: Mapping[str | None, tuple[Figure | None, ...]]

    @property
    def measured(self) -> bool:
        """Whether there is a figure of any defence."""
        return any(figure for name, row in self.rows.items() if name for figure in row)

    def best(self, column: int) -> str | None:
        """The defence with the highest figure of a column; None where none has one."""
        values = {
            name: row[column].accuracy.value  # type: ignore[union-attr]
            for name, row in self.rows.items()
            if name is not None and row[column] is not None
        }
        return max(values, key=values.__getitem__, default=None)


def side_by_side(dataset: str, classifier: str, evaluations: Sequence[Evaluation]) -> SideBySide:
    """Put stored evaluations side by side.

    Args:
        dataset: A row of ``DATASETS``.
        classifier: Name of its checkpoint.
        evaluations: What is stored of the suites ``COMPARED``.
    """
    mine = [
        one
        for one in evaluations
        if one.specification.classifier == classifier
        and one.specification.split == "test"
        and _as_usual(one.specification)
    ]
    oblivious = {
        (spec.defence, spec.attack, spec.parameters): one
        for one in mine
        if (spec := one.specification).threat == "oblivious" and spec.attack is not None
    }
    knowing = [one for one in adaptive_figures(mine, least=LEAST) if one.norm == "linf"]
    budgets = sorted({one.epsilon for one in knowing})
    defences = (*compared(dataset), *SEARCHING[dataset], *LEVELED)
    names: tuple[str | None, ...] = (None, *defences)
    cleans = [_clean(name, mine) for name in names]
    columns = [Column(attack=None)]
    cells: list[list[Figure | None]] = [cleans]
    for attack, parameters in oblivious_attacks(dataset):
        pairs = tuple(sorted(parameters.items()))
        found = [oblivious.get((name, attack, pairs)) for name in defences]
        some = next((one for one in found if one is not None), None)
        columns.append(
            Column(
                attack=attack,
                norm="linf" if "epsilon" in parameters else None,
                epsilon=parameters.get("epsilon"),
                weak=_weakness(some),
            )
        )
        bare = None if some is None else _figure(some.attacked)
        cells.append([bare, *(None if one is None else _figure(one.robust) for one in found)])
    for budget in budgets:
        known = {one.defence: one for one in knowing if one.epsilon == budget}
        columns.append(Column(attack="pgd", norm="linf", epsilon=budget, knows=True))
        cells.append([_bare(known.values()), *(_knowing(known.get(n)) for n in defences)])
    rows = {name: tuple(column[place] for column in cells) for place, name in enumerate(names)}
    for name in ROBUST[dataset]:
        if name.partition("_")[0] == classifier:
            rows |= _robust(name, columns, evaluations)
    return SideBySide(dataset=dataset, classifier=classifier, columns=tuple(columns), rows=rows)


def _as_usual(specification: Specification) -> bool:
    """Whether a defence is set as it stands here: as long a search as in its paper, else no own."""
    searches = specification.defence in SEARCHING[specification.dataset]
    long = searches and specification.threat != "adaptive"
    return specification.settings == (PAPER_SEARCH if long else ())


def _robust(
    name: str,
    columns: Sequence[Column],
    evaluations: Sequence[Evaluation],
) -> dict[str | None, tuple[Figure | None, ...]]:
    """The rows of a robust classifier: attacked itself, and with images made on the usual one."""
    mine = [
        one
        for one in evaluations
        if one.specification.classifier == name and one.specification.split == "test"
    ]
    own = name.partition("_")[0]
    found: dict[str | None, tuple[Figure | None, ...]] = {}
    for key, substitute in ((name, None), (name + TRANSFER, own)):
        seen = [one for one in mine if one.specification.substitute == substitute]
        row = [_clean(None, mine), *(_under(column, seen) for column in columns[1:])]
        if any(row[1:]):
            found[key] = tuple(row)
    return found


def _under(column: Column, seen: Sequence[Evaluation]) -> Figure | None:
    """A robust classifier under the attack of a column; under the worst of those that know it.

    Args:
        column: The attack.
        seen: Evaluations of the classifier by one kind of attacker.
    """
    strongest = [one for one in seen if _budget(one) == column.epsilon and breaks_robust(one)]
    if column.knows:
        return _figure(worst_case(strongest)) if strongest else None
    usual = [
        one.attacked
        for one in seen
        if one.specification.attack == column.attack
        and _budget(one) == column.epsilon
        and not breaks_robust(one)
    ]
    return _figure(max((one for one in usual if one), key=lambda one: one.n, default=None))


def _budget(evaluation: Evaluation) -> object:
    return dict(evaluation.specification.parameters).get("epsilon")


def _clean(defence: str | None, evaluations: Sequence[Evaluation]) -> Figure | None:
    """Clean images, on as many as there are."""
    if defence is None:
        found = [one.clean for one in evaluations]
    else:
        found = [
            one.clean_defended
            for one in evaluations
            if one.specification.defence == defence and one.clean_defended is not None
        ]
    return _figure(max(found, key=lambda one: one.n, default=None))


def _weakness(evaluation: Evaluation | None) -> str:
    """Why an oblivious attack says nothing; empty when it does."""
    if evaluation is None or evaluation.attacked is None:
        return ""
    return too_weak(evaluation.specification, evaluation.attacked) or ""


def _figure(accuracy: Accuracy | None) -> Figure | None:
    return None if accuracy is None else Figure(accuracy=accuracy)


def _knowing(figure: AdaptiveFigure | None) -> Figure | None:
    return None if figure is None else Figure(accuracy=figure.accuracy, doubts=figure.doubts)


def _bare(figures: Iterable[AdaptiveFigure]) -> Figure | None:
    """The bare classifier under the strongest of the attacks of one budget."""
    found = [one.bare for one in figures if one.bare is not None]
    return _figure(min(found, key=lambda one: one.value, default=None))
