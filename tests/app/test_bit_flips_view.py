"""The view of the bit-flip page in the address, and the sentences it makes of numbers."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from app.bit_flips.answers import answers_html
from app.bit_flips.decoding import flip
from app.bit_flips.explorer import brushed, counts_steps, histogram_bars, shown_flips
from app.bit_flips.view import STEPS_BINS, View, ViewReader, read_view
from app.bit_flips.words import cause_groups, claim_rows, held
from core.analysis.attacked import Attacked


def read(**params: str) -> tuple[View, tuple[str, ...]]:
    reader = ViewReader(params)
    return read_view(reader, 20), reader.finish()


@pytest.mark.parametrize(
    "view",
    [
        View(),
        View(bins="slide", brush=(0, 3), section="use", order="entropy"),
        View(strength=4, section="strength", brush=(2, 2)),
        View(section="image", group="repaired", image=0, start="clean", flipped=(0, 7, 63), bit=7),
        View(heat="none", bit=0, strength=0),
    ],
)
def test_the_address_keeps_the_view(view: View) -> None:
    assert read(**view.params()) == (view, ())


def test_an_untouched_view_leaves_the_address_alone() -> None:
    assert View().params() == {}


@pytest.mark.parametrize(
    ("params", "view", "word"),
    [
        ({"bins": "3"}, View(), "choices"),
        ({"from": "5", "to": "2"}, View(), "above"),
        ({"from": "x"}, View(brush=None), "no number"),
        ({"image": "20"}, View(image=19), "above 19"),
        ({"flipped": "1.a"}, View(), "no list of bits"),
        ({"flipped": "1.99999"}, View(), "no list of bits"),
        ({"flipped": ".".join("1" for _ in range(5000))}, View(), "no list of bits"),
        ({"nonsense": "1"}, View(), "no setting"),
    ],
)
def test_what_makes_no_sense_is_said(params: dict[str, str], view: View, word: str) -> None:
    found, notes = read(**params)
    assert found == view
    assert word in " ".join(notes)


def test_listed_bits_are_sorted_and_counted_once() -> None:
    assert read(flipped="7.0.7")[0].flipped == (0, 7)


@pytest.mark.parametrize(
    ("bits", "share", "words"),
    [
        (64, 0.06, "0–3 of 64"),
        (64, 0.02, "0–1 of 64"),
        (50, 0.06, "0–2 of 50"),
        (150, 0.06, "0–8 of 150"),
        (16, 0.06, "0 of 16"),
    ],
)
def test_the_numbers_below_a_share_are_exact(bits: int, share: float, words: str) -> None:
    assert held(bits, share) == words


def attacked(flips: list[int], right: list[bool]) -> Attacked:
    said = np.where(right, 1, 2)
    made = SimpleNamespace(
        flips=np.array(flips), code_size=64, said_purified=said, labels=np.ones(len(flips))
    )
    return cast(Attacked, made)


def test_the_slides_claim_stands_beside_what_is_measured() -> None:
    rows = claim_rows(attacked([0, 1, 2, 3, 4, 5, 9, 9], [True, False] + [True] * 6))
    assert [row["Slide"] for row in rows] == ["about 90 %", "12 %", "97 %"]
    here = [row["Here"].replace("\u00a0", " ") for row in rows]
    assert here[0].startswith("**50.0 %**")
    assert here[1].startswith("**25.0 %**")
    assert here[2].startswith("**50.0 %**")


def test_an_empty_first_bar_has_no_accuracy() -> None:
    assert claim_rows(attacked([3, 4], [True, True]))[2]["Here"] == "–"


def test_flipping_twice_is_not_flipping() -> None:
    bits = np.array([1, -1, 1], np.int8)
    assert flip(bits, (0, 2)).tolist() == [-1, -1, -1]
    assert flip(flip(bits, (1,)), (1,)).tolist() == bits.tolist() == [1, -1, 1]
    assert flip(bits, ()).tolist() == [1, -1, 1]


def test_the_answers_name_before_and_after() -> None:
    start, now = np.array([0.9, 0.1], np.float32), np.array([0.2, 0.8], np.float32)
    html = answers_html(start, now, ["<zero>", "one"], 1)
    assert "before and after: &lt;zero&gt; 90.0 %, one 80.0 %" in html
    assert "<zero>" not in html
    assert html.count("✓") == 1


def test_causes_are_grouped_and_an_empty_first_bar_is_a_dash() -> None:
    row: dict[str, Any] = {
        "group": "Noise",
        "setting": "none",
        "n": 1000,
        "mean_l2": 1.234,
        "mean_flips": 2.5,
        "bits": 64,
        "share_below_6": 0.5,
        "first_bar_share": 0.1,
        "first_bar_accuracy": None,
        "accuracy": 0.9,
    }
    groups = cause_groups([row, {**row, "group": "Strength", "first_bar_accuracy": 1.0}])
    assert list(groups) == ["Noise", "Strength"]
    assert groups["Noise"][0]["Images"] == "1,000"
    assert groups["Noise"][0]["Right in it"] == "–"
    assert groups["Strength"][0]["Right in it"] == "100.0%"


def test_level_steps_are_counted_like_flips_but_only_for_the_run_itself() -> None:
    flips, steps = np.array([0, 1, 2]), np.array([0, 1, 5])
    made = SimpleNamespace(
        flips=flips,
        code_size=4,
        said_purified=np.ones(3),
        labels=np.ones(3),
        flips_of=lambda role: flips,
        level_steps=lambda role: steps,
    )
    run = cast(Attacked, made)
    view = View(bins=STEPS_BINS)
    shown, right = shown_flips(run, None, view)
    assert shown.tolist() == steps.tolist()
    bars, controls = histogram_bars(run, shown, right, view)
    assert [bar.n for bar in bars] == [1, 1, 0, 0, 0, 1]
    assert [control.flips.tolist() for control in controls] == [steps.tolist()] * 2
    assert not counts_steps(View(bins=STEPS_BINS, strength=0))


@pytest.mark.parametrize(
    ("brush", "inside"),
    [(None, [True] * 4), ((1, 2), [False, True, True, False]), ((9, 9), [False] * 4)],
)
def test_a_brush_holds_both_its_ends(brush: tuple[int, int] | None, inside: list[bool]) -> None:
    assert brushed(np.array([0, 1, 2, 3]), brush).tolist() == inside
