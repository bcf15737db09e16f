"""The paper's Tables 1 and 2 with its figures and ours; where we have none, the command."""

from collections.abc import Sequence

import streamlit as st

from app.runs.words import sentence
from app.selective.choices import MODEL, selective_names, selective_title
from app.selective.paper import (
    CLEAN_IN_ALL,
    CLEAN_RECOVERED,
    CLEAN_REJECTED,
    TABLE_1,
    TABLE_2,
    Printed,
)
from app.selective.second_look import NONE, TITLES, show_second_look
from app.selective.stored import find_measured, measure_command, measured_or_reason, selected_of
from app.selective.words import with_interval
from core.analysis.selective_bench import Row
from core.checkpoints import train_command
from core.data import available_datasets
from core.evaluation.accuracy import Accuracy
from core.selective import SEARCHES
from core.types import LabError


def show_tables(dataset: str, name: str) -> None:
    """Both tables, and what the second of them leaves out.

    Args:
        dataset: The data set of the page.
        name: The classifier of the page, whose rejected images Table 2 is about.
    """
    st.header("The paper's tables, and ours", divider="gray", anchor="tables")
    _show_first(dataset)
    _show_second(dataset, name)
    show_second_look(dataset, name)


def first_table(printed: Printed | None, row: Row | None) -> list[dict[str, str]]:
    """One classifier of Table 1: the paper's figures beside ours.

    Args:
        printed: What the paper prints; None leaves its column out.
        row: Ours, of the subject ``clean``; None leaves our column out.
    """
    lines: dict[str, dict[str, str]] = {
        name: {"": name} for name in ("right without limits", "accuracy", "error", "rejection")
    }
    if printed is not None:
        figures = (printed.without, printed.accuracy, printed.error, printed.rejection)
        for line, figure in zip(lines.values(), figures, strict=True):
            line["paper"] = f"{figure:.2f}\u00a0%"
    if row is not None:
        for line, share in zip(lines.values(), _ours(row), strict=True):
            line["ours"] = NONE if share is None else with_interval(share)
    return list(lines.values())


def _ours(row: Row) -> tuple[Accuracy | None, ...]:
    without, within = selected_of(row, "without"), selected_of(row)
    if without is None or within is None:
        return (None,) * 4
    return without.accuracy, within.accuracy, within.error, within.rejection


def second_table(rows: Sequence[Row], printed: bool) -> list[dict[str, str]]:
    """Table 2: what becomes of rejected images in a second look.

    Args:
        rows: Of the subject ``reclassified``.
        printed: Whether the paper's figures belong beside them.
    """
    lines = []
    names = [name for name in SEARCHES if any(name in row.get("searches", {}) for row in rows)]
    for row in rows:
        epsilon = float(row["epsilon"])
        limited = selected_of(row, "rejecting")
        line = {"FGSM": f"{epsilon:g}" if epsilon else "none"}
        if printed:
            paper = TABLE_2.get(epsilon)
            clean = f"{CLEAN_RECOVERED} of {CLEAN_REJECTED}"
            line["paper"] = f"{paper} %" if paper is not None else NONE if epsilon else clean
        found = row.get("searches", {})
        for name in names:
            line[TITLES[name]] = _right(found, name)
        line["right, wrong, rejected again"] = (
            NONE
            if limited is None
            else f"{limited.right:,}, {limited.wrong:,}, {limited.rejected:,}"
        )
        line["all looked up"] = _right(row, "unchosen")
        line["both looks"] = _right(row, "both_looks")
        if printed and not epsilon:
            line["both looks"] += f" (paper {CLEAN_IN_ALL} %)"
        lines.append(line)
    return lines


def _right(row: Row, counts: str) -> str:
    found = selected_of(row, counts)
    return NONE if found is None else with_interval(found.accuracy)


def _show_first(dataset: str) -> None:
    st.markdown("**Table 1: clean test images, without and with limits**")
    ours = [(dataset, name) for name in selective_names(dataset)]
    # Of the page's data set first, then what else the paper has.
    wanted = dict.fromkeys([*ours, *(key for key in TABLE_1 if key[0] == dataset), *TABLE_1])
    with st.grid(columns=3, min_column_width=260):
        for key in wanted:
            with st.container():
                _show_classifier(*key)
    st.caption(
        "Percent of all test images, ours with 95 % intervals; the paper gives none, and had "
        "10,000 images of MNIST. With limits, accuracy, error and rejection add up to 100 %. Fewer "
        "errors beside more rejections are no better classifier by themselves: a stricter limit "
        "gives both. Our output limit and training were chosen with MNIST's test images in view."
    )


def _show_classifier(dataset: str, name: str) -> None:
    printed = TABLE_1.get((dataset, name))
    title = printed.title if printed is not None else _title(dataset, name)
    try:
        measured = find_measured(dataset, name, "clean")
    except LabError as error:
        st.warning(sentence(error), icon=":material/warning:")
        measured = None
    st.markdown(f"**{title}**")
    row = None if measured is None else measured.rows[0]
    if printed is not None or row is not None:
        st.table(first_table(printed, row), hide_index=True, border="horizontal", alt=title)
    if measured is None:
        st.caption(f"Not measured here: {_how(dataset, name)}")
    else:
        st.caption(f"Ours on {measured.about.n:,} {measured.about.split} images.")


def _title(dataset: str, name: str) -> str:
    titles = available_datasets()
    title = titles[dataset].title if dataset in titles else dataset
    return f"{title}, {selective_title(name).lower()}"


def _how(dataset: str, name: str) -> str:
    measure = f"`{measure_command(dataset, name, 'clean')}`"
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
    counts = ", ".join(f"{row['rejected']:,}" for row in measured.rows)
    st.caption(
        f"Of {measured.about.n:,} {measured.about.split} images after FGSM of each epsilon, those "
        f"that were rejected ({counts}), and the class of the nearest picture that the decoder can "
        "make. The paper goes *by error alone*; ours weighs the distance from the mean in "
        "(*near a mean*), which keeps it from pictures between two classes, and of digits it sees "
        "every pixel pushed towards black or white (*through a threshold*), or it would reproduce "
        "the greys of an attack. All give every image a class; with both limits kept, some stay "
        "rejected. The other columns are about the last of these searches. Which images are "
        "rejected depends on the classifier: one that answers the easy ones has only hard ones "
        "left to look up again. FGSM sees the encoder alone: nothing in this table is about "
        "an attacker who knows the limits or the second look. The last two columns are about all "
        "of the images: *all looked up* rejected or not, as the paper speaks of "
        "samples made with FGSM and does not say which of the two its column is; *both looks* "
        "keeps the classifier's answers and looks up the rest."
    )
