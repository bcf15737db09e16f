"""The figures of the bit-flip page: every bar, line and number is the one that was measured."""

import numpy as np
import pytest

from app.bit_flips.curve import Curve, curve_chart, flipped_share
from app.bit_flips.histogram import (
    Control,
    brush_of,
    chosen_bars,
    counts_words,
    flip_chart,
    shares_of,
    tick_words,
    with_room,
)
from app.bit_flips.use_charts import bit_order, importance_chart, use_chart, wall_chart
from core.analysis.flips import bit_use, flip_histogram
from core.evaluation import Accuracy

FLIPS = np.array([0, 1, 1, 2, 3, 3, 3, 5])
RIGHT = np.array([1, 1, 0, 1, 1, 1, 0, 0], np.bool_)
COUNTS = flip_histogram(FLIPS, RIGHT, 64)
SLIDE = flip_histogram(FLIPS, RIGHT, 64, width=0.02)


def test_each_bar_has_its_share_and_its_accuracy() -> None:
    bars = flip_chart(COUNTS, []).data[0]
    assert list(bars.y) == [1 / 8, 2 / 8, 1 / 8, 3 / 8, 0, 1 / 8]
    assert list(bars.text) == ["<b>100 %</b>", "<b>50 %</b>", "<b>100 %</b>", "<b>67 %</b>", "",
                               "<b>0 %</b>"]  # fmt: skip
    assert [held for held, _, _ in bars.customdata] == ["0", "1", "2", "3", "4", "5"]


def test_the_interval_above_a_bar_is_wilsons() -> None:
    points = flip_chart(COUNTS, []).data[-1]
    assert list(points.x) == [0, 1, 2, 3, 5]
    low, high = Accuracy(correct=2, n=3).interval
    assert points.y[3] - points.error_y.arrayminus[3] == pytest.approx(low)
    assert points.y[3] + points.error_y.array[3] == pytest.approx(high)
    assert flip_chart(COUNTS, []).layout.yaxis2.range[0] <= 0


def test_a_bin_of_the_slide_says_which_counts_it_holds() -> None:
    assert [tick_words(bar) for bar in SLIDE] == ["0–2<br>(0–1)", "2–4<br>(2)", "4–6<br>(3)",
                                                  "6–8<br>(4–5)"]  # fmt: skip
    assert [tick_words(bar) for bar in COUNTS] == list("012345")


def test_a_bin_that_no_number_falls_into_says_so() -> None:
    bars = flip_histogram(np.array([1]), np.array([True]), 16, width=0.02)
    assert [counts_words(bar) for bar in bars] == ["0", "none", "none", "1"]
    assert chosen_bars(bars, (0, 1)) == [0, 3]


def test_a_control_is_sorted_into_the_same_bars() -> None:
    control = np.array([0, 0, 4, 5, 5, 5, 9, 9])
    bars = with_room(SLIDE, flip_histogram(control, RIGHT, 64, width=0.02))
    assert shares_of(control, bars) == [2 / 8, 0, 0, 4 / 8, 0, 0, 0, 2 / 8]
    assert [bar.n for bar in bars] == [3, 1, 3, 1, 0, 0, 0, 0]
    line = flip_chart(bars, [Control("noise", "Noise", control)]).data[1]
    assert list(line.y) == shares_of(control, bars)


@pytest.mark.parametrize(
    ("brush", "chosen"),
    [(None, []), ((0, 0), [0]), ((1, 1), [0]), ((2, 4), [1, 2, 3]), ((6, 64), [])],
)
def test_a_brush_chooses_the_bars_that_hold_its_counts(
    brush: tuple[int, int] | None, chosen: list[int]
) -> None:
    assert chosen_bars(SLIDE, brush) == chosen


@pytest.mark.parametrize(
    ("places", "brush"), [([], None), ([0], (0, 1)), ([1, 3], (2, 5)), ([3], (4, 5)), ([9], None)]
)
def test_clicked_bars_are_a_range_of_counts(
    places: list[int], brush: tuple[int, int] | None
) -> None:
    assert brush_of(SLIDE, places) == brush


