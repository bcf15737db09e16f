"""The grid of clickable bits: what it sends to the browser, and what the browser may send back."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.bit_board import Board, Flips, board_data, read_flips


def board(size: int = 8) -> Board:
    bits = np.where(np.arange(size) % 2, 1, -1).astype(np.int8)
    return Board(label="a code", bits=bits, attacked=bits > 0)


def test_flips_arrive_sorted_and_once() -> None:
    message = {"version": 3, "flips": [5, 0, 5], "last": 0}
    assert read_flips(message, 3, 8) == Flips((0, 5), 0)


@pytest.mark.parametrize(
    "message",
    [
        None,
        "0.5",
        [0, 5],
        {},
        {"version": 2, "flips": [], "last": 0},
        {"version": 3, "flips": "05", "last": 0},
        {"version": 3, "flips": [8], "last": 0},
        {"version": 3, "flips": [-1], "last": 0},
        {"version": 3, "flips": [1.0], "last": 0},
        {"version": 3, "flips": [True], "last": 0},
        {"version": 3, "flips": [1], "last": 8},
        {"version": 3, "flips": [1], "last": None},
        {"version": 3, "flips": [0] * 9, "last": 0},
    ],
)
def test_anything_else_is_no_flip(message: object) -> None:
    assert read_flips(message, 3, 8) is None


def test_the_browser_gets_plain_values() -> None:
    data = board_data(board(), Flips((2,), 2), 7)
    assert json.loads(json.dumps(data)) == data
    assert data["bits"] == [-1, 1] * 4
    assert data["attacked"] == [False, True] * 4
    assert (data["mine"], data["spot"], data["version"]) == ([2], 2, 7)


@pytest.mark.parametrize(("size", "columns"), [(16, 4), (32, 8), (64, 8), (128, 16), (256, 16)])
def test_every_size_of_code_fills_its_rows(size: int, columns: int) -> None:
    assert board(size).columns == columns
    assert size % columns == 0


def test_an_untouched_board_keeps_its_flips() -> None:
    def page() -> None:
        import numpy as np
        import streamlit as st

        from app.bit_board import Board, Flips, bit_board

        bits = np.ones(8, np.int8)
        shown = Board(label="a code", bits=bits, attacked=bits < 0)
        st.write(f"flips: {bit_board('board', shown, Flips((1, 4), 4), 1)}")

    app = AppTest.from_function(page, default_timeout=30).run()
    assert not app.exception
    assert app.markdown[0].value == "flips: Flips(bits=(1, 4), last=4)"
