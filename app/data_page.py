"""The data sets' half of the page "Data and models": what is here, check it, fetch it."""

from dataclasses import dataclass
from html import escape
from typing import Any

import streamlit as st

from app.gallery import data_uri
from app.jobs import ask, show_asked
from core.data import (
    SPLITS,
    Dataset,
    DatasetState,
    available_datasets,
    check_dataset,
    data_folder,
    dataset_state,
    fetch_dataset,
    load_dataset,
    misnamed_files,
)
from core.images import to_png
from core.types import LabError

STRIP = 10

OWN_DATA = """
Put a file `<name>.npz` into the data folder and reload this page. The name takes lower-case
letters, digits and `_`.

| key | type | shape | meaning |
|---|---|---|---|
| `x_train` | uint8 | n x h x w, or n x h x w x c | training pictures, 0 to 255; c is 1 or 3 |
| `y_train` | integers | n | their classes, counted from 0 |
| `x_test` | uint8 | as `x_train` | test pictures |
| `y_test` | integers | as `y_train` | their classes |

The first tenth of each class of the training pictures becomes `validation`, which no model is
trained on. A file with the name of a known data set, such as `mnist.npz`, takes its place.
"""

OWN_DATA_SNIPPET = """import numpy as np

np.savez_compressed(
    "my_shapes.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test
)
"""


@dataclass(frozen=True)
class Mark:
    """A state as a badge: its words, colour and icon."""

    words: str
    color: str
    icon: str


def show_datasets() -> None:
    """Draw a card for every data set, and how to bring one's own."""
    st.markdown(
        f"Pictures are read from `{data_folder()}` (the environment variable `LQVAE_DATA` names "
        "another folder). Every data set has three splits: models learn from **train**, everything "
        "you see here uses **validation**, and the published figures come from **test**."
    )
    for problem in misnamed_files():
        st.warning(
            f"`{problem}` is not read: rename it to lower-case letters, digits and `_`.",
            icon=":material/warning:",
        )
    for name, row in available_datasets().items():
        with st.container(border=True, key=f"data_{name}"):
            _show_dataset(name, row)
    with st.expander("Bring your own data", icon=":material/upload_file:"):
        st.markdown(OWN_DATA)
        st.code(OWN_DATA_SNIPPET, language="python")


def _show_dataset(name: str, row: Dataset) -> None:
    state = dataset_state(name)
    mark = mark_of(state)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(row.title, width="content")
        st.badge(mark.words, color=mark.color, icon=mark.icon)  # type: ignore[arg-type]
    if state.readable:
        _show_strip(name, row, state)
    st.markdown(facts(row, state))
    if state.problem:
        problem = state.problem[:1].upper() + state.problem[1:]
        st.warning(f"{problem}. {state.remedy or ''}", icon=":material/warning:")
    elif state.remedy:
        st.info(state.remedy, icon=":material/folder:")
    _show_buttons(name, row, state)


def mark_of(state: DatasetState) -> Mark:
    """The badge of a data set."""
    if state.problem and not state.readable:
        return Mark("nothing to read", "gray", ":material/cloud_off:")
    if state.problem:
        return Mark("damaged", "orange", ":material/warning:")
    if not state.complete:
        return Mark("in part", "blue", ":material/incomplete_circle:")
    return Mark("complete", "green", ":material/check:")


def facts(row: Dataset, state: DatasetState) -> str:
    """What is known of a data set, as Markdown."""
    channels, height, width = row.image_shape
    splits = ", ".join(
        f"{split} {state.readable[split]:,}" if split in state.readable else f"{split} not here"
        for split in SPLITS
    )
    origin = f"; read from {state.source}" if state.readable else ""
    kind = {0: "unknown", 1: "grey"}.get(channels, "colour")
    return (
        f"**Pictures:** {splits}{origin}  \n"
        f"**Kind:** {height} x {width} pixels, {kind}, {len(row.classes)} classes  \n"
        f"**Source:** {row.source}  \n"
        f"**Licence:** {row.licence}"
    )


def _show_strip(name: str, row: Dataset, state: DatasetState) -> None:
    split = "validation" if "validation" in state.readable else next(iter(state.readable))
    try:
        with st.skeleton(height=56):
            png, labels = _strip(name, split, state.source, state.readable[split])
    except LabError as error:
        st.warning(str(error), icon=":material/warning:")
        return
    names = ", ".join(row.classes[label] for label in labels)
    st.html(
        f'<img src="{data_uri(png)}" alt="{escape(f"{row.title}: {names}")}" style="width:100%;'
        'max-width:640px;image-rendering:pixelated;border-radius:6px;display:block">'
    )


@st.cache_data(show_spinner=False, max_entries=16)
def _strip(name: str, split: Any, source: str, count: int) -> tuple[bytes, tuple[int, ...]]:  # noqa: ANN401
    """The first pictures side by side as a PNG, and their labels; keyed by what is there."""
    images, labels = load_dataset(name, split, count=min(STRIP, count))
    side_by_side = images.permute(1, 2, 0, 3).flatten(2)  # (c, h, n w)
    return to_png(side_by_side, 2), tuple(labels.tolist())


def _show_buttons(name: str, row: Dataset, state: DatasetState) -> None:
    with st.container(horizontal=True):
        verify = st.button(
            "Verify",
            key=f"verify_{name}",
            icon=":material/fact_check:",
            help="Reads every byte and compares it with the published checksums.",
        )
        fetch = st.button(
            f"Fetch ({row.download.archive_bytes / 1e6:.0f} MB)" if row.download else "Fetch",
            key=f"fetch_{name}",
            icon=":material/download:",
            help=_fetch_help(row, state),
            disabled=row.download is None or state.complete,
        )
    if verify:
        ask(f"verify {name}", lambda _on_step: check_dataset(name))
    if fetch:
        ask(f"fetch {name}", lambda on_step: fetch_dataset(name, on_step), abandon_after=86_400.0)
    show_asked(f"verify {name}", f"Verifying {row.title}", _say_checked)
    show_asked(
        f"fetch {name}",
        f"Fetching {row.title}",
        lambda _state: st.success(f"{row.title} is here.", icon=":material/check:"),
    )


def _fetch_help(row: Dataset, state: DatasetState) -> str:
    if row.folder is None:
        return "This is your own file; there is nowhere to fetch it from."
    if state.complete:
        return "All three splits are here already."
    if row.download is None:
        return row.by_hand
    return "Downloads the data set from its authors and checks it. It can be cancelled."


def _say_checked(problems: tuple[str, ...]) -> None:
    if not problems:
        st.success("Every byte is as it should be.", icon=":material/check:")
    for problem in problems:
        st.warning(problem, icon=":material/warning:")