def test_only_chosen_bars_stand_out() -> None:
    opacity = flip_chart(COUNTS, [], chosen=[3]).data[0].marker.opacity
    assert [value == 1 for value in opacity] == [False, False, False, True, False, False]
    assert set(flip_chart(COUNTS, []).data[0].marker.opacity) == {1}


def curve() -> Curve:
    flips = np.array([[0, 0, 0, 0], [1, 2, 3, 6]])
    flipped, spread = flipped_share(flips, 8)
    return Curve(
        strengths=[0.0, 0.2],
        bare=[Accuracy(correct=4, n=4), Accuracy(correct=1, n=4)],
        defended=[Accuracy(correct=4, n=4), Accuracy(correct=3, n=4)],
        flipped=flipped,
        spread=spread,
        l2=np.array([0.0, 1.5]),
    )


def test_the_curve_has_accuracies_and_flips_with_intervals() -> None:
    bare, defended, flips = curve_chart(curve(), "epsilon", None).data
    assert list(bare.y) == [1, 0.25]
    assert list(defended.y) == [1, 0.75]
    assert list(flips.y) == [0, 3 / 8]
    low, high = Accuracy(correct=1, n=4).interval
    assert bare.y[1] - bare.error_y.arrayminus[1] == pytest.approx(low)
    assert bare.y[1] + bare.error_y.array[1] == pytest.approx(high)
    deviation = np.std([1 / 8, 2 / 8, 3 / 8, 6 / 8], ddof=1)
    assert flips.error_y.array[1] == pytest.approx(1.959964 * deviation / 2)
    assert flips.error_y.arrayminus[1] <= flips.y[1]


def test_one_image_has_no_spread() -> None:
    share, spread = flipped_share(np.array([[0], [4]]), 8)
    assert list(share) == [0, 0.5]
    assert list(spread) == [0, 0]


def test_the_strength_of_the_histogram_is_marked() -> None:
    assert not curve_chart(curve(), "epsilon", None).layout.shapes
    (line,) = curve_chart(curve(), "epsilon", 1).layout.shapes
    assert (line.x0, line.x1) == (0.2, 0.2)


CLEAN = np.array([[1, 1, -1, 1], [1, -1, -1, 1], [1, 1, -1, -1]], np.int8)
ATTACKED = np.array([[1, -1, -1, 1], [1, 1, 1, 1], [1, 1, 1, -1]], np.int8)


def test_every_bit_has_its_three_bars_in_the_order_asked_for() -> None:
    use = bit_use(CLEAN, ATTACKED)
    order = bit_order(use, "flips")
    assert list(order[:2]) == [1, 2]
    flips, plus, entropy, dead = use_chart(use, order).data
    assert list(flips.x) == [str(bit) for bit in order]
    assert list(flips.y) == pytest.approx([2 / 3, 2 / 3, 0, 0])
    assert plus.y[0] == pytest.approx(2 / 3)
    assert entropy.y[1] == 0
    assert set(dead.x) == {"0", "2"}


@pytest.mark.parametrize(
    ("order", "first"), [("number", 0), ("plus", 0), ("entropy", 1), ("flips", 1)]
)
def test_the_highest_stands_first(order: str, first: int) -> None:
    assert bit_order(bit_use(CLEAN, ATTACKED), order)[0] == first


def test_distances_are_shares_of_all_latents() -> None:
    near, far = np.full((50, 4), 0.01, np.float32), np.full((50, 4), 0.2, np.float32)
    figure = wall_chart({"clean": far, "adversarial": near}, {"clean": "c", "adversarial": "a"})
    clean, adversarial = figure.data
    assert sum(clean.y) == pytest.approx(1)
    assert clean.x[int(np.argmax(clean.y))] > adversarial.x[int(np.argmax(adversarial.y))]


def test_the_bit_talked_about_stands_out() -> None:
    bars = importance_chart([0.1, 0.3, -0.1], np.array([1, 0, 2]), 0).data[0]
    assert list(bars.x) == ["1", "0", "2"]
    assert list(bars.y) == [0.3, 0.1, -0.1]
    assert [value == 1 for value in bars.marker.opacity] == [False, True, False]
