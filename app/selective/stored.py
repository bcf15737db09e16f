"""Stored measurements of selective classifiers, read once and again when a file changes."""

from collections.abc import Sequence

import streamlit as st

from app.runs.words import sentence
from core.analysis.selective_bench import Row
from core.analysis.selective_file import Measured, measured_file, stored_measured
from core.evaluation.selected import Selected
from core.types import LabError


def measure_command(dataset: str, name: str, subject: str) -> str:
    """The command that measures a subject; it goes on where an earlier one stopped."""
    return f"python -m core selective {subject} --dataset {dataset} --name {name}"


def find_measured(dataset: str, name: str, subject: str) -> Measured | None:
    """A subject with at least one row, of the weights that are here; None when there is none.

    Raises:
        LabError: The file is damaged.
    """
    path = measured_file(dataset, name, subject)
    if not path.exists():
        return None
    stat = path.stat()
    found = _read(dataset, name, subject, str(path), (stat.st_mtime_ns, stat.st_size))
    return None if found is None or not found.rows or found.outdated else found


def measured_or_reason(dataset: str, name: str, subject: str) -> Measured | None:
    """The same; where nothing is stored, the page says so with the command that measures it."""
    try:
        found = find_measured(dataset, name, subject)
    except LabError as error:
        st.warning(sentence(error), icon=":material/warning:")
        return None
    if found is None:
        st.info(
            f"Not measured yet: `{measure_command(dataset, name, subject)}`",
            icon=":material/timer:",
        )
    elif not found.complete:
        st.caption(
            f"Measured in part; `{measure_command(dataset, name, subject)}` goes on with the rest."
        )
    return found


def selected_of(row: Row, name: str = "selected") -> Selected | None:
    """Counts of a row; None where it has none."""
    return Selected.from_dict(row[name]) if name in row else None


def total_of(rows: Sequence[Row]) -> Selected | None:
    """The counts of all rows together; None where none has any."""
    found = [one for row in rows if (one := selected_of(row)) is not None]
    if not found:
        return None
    return Selected(
        right=sum(one.right for one in found),
        wrong=sum(one.wrong for one in found),
        rejected=sum(one.rejected for one in found),
    )


@st.cache_resource(show_spinner=False, max_entries=64)
def _read(
    dataset: str, name: str, subject: str, path: str, state: tuple[int, int]
) -> Measured | None:
    """The rows of a file; the last arguments tell one state of it from the next."""
    return stored_measured(dataset, name, subject)
