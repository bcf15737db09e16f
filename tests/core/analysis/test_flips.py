import numpy as np
import pytest

from core.analysis import (
    SLIDE_WIDTH,
    bit_use,
    flip_histogram,
    pair_agreement,
    share_below,
    wall_distances,
)
from core.analysis.flips import Bar

FLIPS = np.array([0, 0, 1, 3, 3, 3, 4])
RIGHT = np.array([True, True, True, True, False, False, True])


def rows(bars: tuple[Bar, ...]) -> list[tuple[str, int, int, int, int]]:
    return [(bar.label, bar.low, bar.high, bar.n, bar.right) for bar in bars]


def test_one_bar_a_count_with_empty_ones_up_to_the_last() -> None:
    bars = flip_histogram(FLIPS, RIGHT, 64)
    assert rows(bars) == [
        ("0", 0, 0, 2, 2),
        ("1", 1, 1, 1, 1),
        ("2", 2, 2, 0, 0),
        ("3", 3, 3, 3, 1),
        ("4", 4, 4, 1, 1),
    ]
    assert bars[2].accuracy is None
    assert bars[3].accuracy is not None
    assert (bars[3].accuracy.correct, bars[3].accuracy.n) == (1, 3)
    assert sum(bar.share for bar in bars) == pytest.approx(1)
    assert bars[3].counts == "3 bits (4.7 %)"
    assert bars[1].counts == "1 bit (1.6 %)"


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        # 64 bits: 2 % are 1.28 bits, so a bin holds one count or two.
        (64, [("0-2 %", 0, 1), ("2-4 %", 2, 2), ("4-6 %", 3, 3), ("6-8 %", 4, 5)]),
        # 50 bits: the counts lie exactly on the lower edges.
        (50, [("0-2 %", 0, 0), ("2-4 %", 1, 1), ("4-6 %", 2, 2), ("6-8 %", 3, 3)]),
        # 100 bits: two each.
        (100, [("0-2 %", 0, 1), ("2-4 %", 2, 3), ("4-6 %", 4, 5), ("6-8 %", 6, 7)]),
        # 16 bits: most bins hold no whole number of bits.
        (16, [("0-2 %", 0, 0), ("2-4 %", 1, 0), ("4-6 %", 1, 0), ("6-8 %", 1, 1)]),
        # 128 bits.
        (128, [("0-2 %", 0, 2), ("2-4 %", 3, 5), ("4-6 %", 6, 7), ("6-8 %", 8, 10)]),
    ],
)
def test_the_bins_of_the_slide_say_which_counts_they_hold(
    bits: int, expected: list[tuple[str, int, int]]
) -> None:
    flips = np.arange(bits + 1)
    bars = flip_histogram(flips, flips >= 0, bits, width=SLIDE_WIDTH)
    assert [(bar.label, bar.low, bar.high) for bar in bars[:4]] == expected
    for bar in bars:
        percent = 100 * flips / bits
        start = float(bar.label.split(" ")[0].split("-")[0])
        inside = (percent >= start) & (percent < start + 2)
        assert bar.n == inside.sum() == bar.holds(flips).sum()
    assert sum(bar.n for bar in bars) == bits + 1
    assert bars[-1].label == "100 %"


def test_a_bin_without_a_whole_number_says_so() -> None:
    bars = flip_histogram(np.array([1]), np.array([True]), 16, width=0.02)
    assert bars[1].counts == "no whole number of 16 bits"
    assert (bars[1].n, bars[1].accuracy) == (0, None)
    assert not bars[1].holds(np.arange(17)).any()


@pytest.mark.parametrize(
    ("flips", "right", "width", "sentence"),
    [
        ([0, 65], [True, True], None, "must lie in 0 to 64"),
        ([-1], [True], None, "must lie in 0 to 64"),
        ([0, 1], [True], None, r"expected \(n,\) twice"),
        ([0], [True], 0.0, "width must be above 0 and at most 1"),
        ([0], [True], 1.5, "width must be above 0 and at most 1"),
    ],
)
def test_refuses_what_is_no_histogram(
    flips: list[int], right: list[bool], width: float | None, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        flip_histogram(np.array(flips), np.array(right), 64, width=width)


def test_no_images_no_bars() -> None:
    assert flip_histogram(np.array([], np.int64), np.array([], bool), 64) == ()


@pytest.mark.parametrize(
    ("bits", "share", "below"),
    [(50, 0.06, 3), (64, 0.06, 4), (100, 0.06, 6), (100, 0.07, 7), (10, 0.3, 3), (64, 0.0, 0)],
)
def test_an_image_with_exactly_the_share_is_not_below_it(
    bits: int, share: float, below: int
) -> None:
    found = share_below(np.arange(10), bits, share)
    assert (found.correct, found.n) == (below, 10)


def test_use_of_each_bit() -> None:
    clean = np.ones((2000, 4), np.int8)
    clean[:1000, 0] = -1  # even
    clean[:500, 1] = -1  # a quarter
    clean[:1, 2] = -1  # once in 2,000; the last never
    attacked = clean.copy()
    attacked[:30, 1] *= -1
    use = bit_use(clean, attacked)
    np.testing.assert_allclose(use.plus_share, [0.5, 0.75, 0.9995, 1.0])
    np.testing.assert_allclose(use.flip_rate, [0, 0.015, 0, 0])
    np.testing.assert_allclose(use.entropy, [1, 0.811278, 0.006204, 0], atol=1e-6)
    np.testing.assert_array_equal(use.dead, [False, False, True, True])
    assert use.n == 2000
    with pytest.raises(ValueError, match="twice"):
        bit_use(clean, attacked[:, 1:])


def test_a_bit_that_changes_once_in_a_thousand_is_not_dead() -> None:
    clean = np.ones((1000, 2), np.int8)
    clean[0, 0] = -1
    clean[1:, 1] = -1
    assert not bit_use(clean, clean).dead.any()


def test_distance_to_the_nearest_wall() -> None:
    latents = np.array([[-0.3, -0.1, 0.0], [0.04, 0.09, 5.0]], np.float32)
    expected = [[0.2, 0, 0.1], [0.06, 0.01, 4.9]]
    np.testing.assert_allclose(wall_distances(latents, (-0.1, 0.1)), expected, atol=1e-6)
    with pytest.raises(ValueError, match="at least one wall"):
        wall_distances(latents, ())


def test_pairs_by_the_bits_that_differ() -> None:
    found = pair_agreement(FLIPS)
    assert found.counts.tolist() == [2, 1, 0, 3, 1]
    assert (found.same.correct, found.same.n) == (2, 7)
    assert [found.within(most).correct for most in range(6)] == [2, 3, 3, 6, 7, 7]
    with pytest.raises(ValueError, match="at least one pair"):
        pair_agreement(FLIPS[:0])
