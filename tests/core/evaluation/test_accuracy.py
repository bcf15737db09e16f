import pytest

from core.evaluation.accuracy import Accuracy, wilson_interval


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    # Published values of the Wilson score interval (Newcombe, 1998, table I, method 3).
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_known_intervals(successes: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(successes, n) == pytest.approx((low, high), abs=1e-4)


def test_the_interval_is_symmetric_and_stays_in_range() -> None:
    low, high = wilson_interval(3, 10)
    mirrored = wilson_interval(7, 10)
    assert (1 - high, 1 - low) == pytest.approx(mirrored)
    assert wilson_interval(10, 10)[1] == 1
    assert wilson_interval(0, 10)[0] == 0


@pytest.mark.parametrize(("successes", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_impossible_counts(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="expected 0 <= successes <= n"):
        wilson_interval(successes, n)


def test_accuracy_as_plain_values() -> None:
    assert Accuracy(correct=3, n=4).as_dict() == {
        "correct": 3,
        "n": 4,
        "value": 0.75,
        "low": pytest.approx(0.300642, abs=1e-5),
        "high": pytest.approx(0.954413, abs=1e-5),
    }
