"""The section of the tables: choose one, read it, see what it leaves open, take it along."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from app.controls import seed
from app.robustness.beside import adaptive_html, missing_words
from app.robustness.cards import cards
from app.robustness.conclusions import conclusion, threshold_words
from app.robustness.gaps import Gap, gaps
from app.robustness.names import DATA_TITLES, TABLE_TITLES, inline
from app.robustness.settings import PAGE, Settings
from app.robustness.table_view import table_html
from app.runs.words import sentence
from app.state import widget_key
from app.stored import TABLES, stored_suites
from core.evaluation.paper_export import table_csv, table_json
from core.evaluation.paper_lines import TABLED
from core.evaluation.paper_model import PaperTable
from core.evaluation.paper_tables import paper_table
from core.evaluation.printed import Table
from core.evaluation.slides import DATASETS_OF_SLIDES, TABLES as KINDS
from core.types import LabError


def choose_table(settings: Settings) -> Settings:
    """Draw the two choices above everything else."""
    left, right = st.columns([5, 6], gap="medium")
    with left:
        data = _segments(
            "Data set",
            "data",
            {name: DATA_TITLES[name] for name in TABLED},
            settings.data,
            "The slides have all but CIFAR-10. Of CelebA only their figures are here.",
        )
    with right:
        table = _segments(
            "What the attacker has",
            "table",
            {name: TABLE_TITLES[name] for name in KINDS},
            settings.table,
            "Each is one of the slides' tables, named after what the attacker knows.",
        )
    return replace(settings, data=data, table=table)


def show_table(settings: Settings) -> None:
    """Draw a table with all that belongs to it."""
    evaluations, problems = stored_suites(settings.data, TABLES)
    curves, _ = stored_suites(settings.data, ("curves",))
    for problem in problems:
        st.warning(sentence(LabError(problem)), icon=":material/warning:")
    kind: Table = next(name for name in KINDS if name == settings.table)
    table = paper_table(settings.data, kind, evaluations)
    st.html(cards(table.threat))
    _headline(table)
    with st.container(key=f"{PAGE}_table"):
        said = [f"**What may be concluded.** {conclusion(table)}"]
        said.append(threshold_words(settings.data, [*evaluations, *curves]))
        missing = "" if table.dataset == "celeba" else missing_words(table.dataset, evaluations)
        st.html(_table_and_adaptive(table, [words for words in said if words], missing))
    _notes(table)
    _downloads(table)


def _headline(table: PaperTable) -> None:
    slide = table.slide
    if slide is None:
        here = table.dataset in DATASETS_OF_SLIDES
        lacking = f"black-box table of {DATA_TITLES[table.dataset]}" if here else "CIFAR-10"
        st.info(
            f"The slides have no {lacking}: here are our figures alone, in percent of images "
            "classified right.",
            icon=":material/info:",
        )
        return
    heading = f"The slide “{slide.heading}”, in percent of images classified right"
    if table.dataset == "celeba":
        st.markdown(f"{heading}. CelebA's images are not here, so nothing of ours stands beside.")
    else:
        st.markdown(
            f"{heading}: ours large with its 95 % interval, the slides' below with the difference."
        )


def _table_and_adaptive(table: PaperTable, said: Sequence[str], missing: str) -> str:
    """The table with what is said of it, and beside it the adaptive figures, as HTML."""
    left = table_html(table) + "".join(f'<p class="so">{inline(words)}</p>' for words in said)
    if table.dataset == "celeba":
        return f'<div class="robust">{left}</div>'
    right = adaptive_html(table.adaptive, missing)
    return f'<div class="robust"><div><div>{left}</div><aside>{right}</aside></div></div>'


def _notes(table: PaperTable) -> None:
    open_cells = gaps(table)
    if open_cells:
        _gaps(open_cells)
    if not table.footnotes:
        return
    with st.expander(
        "What the slides leave out, and their oddities",
        key=widget_key(PAGE, "oddities"),
        icon=":material/info:",
    ):
        lines = [
            f"{number}. {note.text}{' *(inferred)*' if note.inferred else ''}"
            for number, note in enumerate(table.footnotes, start=1)
        ]
        st.markdown("\n".join(lines))


def _gaps(open_cells: Sequence[Gap]) -> None:
    with st.expander(
        f"Why {sum(gap.cells for gap in open_cells)} cells are empty, and what fills them",
        key=widget_key(PAGE, "gaps"),
        icon=":material/table_rows:",
    ):
        for gap in open_cells:
            count = f"{gap.cells} cell" + ("" if gap.cells == 1 else "s")
            duration = f" Measuring {gap.duration}." if gap.duration else ""
            st.markdown(f"**{count}.** {gap.reason}{duration}")
            if gap.commands:
                st.code("\n".join(gap.commands), language="bash", wrap_lines=True)


def _downloads(table: PaperTable) -> None:
    name = f"{table.dataset}-{table.table}"
    with st.container(horizontal=True):
        st.download_button(
            "This table (CSV)",
            lambda: table_csv(table),
            file_name=f"{name}.csv",
            mime="text/csv",
            key=f"{PAGE}_csv",
            icon=":material/download:",
            on_click="ignore",
            help="One line a cell: the slides' figure, ours with its interval, the number of "
            "images, the difference, warnings, and the command of what is missing.",
        )
        st.download_button(
            "Everything behind it (JSON)",
            lambda: table_json(table),
            file_name=f"{name}.json",
            mime="application/json",
            key=f"{PAGE}_json",
            icon=":material/data_object:",
            on_click="ignore",
            help="The same with every specification, checkpoint hash, seed and time.",
        )


def _segments(label: str, name: str, titles: dict[str, str], value: str, help: str) -> str:
    key = widget_key(PAGE, name)
    seed(key, value)
    chosen = st.segmented_control(
        label,
        list(titles),
        format_func=titles.__getitem__,
        key=key,
        required=True,
        help=help,
    )
    return str(chosen)
