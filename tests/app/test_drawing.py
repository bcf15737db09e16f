"""What the browser may send from the drawing pad."""

import base64

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.drawing import decode_drawing


def test_a_drawing_arrives_row_by_row() -> None:
    drawing = np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)
    pixels = decode_drawing(base64.b64encode(drawing.tobytes()).decode())
    assert pixels is not None
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, drawing)
    pixels[0, 0] = 7


@pytest.mark.parametrize(
    "message",
    [
        None,
        "",
        7,
        ["a"],
        {"pixels": "a"},
        "x" * 10_000_000,
        "!" * 1048,
        "ü" * 1048,
        base64.b64encode(bytes(784)).decode(),
        base64.b64encode(b"a" * 783).decode(),
        base64.b64encode(b"a" * 786).decode(),
    ],
    ids=[
        "none",
        "empty",
        "number",
        "list",
        "object",
        "huge",
        "no base64",
        "no ascii",
        "no ink",
        "too short",
        "too long",
    ],
)
def test_anything_else_is_no_drawing(message: object) -> None:
    assert decode_drawing(message) is None


def test_an_untouched_pad_gives_nothing() -> None:
    def page() -> None:
        import streamlit as st

        from app.drawing import drawing_pad

        st.write(f"drawn: {drawing_pad('pad')}")

    app = AppTest.from_function(page, default_timeout=30).run()
    assert not app.exception
    assert app.markdown[0].value == "drawn: None"
