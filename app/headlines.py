"""Stored results as a table: one row a defense, one column an attack, intervals in each cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from app.pages import page_named
from app.runs.words import listed
from app.state import widget_key
from core.attacks import ATTACKS, epsilon_text
from core.data import DATASETS
from core.defenses import DEFENSES
from core.evaluation import (
    HEADLINES,
    SUITES,
    THREATS,
    Accuracy,
    Evaluation,
    Specification,
    stored_results,
)
from core.evaluation.adaptive_column import AdaptiveFigure, adaptive_figures
from core.models import classifier_title
from core.types import LabError

BARE = "Bare classifier"
CLEAN = "No attack"
MISSING = "–"
CLASSIFIER_KEY = widget_key("overview", "classifier")


@dataclass(frozen=True)
class Headlines:
    """The table of one classifier.

    Attributes:
        rows: One mapping from column title to text for each defense, the bare classifier first.
        counts: Least number of images behind a cell of each column.
        threats: Threat models that occur, in the order of ``THREATS``.
        warnings: Reasons not to trust a cell, each with the cell's name.
    """

    rows: tuple[Mapping[str, str], ...]
    counts: Mapping[str, int]
    threats: tuple[str, ...]
    warnings: tuple[str, ...]


def show_headlines(tables: Mapping[str, Sequence[Evaluation]]) -> None:
    """Draw the stored results of one classifier, or say how to make them."""
    if not tables:
        st.info(
            "No results are stored yet. Measure them with `python -m core evaluate table` and "
            + ", ".join(f"`{suite}`" for suite in HEADLINES if suite in SUITES)
            + ".",
            icon=":material/table_chart:",
        )
        return
    # "required" keeps one chosen; the stub type does not know that it is never None.
    chosen = st.segmented_control(
        "Classifier",
        options=list(tables),
        format_func=_title,
        default=next(iter(tables)) if CLASSIFIER_KEY not in st.session_state else None,
        required=True,
        key=CLASSIFIER_KEY,
        help="The network that is attacked: three architectures of the literature.",
    )
    table = headlines(tables[chosen or next(iter(tables))])
    st.table(
        list(table.rows), hide_index=True, border="horizontal", alt="Accuracy by defense and attack"
    )
    gaps = any(MISSING in row.values() for row in table.rows)
    st.caption(
        "Share of test pictures classified right, in percent, with 95 % intervals; "
        f"{counts_in_words(table.counts)}. {'A dash was not measured. ' if gaps else ''}"
        "Read every column against its first row: an attack that leaves the bare classifier "
        "standing says little about a defense. "
        + " ".join(f"*{threat.capitalize()}*: {THREATS[threat]}" for threat in table.threats)
    )
    defenses = page_named("defenses")
    st.page_link(
        defenses.path,
        label="Beside Defense-GAN, MLVGM and adversarial training",
        icon=defenses.icon,
        help="The table of all defenses, further down on their page.",
    )
    if table.warnings:
        with st.expander("Warnings about some of these numbers"):
            st.markdown("\n".join(f"- {warning}" for warning in table.warnings))


def stored_tables() -> dict[str, list[Evaluation]]:
    """Stored evaluations by data set and classifier, such as ``mnist-a``; damage is shown."""
    found, problems = read_all()
    for problem in problems:
        st.warning(problem, icon=":material/warning:")
    tables: dict[str, list[Evaluation]] = {}
    for evaluation in found:
        spec = evaluation.specification
        tables.setdefault(f"{spec.dataset}-{spec.classifier}", []).append(evaluation)
    return tables


def read_all() -> tuple[list[Evaluation], list[str]]:
    """Every stored evaluation of the table's suites, and what could not be read."""
    found: list[Evaluation] = []
    problems: list[str] = []
    for dataset in DATASETS:
        for suite in HEADLINES:
            try:
                found += stored_results(f"{dataset}-{suite}")
            except LabError as error:
                problems.append(str(error))
    return found, problems


