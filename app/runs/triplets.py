"""Images of a run: original, adversarial and purified side by side, a page of them at a time."""

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from app.gallery import Tile, tiles_html
from app.runs.words import BADGES
from app.theme import RoleName, word
from core.analysis.attacked import Attacked
from core.images import to_png

PER_PAGE = 12
COLUMNS = 2
SCALE = 4


def show_triplets(
    page_name: str,
    attacked: Attacked,
    chosen: Sequence[int],
    classes: Sequence[str],
    *,
    on_pick: Callable[[int], None] | None = None,
) -> None:
    """The pictures of the chosen images, a page of them at a time.

    Args:
        page_name: Begins the keys of what is drawn.
        attacked: The run.
        chosen: Places in the split of images of this run.
        classes: Names of the classes.
        on_pick: Callback of a button below each image, with its place; None draws no button.
    """
    pages = -(-len(chosen) // PER_PAGE)
    page = 1
    if pages > 1:
        key = f"{page_name}_page"
        if int(st.session_state.get(key, 1)) > pages:
            st.session_state[key] = 1
        page = st.pagination(pages, key=key)
    position = {int(index): place for place, index in enumerate(attacked.indices)}
    on_page = chosen[(page - 1) * PER_PAGE : page * PER_PAGE]
    for start in range(0, len(on_page), COLUMNS):
        columns = st.columns(COLUMNS, gap="large")
        row = on_page[start : start + COLUMNS]
        for column, index in zip(columns, row, strict=False):
            column.html(triplet_html(attacked, position[index], classes))
            if on_pick is not None:
                column.button(
                    "Through every defense",
                    key=f"{page_name}_pick_{index}",
                    on_click=on_pick,
                    args=(index,),
                    type="tertiary",
                    icon=":material/arrow_upward:",
                    help="Shows this image above, attacked and purified by every defense.",
                )


def triplet_html(attacked: Attacked, place: int, classes: Sequence[str]) -> str:
    """One image in its three kinds with a heading, as HTML.

    Args:
        attacked: The run.
        place: Position of the image in the run.
        classes: Names of the classes.
    """
    label = attacked.labels[place]
    pictures: tuple[tuple[RoleName, NDArray[np.uint8], NDArray[np.int64]], ...] = (
        ("clean", attacked.clean, attacked.said_clean),
        ("adversarial", attacked.adversarial, attacked.said_adversarial),
        ("purified", attacked.purified, attacked.said_purified),
    )
    tiles = [
        Tile(
            role=role,
            png=_png(images[place]),
            says=classes[said[place]],
            correct=bool(said[place] == label),
        )
        for role, images, said in pictures
    ]
    badge = BADGES[attacked.outcome[place]]
    flips = ""
    if attacked.bits is not None:
        bits = f"{attacked.flips[place]} of {attacked.code_size} bits flipped"
        flips = f'<br><span style="font-size:0.85rem">{word("code", bits)}</span>'
    return (
        f'<div data-image="{attacked.indices[place]}" style="margin-bottom:0.3rem">'
        f"<b>Image {attacked.indices[place]}</b>, {badge.text.lower()}"
        f"{flips}</div>{tiles_html(tiles)}"
    )


def _png(picture: NDArray[np.uint8]) -> bytes:
    return to_png(torch.from_numpy(np.ascontiguousarray(picture)).float() / 255, SCALE)
