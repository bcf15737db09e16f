"""The attacker who knows the second look: what each search keeps, alone and behind the first."""

from collections.abc import Sequence

import streamlit as st

from app.selective.stored import measured_or_reason, selected_of
from app.selective.words import share, with_interval
from core.analysis.selective_bench import Row
from core.selective import SEARCHES

NONE = "–"

TITLES = {"error": "by error alone", "near": "near a mean", "sharp": "through a threshold"}
"""Columns of a table that has one a search."""

HALVES = {"alone": "Every picture is looked up", "both": "The rejected ones are looked up"}
"""What is measured of a search, by its name in a row, with what stands above its table."""


def show_second_look(dataset: str, name: str) -> None:
    """Both tables with a conclusion from their figures, or how to measure them."""
    st.markdown("**The second look under an attacker who knows it**")
    measured = measured_or_reason(dataset, name, "second_look")
    if measured is None:
        return
    if said := second_look_words(measured.rows):
        st.markdown(said)
    with st.grid(columns=2, min_column_width=340):
        for half, title in HALVES.items():
            with st.container():
                st.markdown(title)
                lines = second_look_table(measured.rows, half)
                st.table(lines, hide_index=True, border="horizontal", alt=title)
    st.caption(
        f"Right answers of {measured.about.n:,} {measured.about.split} images, where everyone gets "
        "a class. What a search costs from the right class and from the nearest other one has a "
        "gradient by the picture; the attack follows their difference for 40 steps, the searches "
        "settle anew after each, from three beginnings, and a whole second look judges. On the "
        "right it must get past the first look too, and what the joint attack above gets accepted "
        "with a wrong class is lost as well. A stronger attack may leave less."
    )


def second_look_table(rows: Sequence[Row], half: str) -> list[dict[str, str]]:
    """A line for every budget, with what each search keeps.

    Args:
        rows: Of the subject ``second_look``.
        half: ``alone`` or ``both``.
    """
    names = [name for name in SEARCHES if any(name in row.get(half, {}) for row in rows)]
    lines = []
    for row in rows:
        line = {"budget": _budget(row)}
        for name in names:
            found = selected_of(row.get(half, {}), name)
            line[TITLES[name]] = NONE if found is None else with_interval(found.accuracy)
        lines.append(line)
    return lines


def second_look_words(rows: Sequence[Row]) -> str:
    """What may be concluded, from the largest Linf budget; empty without one."""
    wide = max(
        (row for row in rows if row["norm"] == "linf" and row["epsilon"]),
        key=lambda row: float(row["epsilon"]),
        default=None,
    )
    if wide is None:
        return ""
    kept = [
        f"{share(found.accuracy)} {TITLES[name]}"
        for name in SEARCHES
        if (found := selected_of(wide.get("alone", {}), name)) is not None
    ]
    told = f"At {_budget(wide)} a second look at everyone keeps {', '.join(kept)}"
    both = wide.get("both", {})
    kept_by_both = [one.accuracy for name in both if (one := selected_of(both, name)) is not None]
    most = max(kept_by_both, key=lambda one: one.value, default=None)
    if most is None:
        return f"{told}."
    return (
        f"{told}. Behind the first look it keeps {share(most)} at best: an attacker who knows "
        "both gets past the one that gives way first."
    )


def _budget(row: Row) -> str:
    epsilon = float(row["epsilon"])
    norm = "Linf" if row["norm"] == "linf" else "L2"
    return f"{norm} {epsilon:g}" if epsilon else "none"
