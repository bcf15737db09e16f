"""A code as a grid of buttons: a click, or space on the keyboard, flips a bit.

The browser flips at once and sends all flips made so far, so quick clicks are never lost. Python
starts afresh by giving another ``version``: a reset, another image, a link.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app.theme import ROLES


def _beside(ending: str) -> str:
    return Path(__file__).with_suffix(ending).read_text(encoding="utf-8")


_board = st.components.v2.component(
    "lqvae_bit_board", html=_beside(".html"), css=_beside(".css"), js=_beside(".js")
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Board:
    """What the grid shows, before the visitor's own flips.

    Attributes:
        label: What code it is, for those who do not see it.
        bits: The code in {-1, +1}, int8 (D,).
        attacked: Bits the attack flipped, bool (D,).
        heat: How much each bit matters, 0.0 to 1.0, (D,); None shows nothing.
        notes: One more remark a bit, (D,) or empty.
        bits_per_latent: Bits that lie side by side for one latent.
    """

    label: str
    bits: NDArray[np.int8]
    attacked: NDArray[np.bool_]
    heat: NDArray[np.float64] | None = None
    notes: Sequence[str] = ()
    bits_per_latent: int = 1

    @property
    def columns(self) -> int:
        """Squares in a row: a power of two, near the width of a square."""
        return 4 if len(self.bits) <= 16 else 8 if len(self.bits) <= 64 else 16


@dataclass(frozen=True)
class Flips:
    """What the visitor has flipped.

    Attributes:
        bits: Numbers of the flipped bits, ascending.
        last: The bit clicked last; None before the first click.
    """

    bits: tuple[int, ...] = ()
    last: int | None = None


def bit_board(key: str, board: Board, flips: Flips, version: int) -> Flips:
    """Show the grid.

    Args:
        key: The widget's key, unique in the app.
        board: What it shows.
        flips: Flips to start from when ``version`` is new.
        version: Another number makes the browser forget its own flips.

    Returns:
        The flips the visitor sees now.
    """
    sent = _board(key=key, data=board_data(board, flips, version), on_flips_change=_heard).get(
        "flips"
    )
    return read_flips(sent, version, len(board.bits)) or flips


def board_data(board: Board, flips: Flips, version: int) -> dict[str, object]:
    """Everything the browser needs, as JSON knows it."""
    return {
        "version": version,
        "label": board.label,
        "columns": board.columns,
        "group": board.bits_per_latent,
        "bits": board.bits.tolist(),
        "attacked": board.attacked.tolist(),
        "heat": None if board.heat is None else np.round(board.heat, 3).tolist(),
        "notes": list(board.notes) or [""] * len(board.bits),
        "mine": list(flips.bits),
        "spot": -1 if flips.last is None else flips.last,
        "colors": {name: ROLES[name].color for name in ("code", "adversarial")},
    }


def read_flips(message: object, version: int, size: int) -> Flips | None:
    """Read what the browser sent.

    Args:
        message: Anything.
        version: What the message must answer to.
        size: Number of bits.

    Returns:
        None for a message of an older version, and for anything that names no such bits.
    """
    if not isinstance(message, dict) or message.get("version") != version:
        return None
    bits, last = message.get("flips"), message.get("last")
    if not isinstance(bits, list) or len(bits) > size:
        return None
    if not all(_is_bit(bit, size) for bit in (*bits, last)):
        return None
    return Flips(tuple(sorted(set(bits))), last)


def _is_bit(number: object, size: int) -> bool:
    return type(number) is int and 0 <= number < size


def _heard() -> None:
    """Streamlit reports a value only where a callback is named."""
