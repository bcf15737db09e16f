"""All defenses in front of one classifier, each under every attack: one table of figures."""

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
from core.evaluation.results import OUTDATED, is_outdated
from core.evaluation.specification import Evaluation, Specification
from core.evaluation.strength import too_weak

LONG = ", searched as long as in its paper"
"""Ends the row of a defense that searches, with the paper's starts and steps."""

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
        knows: Whether the attacker sees the defense.
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
        warnings: Reasons not to trust it.
    """

    accuracy: Accuracy
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SideBySide:
    """The table.

    Attributes:
        dataset: The data set.
        classifier: Who stands behind the defenses.
        columns: The attacks, clean images first, those that know the defense last.
        rows: By defense, None first, then by robust classifier, which stands there without a
            defense: one figure a column, None where nothing is measured.
    """

    dataset: str
    classifier: str
    columns: tuple[Column, ...]
    rows: Mapping[str | None, tuple[Figure | None, ...]]

    @property
    def measured(self) -> bool:
        """Whether there is a figure of any defense."""
        return any(figure for name, row in self.rows.items() if name for figure in row)

    def best(self, column: int) -> str | None:
        """The defense with the highest figure of a column; None where none has one."""
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
        and _row_of(one.specification) is not NO_ROW
    ]
    oblivious = {
        (_row_of(spec), spec.attack, spec.parameters): one
        for one in mine
        if (spec := one.specification).threat == "oblivious" and spec.attack is not None
    }
    knowing = adaptive_figures(mine, least=LEAST)
    budgets = sorted({(one.norm, one.epsilon) for one in knowing}, reverse=True)
    budgets.sort(key=lambda one: (one[0] != "linf", one[1]))
    longer = tuple(f"{name}{LONG}" for name in SEARCHING[dataset])
    defenses = (*compared(dataset), *SEARCHING[dataset], *longer, *LEVELED)
    names: tuple[str | None, ...] = (None, *defenses)
    cleans = [_clean(name, mine) for name in names]
    columns = [Column(attack=None)]
    cells: list[list[Figure | None]] = [cleans]
    for attack, parameters in oblivious_attacks(dataset):
        pairs = tuple(sorted(parameters.items()))
        found = [oblivious.get((name, attack, pairs)) for name in defenses]
        some = next((one for one in found if one is not None), None)
        columns.append(
            Column(
                attack=attack,
                norm="linf" if "epsilon" in parameters else None,
                epsilon=parameters.get("epsilon"),
                weak=_weakness(some),
            )
        )
        bare = None if some is None else _figure(some.attacked, some)
        cells.append([bare, *(None if one is None else _figure(one.robust, one) for one in found)])
    for norm, budget in budgets:
        known = {one.defense: one for one in knowing if (one.norm, one.epsilon) == (norm, budget)}
        columns.append(Column(attack="adaptive", norm=norm, epsilon=budget, knows=True))
        cells.append([_bare(known.values()), *(_knowing(known.get(n)) for n in defenses)])
    rows = {name: tuple(column[place] for column in cells) for place, name in enumerate(names)}
    for name in ROBUST[dataset]:
        if name.partition("_")[0] == classifier:
            rows |= _robust(name, columns, evaluations)
    return SideBySide(dataset=dataset, classifier=classifier, columns=tuple(columns), rows=rows)


NO_ROW = ""
"""The row of a specification that has none here."""


def _row_of(specification: Specification) -> str | None:
    """The row it belongs to: one row is one defense with one setting; None without a defense."""
    spec = specification
    if not spec.settings:
        return spec.defense
    long = spec.defense in SEARCHING[spec.dataset] and spec.settings == PAPER_SEARCH
    return f"{spec.defense}{LONG}" if long else NO_ROW


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
    if column.knows:
        figures = adaptive_figures(seen, least=LEAST)
        wanted = (column.norm, column.epsilon)
        return next((_knowing(one) for one in figures if (one.norm, one.epsilon) == wanted), None)
    usual = [
        one
        for one in seen
        if one.specification.attack == column.attack
        and _budget(one) == column.epsilon
        and not breaks_robust(one)
        and one.attacked is not None
    ]
    widest = max(usual, key=lambda one: one.specification.n, default=None)
    return None if widest is None else _figure(widest.attacked, widest)


def _budget(evaluation: Evaluation) -> object:
    return dict(evaluation.specification.parameters).get("epsilon")


def _clean(defense: str | None, evaluations: Sequence[Evaluation]) -> Figure | None:
    """Clean images, on as many as there are."""
    if defense is None:
        found = [(one.clean, one) for one in evaluations]
    else:
        found = [
            (one.clean_defended, one)
            for one in evaluations
            if _row_of(one.specification) == defense and one.clean_defended is not None
        ]
    # Of several as wide, one on the present weights.
    best = max(found, key=lambda pair: (pair[0].n, not is_outdated(pair[1])), default=None)
    return None if best is None else _figure(*best)


def _weakness(evaluation: Evaluation | None) -> str:
    """Why an oblivious attack says nothing; empty when it does."""
    if evaluation is None or evaluation.attacked is None:
        return ""
    return too_weak(evaluation.specification, evaluation.attacked) or ""


def _figure(accuracy: Accuracy | None, evaluation: Evaluation) -> Figure | None:
    """A figure of an attack that does not know the defense; only its age is a warning about it."""
    if accuracy is None:
        return None
    old = tuple(one for one in evaluation.warnings if one.startswith(OUTDATED))
    return Figure(accuracy=accuracy, warnings=old)


def _knowing(figure: AdaptiveFigure | None) -> Figure | None:
    return None if figure is None else Figure(accuracy=figure.accuracy, warnings=figure.warnings)


def _bare(figures: Iterable[AdaptiveFigure]) -> Figure | None:
    """The bare classifier under the strongest of the attacks of one budget."""
    found = [one.bare for one in figures if one.bare is not None]
    least = min(found, key=lambda one: one.value, default=None)
    return None if least is None else Figure(accuracy=least)
