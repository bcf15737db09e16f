"""The overview's settings in its address, what is on this machine, and where to go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from app.headlines import CLASSIFIER_KEY
from app.pages import PAGES, page_named
from app.showcase import GUESS_KEY, POSITION_KEY
from app.state import LinkReader, follow, publish
from core.checkpoints import CheckpointError, CheckpointRow, checkpoint_folder, checkpoint_rows
from core.data import available_datasets, dataset_state

PAGE = "overview"
"""Prefix of the page's keys in the session."""


@dataclass(frozen=True)
class Settings:
    """All that can be set on the page.

    Attributes:
        example: The shown triplet, counted from 1.
        guess: Whether one guesses before the answer shows.
        classifier: The chosen table of results; empty when there is none.
    """

    example: int = 1
    guess: bool = False
    classifier: str = ""

    def params(self, default: "Settings") -> dict[str, str]:
        """The settings that differ from the default, as the address holds them."""
        texts = {
            "example": str(self.example),
            "guess": str(int(self.guess)),
            "classifier": self.classifier,
        }
        return {
            name: text
            for name, text in texts.items()
            if getattr(self, name) != getattr(default, name)
        }


def read_link(
    params: Mapping[str, str], examples: int, tables: Sequence[str]
) -> tuple[Settings, tuple[str, ...]]:
    """Settings from an address, and a sentence for everything in it that makes no sense."""
    link = LinkReader(params)
    settings = Settings(
        example=link.whole("example", 1, max(1, examples), 1),
        guess=link.flag("guess", False),
        classifier=link.word("classifier", tables, tables[0] if tables else ""),
    )
    return settings, link.finish()


def open_settings(examples: int, tables: Sequence[str]) -> Settings:
    """Bring the session in line with the address when that was changed from outside.

    Returns:
        The default settings, for ``close_settings``.
    """
    default, _ = read_link({}, examples, tables)
    params = follow(PAGE)
    if params is not None:
        settings, ignored = read_link(params, examples, tables)
        st.session_state[POSITION_KEY] = settings.example
        st.session_state[GUESS_KEY] = settings.guess
        if settings.classifier:
            st.session_state[CLASSIFIER_KEY] = settings.classifier
        if ignored:
            st.info(" ".join(ignored), icon=":material/link_off:")
    return default


def close_settings(default: Settings) -> None:
    """Write what is set now into the address."""
    state = st.session_state
    settings = Settings(
        example=int(state.get(POSITION_KEY, default.example)),
        guess=bool(state.get(GUESS_KEY, default.guess)),
        classifier=str(state.get(CLASSIFIER_KEY) or default.classifier),
    )
    publish(PAGE, settings.params(default))


@dataclass(frozen=True)
class Standing:
    """One row of the table of what is here.

    Attributes:
        title: What it is.
        state: In a few words.
        problem: What is wrong, with what to do; None when nothing is.
    """

    title: str
    state: str
    problem: str | None = None


def show_state() -> None:
    """Draw one line for each data set and for the models of each."""
    rows = standings()
    st.table(
        [{"What": row.title, "State": row.state} for row in rows],
        hide_index=True,
        border="horizontal",
        alt="Data sets and models on this machine",
    )
    for row in rows:
        if row.problem:
            st.warning(f"{row.title}: {row.problem}", icon=":material/warning:")
    st.page_link(
        page_named("data").path,
        label="All data and models",
        icon=":material/database:",
        help="Details, checks, downloads and licences.",
    )


def show_ways() -> None:
    """Draw a link with a sentence for each of the other pages."""
    with st.grid(columns=2, min_column_width=300):
        for row in PAGES[1:]:
            with st.container(border=True):
                st.page_link(row.path, label=f"**{row.title}**", icon=row.icon, help=row.summary)
                st.caption(row.summary)


def standings() -> list[Standing]:
    """The state of every data set and of all checkpoints, from names and sizes alone."""
    rows = [_data_standing(name, row.title) for name, row in available_datasets().items()]
    try:
        checkpoints = checkpoint_rows()
    except CheckpointError as error:
        return [*rows, Standing("Models", "cannot be listed", str(error))]
    if not checkpoints:
        return [
            *rows,
            Standing(
                "Models", "none", "train the first with `python -m core train a --dataset mnist`."
            ),
        ]
    datasets = dict.fromkeys(row.dataset for row in checkpoints)
    return rows + [
        _model_standing(dataset, [row for row in checkpoints if row.dataset == dataset])
        for dataset in datasets
    ]


def glance(row: CheckpointRow) -> str | None:
    """What is wrong with a checkpoint as far as its size tells; None if nothing."""
    path = checkpoint_folder() / row.file
    if not path.is_file():
        return f"{row.file} is missing"
    if path.stat().st_size != row.size:
        return f"{row.file} is damaged"
    return None


def _data_standing(name: str, title: str) -> Standing:
    state = dataset_state(name)
    if not state.readable:
        return Standing(title, "nothing to read yet")
    splits = ", ".join(f"{count:,} {split}" for split, count in state.readable.items())
    return Standing(title, f"{splits}, from {state.source}", state.problem)


def _model_standing(dataset: str, rows: list[CheckpointRow]) -> Standing:
    known = available_datasets()
    title = f"Models for {known[dataset].title if dataset in known else dataset}"
    problems = [problem for row in rows if (problem := glance(row))]
    megabytes = sum(row.size for row in rows) / 1e6
    names = ", ".join(row.name for row in rows)
    state = f"{len(rows) - len(problems)} of {len(rows)} here: {names} ({megabytes:.0f} MB)"
    if not problems:
        return Standing(title, state)
    return Standing(title, state, f"{'; '.join(problems)}. The data page says how to mend it.")
