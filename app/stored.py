"""Stored results of one data set, read once and again when a file changes."""

import streamlit as st

from app.runs.words import sentence
from core.evaluation import COMPARED, Evaluation, results_folder, stored_results
from core.evaluation.adaptive_column import AdaptiveFigure, adaptive_figures
from core.evaluation.commands import table_command
from core.types import LabError

TABLES = (
    *("clean", "white-box", "noise", "black-box", "bpda"),
    *("adaptive", "headline", "break", "searching", "robust", "levels"),
)
"""The suites that fill the tables."""


def stored_suites(dataset: str, suites: tuple[str, ...]) -> tuple[list[Evaluation], list[str]]:
    """Everything stored in some suites, and a sentence for every file that is damaged."""
    found: list[Evaluation] = []
    problems: list[str] = []
    for suite in suites:
        try:
            found += stored_suite(dataset, suite)
        except LabError as error:
            problems.append(str(error))
    return found, problems


def stored_suite(dataset: str, suite: str) -> tuple[Evaluation, ...]:
    """One suite; nothing when it is not stored.

    Raises:
        LabError: The file is damaged.
    """
    path = results_folder() / f"{dataset}-{suite}.json"
    if not path.exists():
        return ()
    stat = path.stat()
    return _read(path.stem, str(path), stat.st_mtime_ns, stat.st_size)


def worst_cases(dataset: str) -> tuple[AdaptiveFigure, ...]:
    """What the strongest stored attacks leave of every defense, one figure a budget."""
    files = [results_folder() / f"{dataset}-{suite}.json" for suite in COMPARED]
    stats = [(file.name, file.stat().st_mtime_ns) for file in files if file.exists()]
    return _worst_cases(dataset, tuple(stats))


@st.cache_resource(show_spinner=False, max_entries=8)
def _worst_cases(dataset: str, changed: tuple[tuple[str, int], ...]) -> tuple[AdaptiveFigure, ...]:
    return adaptive_figures(stored_suites(dataset, COMPARED)[0])


def suite_or_reason(dataset: str, suite: str) -> tuple[Evaluation, ...]:
    """One suite for a chart; where nothing is stored, the page says why and what measures it."""
    try:
        cells = stored_suite(dataset, suite)
    except LabError as error:
        st.warning(sentence(error), icon=":material/warning:")
        return ()
    if not cells:
        st.info(
            "Not measured yet. This measures it, and goes on after a kill: "
            f"`{table_command(suite, dataset)}`",
            icon=":material/show_chart:",
        )
    return cells


@st.cache_resource(show_spinner=False, max_entries=32)
def _read(name: str, path: str, changed: int, size: int) -> tuple[Evaluation, ...]:
    """The evaluations of a file; the other arguments tell one state of it from the next."""
    return stored_results(name)
