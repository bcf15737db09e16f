"""The code of one image as a grid of clickable bits, with what belongs to it."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app.bit_board import Board, Flips, bit_board
from app.bit_flips.session import BitSession, key
from app.bit_flips.view import HEATS, PAGE, STARTS
from app.controls import seed
from core.analysis.attacked import Attacked
from core.analysis.flips import BitUse
from core.analysis.importance import BitImportance


def show_board(
    session: BitSession,
    attacked: Attacked,
    row: int,
    use: BitUse,
    importance: BitImportance | None,
) -> Flips:
    """Draw the grid with its controls, and return what the visitor has flipped."""
    assert attacked.bits is not None
    view = session.view
    seed(key("start"), view.start)
    start = st.segmented_control(
        "Start from",
        list(STARTS),
        format_func=STARTS.__getitem__,
        key=key("start"),
        required=True,
        on_change=lambda: session.look(start=st.session_state[key("start")], flipped=()),
        help="Whose bits you flip: those of the attacked image, to undo the harm, or those of "
        "the clean one, to do it yourself.",
    )
    clean, adversarial = attacked.bits["clean"][row], attacked.bits["adversarial"][row]
    different = np.not_equal(clean, adversarial)
    board = Board(
        label=f"{STARTS[str(start)]} of image {attacked.indices[row]}: click a bit to flip it",
        bits=clean if start == "clean" else adversarial,
        attacked=different,
        heat=_heat(view.heat, use, importance),
        bits_per_latent=attacked.bits_per_latent,
    )
    flips = bit_board(f"{PAGE}_board", board, Flips(view.flipped, view.bit), session.version)
    session.see(flipped=flips.bits, bit=flips.last)
    _show_buttons(session, flips, different)
    return flips


def _heat(heat: str, use: BitUse, importance: BitImportance | None) -> NDArray[np.float64] | None:
    """How high each square is filled, 0.0 to 1.0."""
    if heat == "none" or (heat == "importance" and importance is None):
        return None
    values = use.flip_rate if heat == "flips" or importance is None else importance.drop
    top = float(values.max())
    return np.clip(values / top, 0, 1) if top > 0 else np.zeros(len(values))


def _show_buttons(session: BitSession, flips: Flips, different: NDArray[np.bool_]) -> None:
    row = st.container(horizontal=True)
    row.button(
        "Reset",
        key=f"{PAGE}_reset",
        on_click=session.look,
        kwargs={"flipped": (), "bit": None},
        disabled=not flips.bits,
        icon=":material/restart_alt:",
        width="stretch",
        help="Takes back all your flips.",
    )
    marked = tuple(int(bit) for bit in np.flatnonzero(different))
    row.button(
        "Flip all ×",
        key=f"{PAGE}_marked",
        on_click=session.look,
        kwargs={"flipped": marked, "bit": None},
        disabled=not marked or flips.bits == marked,
        icon=":material/swap_horiz:",
        width="stretch",
        help="Flips exactly the bits that the attack flipped: one code becomes the other.",
    )


def choose_heat(session: BitSession) -> None:
    """What the orange in the squares of the code means."""
    seed(key("heat"), session.view.heat)
    heat = st.segmented_control(
        "Orange in the squares",
        list(HEATS),
        format_func=HEATS.__getitem__,
        key=key("heat"),
        required=True,
        help="How high a square is filled with colour: the accuracy lost when that bit alone is "
        "flipped, or how often this attack flips it. The tallest fills its square.",
    )
    session.see(heat=str(heat))
