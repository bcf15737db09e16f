"""The paper's Tables 1 and 2 with its figures and ours; where we have none, the command."""

from collections.abc import Sequence

import streamlit as st

from app.runs.words import sentence
from app.selective.choices import MODEL, selective_names, selective_title
from app.selective.paper import (
    CLEAN_RECOVERED,
    CLEAN_REJECTED,
    TABLE_1,
    TABLE_2,
    Printed,
)
from app.selective.stored import find_measured, measure_command, measured_or_reason, selected_of
from app.selective.words import with_interval
from core.analysis.selective_bench import Row
from core.checkpoints import train_command
from core.data import available_datasets
from core.evaluation.selected import Selected
from core.types import LabError

NONE = "–"


def show_tables(dataset: str, name: str) -> None:
    """Both tables.

    Args:
        dataset: The data set of the page.
        name: The classifier of the page, whose rejected images Table 2 is about.
    """
    st.header("The paper's tables, and ours", divider="gray", anchor="tables")
    _show_first(dataset)
    _show_second(dataset, name)


def first_table(rows: Sequence[tuple[str, Printed | None, Row | None]]) -> list[dict[str, str]]:
    """Table 1: one line of the paper's figures and one of ours for every classifier.

    Args:
        rows: Title, what the paper prints, and our row of the subject ``clean``.
    """
    lines = []
    for title, printed, row in rows:
        if printed is not None:
            lines.append(
                {
                    "": f"{title}, paper",
                    "without limits": f"{printed.without:.2f} %",
                    "accuracy": f"{printed.accuracy:.2f} %",
                    "error": f"{printed.error:.2f} %",
                    "rejection": f"{printed.rejection:.2f} %",
                    "images": NONE,
                }
            )
        lines.append(_our_line(title, row))
    return lines


def _our_line(title: str, row: Row | None) -> dict[str, str]:
    without = None if row is None else selected_of(row, "without")
    within = None if row is None else selected_of(row)
    return {
        "": f"{title}, ours",
        "without limits": NONE if without is None else with_interval(without.accuracy),
        "accuracy": NONE if within is None else with_interval(within.accuracy),
        "error": NONE if within is None else with_interval(within.error),
        "rejection": NONE if within is None else with_interval(within.rejection),
        "images": NONE if within is None else f"{within.n:,}",
    }


def second_table(rows: Sequence[Row], printed: bool) -> list[dict[str, str]]:
    """Table 2: what becomes of rejected images in a second look.

    Args:
        rows: Of the subject ``reclassified``.
        printed: Whether the paper's figures belong beside them.
    """
    lines = []
    for row in rows:
        epsilon = float(row["epsilon"])
        always, with_limits = selected_of(row, "never_rejecting"), selected_of(row, "rejecting")
        line = {"FGSM": f"{epsilon:g}" if epsilon else "none"}
        if printed:
            paper = TABLE_2.get(epsilon)
            clean = f"{CLEAN_RECOVERED} of {CLEAN_REJECTED}"
            line["paper"] = f"{paper} %" if paper is not None else NONE if epsilon else clean
        lines.append(
            line
            | {
                "ours, never rejecting": _right(always),
                "ours, with limits": _all_three(with_limits),
                "rejected images": f"{row['rejected']:,}",
            }
        )
    return lines


def _right(selected: Selected | None) -> str:
    return NONE if selected is None else with_interval(selected.accuracy)


def _all_three(selected: Selected | None) -> str:
    if selected is None:
        return NONE
    return f"{selected.right} right, {selected.wrong} wrong, {selected.rejected} rejected again"


def _show_first(dataset: str) -> None:
    st.markdown("**Table 1: clean test images, without and with limits**")
    ours = [(dataset, name) for name in selective_names(dataset)]
    # Of the page's data set first, then what else the paper has.
    wanted = list(dict.fromkeys([*ours, *(key for key in TABLE_1 if key[0] == dataset), *TABLE_1]))
    rows, missing = [], []
    for key in wanted:
        printed = TABLE_1.get(key)
        title = printed.title if printed is not None else _title(*key)
        row = _clean_row(*key)
        rows.append((title, printed, row))
        if row is None:
            missing.append(f"{title}: {_how(*key)}")
    st.table(first_table(rows), hide_index=True, border="horizontal", alt="Table 1")
    st.caption(
        "Percent of all test images, ours with 95 % intervals; the paper gives none and had "
        "10,000 images of MNIST. With limits the three add up to 100 %. Fewer errors beside more "
        "rejections are no better classifier by themselves: a stricter limit gives both."
    )
    if missing:
        lines = "\n".join(f"- {line}" for line in missing)
        st.info(f"Not measured yet:\n{lines}", icon=":material/timer:")


def _clean_row(dataset: str, name: str) -> Row | None:
    try:
        measured = find_measured(dataset, name, "clean")
    except LabError as error:
        st.warning(sentence(error), icon=":material/warning:")
        return None
    return None if measured is None else measured.rows[0]


def _title(dataset: str, name: str) -> str:
    titles = available_datasets()
    title = titles[dataset].title if dataset in titles else dataset
    return f"{title}, {selective_title(name).lower()}"


def _how(dataset: str, name: str) -> str:
    measure = f"`{measure_command(dataset, name, 'clean')}`."
    if name in selective_names(dataset):
        return measure
    return f"`{train_command(dataset, name)}`, then {measure}"


def _show_second(dataset: str, name: str) -> None:
    st.markdown(f"**Table 2: rejected images reclassified ({_title(dataset, name)})**")
    measured = measured_or_reason(dataset, name, "reclassified")
    if measured is None:
        return
    printed = (dataset, name) == ("mnist", MODEL)
    rows = second_table(measured.rows, printed)
    st.table(rows, hide_index=True, border="horizontal", alt="Table 2")
    st.caption(
        f"Of {measured.about.n:,} {measured.about.split} images after FGSM on the encoder, those "
        "that were rejected, and the class of the nearest picture that the decoder can make. "
        "*Never rejecting* gives all of them a class; *with limits* some stay rejected. Which "
        "images are rejected depends on the classifier, so the two columns are not of the same "
        "images."
    )