def headlines(evaluations: Sequence[Evaluation]) -> Headlines:
    """Arrange the evaluations of one classifier as a table.

    Adaptive attacks of one budget share a column: what all of them together leave.

    Args:
        evaluations: At least one; all of one data set and one classifier.
    """
    blind = [e for e in evaluations if e.specification.threat != "adaptive"]
    figures = adaptive_figures(evaluations)
    columns = [CLEAN, *dict.fromkeys(column(e.specification) for e in blind)]
    columns += dict.fromkeys(budget_column(figure) for figure in figures)
    defenses = [BARE, *dict.fromkeys(_defense(e.specification) for e in evaluations)]
    cells: dict[tuple[str, str], Accuracy] = {}

    def put(defense: str, title: str, accuracy: Accuracy | None) -> None:
        """Fill a cell; of several measurements the one over most images stays."""
        known = cells.get((defense, title))
        if accuracy is not None and (known is None or accuracy.n > known.n):
            cells[defense, title] = accuracy

    for evaluation in evaluations:
        title, defense = column(evaluation.specification), _defense(evaluation.specification)
        put(BARE, CLEAN, evaluation.clean)
        put(defense, CLEAN, evaluation.clean_defended)
        if evaluation.specification.threat != "adaptive":
            put(BARE, title, evaluation.attacked)
            put(defense, title, evaluation.robust)
    for figure in figures:
        put(BARE, budget_column(figure), figure.bare)
        put(_title_of(figure.defense), budget_column(figure), figure.accuracy)
    counts: dict[str, int] = {}
    for (_, title), accuracy in cells.items():
        counts[title] = min(accuracy.n, counts.get(title, accuracy.n))
    threats = {e.specification.threat for e in evaluations}
    return Headlines(
        rows=tuple(
            {"": defense, **{title: cell(cells.get((defense, title))) for title in columns}}
            for defense in dict.fromkeys(defenses)
        ),
        counts=counts,
        threats=tuple(threat for threat in THREATS if threat in threats),
        warnings=_warnings(blind, figures),
    )


def _warnings(blind: Sequence[Evaluation], figures: Sequence[AdaptiveFigure]) -> tuple[str, ...]:
    """Each warning once, with the column it is about and the defenses, if not all share it."""
    told = [(column(e.specification), _defense(e.specification), e.warnings) for e in blind]
    told += [(budget_column(one), _title_of(one.defense), one.warnings) for one in figures]
    found: dict[tuple[str, str], list[str]] = {}
    for title, defense, warnings in told:
        for warning in warnings:
            found.setdefault((title, warning), []).append(defense)
    return tuple(
        f"{title}{'' if len(names) > 1 else f', {names[0]}'}: {warning}"
        for (title, warning), names in found.items()
    )


def counts_in_words(counts: Mapping[str, int]) -> str:
    """How many images a cell has: the commonest number, then the columns that differ."""
    numbers = list(counts.values())
    usual = max(numbers, key=numbers.count)
    words = f"{usual:,} pictures a cell"
    by_count: dict[int, list[str]] = {}
    for title, count in counts.items():
        if count != usual:
            by_count.setdefault(count, []).append(f"*{title}*")
    others = [f"{count:,} for {listed(titles)}" for count, titles in by_count.items()]
    return f"{words}, but {listed(others)}" if others else words


def column(specification: Specification) -> str:
    """The column a specification belongs to, for example ``FGSM 0.15, oblivious``."""
    if specification.attack is None:
        return CLEAN
    attack = ATTACKS.get(specification.attack)
    parameters = dict(specification.parameters)
    title = attack.title if attack is not None else specification.attack
    if parameters.get("epsilon") is not None:
        title += f" {parameters['epsilon']:g}"
    return f"{title}, {specification.threat}"


def budget_column(figure: AdaptiveFigure) -> str:
    """The column of an adaptive budget, for example ``Linf 0.1, adaptive``."""
    norm = "Linf" if figure.norm == "linf" else figure.norm.upper()
    return f"{norm} {epsilon_text(figure.epsilon)}, adaptive"


def cell(accuracy: Accuracy | None) -> str:
    """An accuracy in percent with its interval."""
    if accuracy is None:
        return MISSING
    low, high = accuracy.interval
    # Unbreakable spaces: on a phone the table scrolls instead of breaking its cells.
    return f"**{100 * accuracy.value:.1f}**\u00a0({100 * low:.1f}\u2060–\u2060{100 * high:.1f})"


def _defense(specification: Specification) -> str:
    return BARE if specification.defense is None else _title_of(specification.defense)


def _title_of(defense: str) -> str:
    row = DEFENSES.get(defense)
    return row.title if row is not None else defense


def _title(key: str) -> str:
    dataset, _, classifier = key.rpartition("-")
    title = DATASETS[dataset].title if dataset in DATASETS else dataset
    return f"{title}, {classifier_title(classifier)}"
