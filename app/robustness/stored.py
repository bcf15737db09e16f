"""Stored results of one data set, read once and again when a file changes."""

import streamlit as st

from core.evaluation import Evaluation, results_folder, stored_results
from core.types import LabError

TABLES = ("clean", "white-box", "noise", "black-box", "bpda", "adaptive", "searching", "robust")
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


@st.cache_resource(show_spinner=False, max_entries=32)
def _read(name: str, path: str, changed: int, size: int) -> tuple[Evaluation, ...]:
    """The evaluations of a file; the other arguments tell one state of it from the next."""
    return stored_results(name)
