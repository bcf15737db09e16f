import pytest
from torch import Tensor

from core.analysis import RunSpec, highest_epsilon, smallest_epsilons
from core.types import Cancelled, Classifier, Purifier, Step

SPEC = RunSpec(dataset="tiny", classifier="brightness", defense="halves", index=0, attack="fgsm")
LABEL = 2


def test_finds_the_budget_at_which_the_answer_changes(
    classifier: Classifier, purifier: Purifier, image: Tensor
) -> None:
    found = smallest_epsilons(classifier, purifier, image, LABEL, SPEC)
    # The mean is 0.5875, the boundary to class 1 lies at 0.575.
    assert found.bare.epsilon == pytest.approx(0.0125, abs=found.bare.exactness + 1e-4)
    assert found.bare.adversarial is not None
    assert found.bare.adversarial.prediction != LABEL
    assert found.defended is not None
    # A quarter of 0.75 turns black below 0.5.
    assert found.defended.epsilon == pytest.approx(0.25, abs=found.defended.exactness + 1e-4)
    assert found.defended.purified is not None
    assert found.defended.purified.prediction != LABEL


def test_says_when_no_budget_is_enough(image: Tensor) -> None:
    def stubborn(images: Tensor) -> Tensor:
        return images.flatten(1)[:, :4] * 1e-9 + images.new_tensor([0.0, 0.0, 9.0, 0.0])

    found = smallest_epsilons(stubborn, None, image, LABEL, SPEC)
    assert found.bare.epsilon is None
    assert found.bare.highest == highest_epsilon(SPEC)
    assert found.defended is None


def test_reports_progress_and_can_be_ended(
    classifier: Classifier, purifier: Purifier, image: Tensor
) -> None:
    steps: list[Step] = []

    def stop_late(step: Step) -> None:
        steps.append(step)
        if len(steps) == 4:
            raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        smallest_epsilons(classifier, purifier, image, LABEL, SPEC, stop_late)
    assert [step.index for step in steps] == sorted(step.index for step in steps)


def test_an_attack_without_a_budget_is_refused(classifier: Classifier, image: Tensor) -> None:
    spec = RunSpec(dataset="tiny", classifier="brightness", index=0, attack="deepfool")
    assert highest_epsilon(spec) is None
    with pytest.raises(ValueError, match="deepfool has no epsilon"):
        smallest_epsilons(classifier, None, image, LABEL, spec)
