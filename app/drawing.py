"""A pad to draw on: 28 x 28 pixels, with mouse, finger, pen or keyboard.

The browser keeps the ink and sends it when a stroke has ended. A pad that was away, on another
page for instance, comes back with its drawing.
"""

import base64
import binascii
from pathlib import Path
from typing import TypeAlias

import numpy as np
import streamlit as st
from numpy.typing import NDArray

SIDE = 28
ENCODED_LENGTH = 4 * -(-SIDE * SIDE // 3)
Pixels: TypeAlias = NDArray[np.uint8]


def _beside(ending: str) -> str:
    return Path(__file__).with_suffix(ending).read_text(encoding="utf-8")


_pad = st.components.v2.component(
    "lqvae_drawing_pad", html=_beside(".html"), css=_beside(".css"), js=_beside(".js")
)


def drawing_pad(key: str) -> Pixels | None:
    """Show the pad.

    Args:
        key: The widget's key, unique in the app.

    Returns:
        What is drawn, uint8 (28, 28), bright ink on 0; None as long as the pad is empty, and
        when the browser sent anything that is no drawing.
    """
    kept_key = f"{key}_kept"
    kept = st.session_state.get(kept_key, "")
    sent = _pad(key=key, data={"pixels": kept}, on_pixels_change=_heard).get("pixels")
    message = kept if sent is None else sent
    pixels = decode_drawing(message)
    st.session_state[kept_key] = "" if pixels is None else message
    return pixels


def decode_drawing(message: object) -> Pixels | None:
    """Read what the browser sent: 784 bytes in base64, row by row.

    Returns:
        uint8 (28, 28), or None for an empty drawing and for anything else than a drawing.
    """
    if not isinstance(message, str) or len(message) != ENCODED_LENGTH:
        return None
    try:
        content = base64.b64decode(message, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(content) != SIDE * SIDE or not any(content):
        return None
    return np.frombuffer(content, dtype=np.uint8).reshape(SIDE, SIDE).copy()


def _heard() -> None:
    """Streamlit reports a value only where a callback is named."""
