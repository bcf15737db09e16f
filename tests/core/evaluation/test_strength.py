"""Which attacks are too weak to compare defenses by."""

import pytest

from core.evaluation.accuracy import Accuracy
from core.evaluation.specification import Specification
from core.evaluation.strength import too_weak


def test_noise_is_a_control_and_not_a_weak_attack() -> None:
    specification = Specification(dataset="mnist", classifier="a", attack="noise")
    assert too_weak(specification, Accuracy(correct=99, n=100)) is None


@pytest.mark.parametrize(
    ("attack", "correct", "weak"),
    [("pgd", 5, False), ("pgd", 6, True), ("fgsm", 30, False), ("fgsm", 31, True)],
)
def test_a_weak_attack_is_said(attack: str, correct: int, weak: bool) -> None:
    specification = Specification(dataset="mnist", classifier="a", attack=attack)
    warning = too_weak(specification, Accuracy(correct=correct, n=100))
    assert (warning is not None) == weak
