"""Pictures that are none of the classes: who is answered all the same."""

from collections.abc import Sequence

import streamlit as st

from app.selective.second_look import NONE, TITLES
from app.selective.stored import measured_or_reason, selected_of
from app.selective.words import with_interval
from core.analysis.selective_bench import Row
from core.data import DATASETS
from core.selective import SEARCHES


def show_strangers(dataset: str, name: str) -> None:
    """The table, or how to measure it."""
    st.markdown("**Pictures of something else**")
    measured = measured_or_reason(dataset, name, "strangers")
    if measured is None:
        return
    lines = strangers_table(measured.rows)
    counts = ", ".join(
        f"{told['first']['rejected']:,}"
        for row in measured.rows
        for told in row["strangers"].values()
    )
    st.table(lines, hide_index=True, border="horizontal", alt="Pictures of something else")
    st.caption(
        f"{measured.about.n:,} pictures of each kind; every answer to them is wrong. *At once*: "
        f"within both limits. The other columns are about those that were rejected ({counts}), and "
        "who of them each search of a second look takes for a class within both limits. Nobody "
        "made these pictures to fool it; the fooling images above are."
    )


def strangers_table(rows: Sequence[Row]) -> list[dict[str, str]]:
    """A line for every kind of pictures, with the share that is answered.

    Args:
        rows: Of the subject ``strangers``.
    """
    kinds = [(kind, told) for row in rows for kind, told in row["strangers"].items()]
    names = [
        name for name in SEARCHES if any(name in told.get("searches", {}) for _, told in kinds)
    ]
    lines = []
    for kind, told in kinds:
        title = DATASETS[kind].title if kind in DATASETS else kind.capitalize()
        line = {"pictures": title, "at once": _answered(told, "first")}
        for name in names:
            line[TITLES[name]] = _answered(told.get("searches", {}), name)
        lines.append(line)
    return lines


def _answered(row: Row, name: str) -> str:
    found = selected_of(row, name)
    return NONE if found is None else with_interval(found.error)
