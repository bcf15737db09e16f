from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from core.analysis import NOISE_DRAWS, RunSpec, Triplet, make_triplet
from core.types import Cancelled, Classifier, Purifier, Step

SPEC = RunSpec(
    dataset="tiny",
    classifier="brightness",
    defense="halves",
    index=0,
    attack="bim",
    parameters=(("epsilon", 0.2), ("steps", 5)),
)
LABEL = 2


def run(
    classifier: Classifier,
    purifier: Purifier | None,
    image: Tensor,
    **changes: Any,  # noqa: ANN401 - fields of RunSpec
) -> Triplet:
    return make_triplet(classifier, purifier, image, LABEL, replace(SPEC, **changes))


def test_fools_the_classifier_and_the_code_brings_the_class_back(
    classifier: Classifier, purifier: Purifier, image: Tensor
) -> None:
    triplet = run(classifier, purifier, image)
    assert triplet.outcome == "repaired"
    assert triplet.original.prediction == LABEL
    assert triplet.adversarial.prediction != LABEL
    assert triplet.purified is not None
    assert triplet.purified.prediction == LABEL


def test_measures_what_it_shows(classifier: Classifier, purifier: Purifier, image: Tensor) -> None:
    triplet = run(classifier, purifier, image)
    change = triplet.adversarial.image - image.numpy()
    assert triplet.linf == pytest.approx(np.abs(change).max(), abs=1e-6)
    assert triplet.linf <= 0.2 + 1e-6
    assert triplet.l2 == pytest.approx(np.linalg.norm(change), rel=1e-5)
    assert triplet.l0 == (np.abs(change) > 1e-6).sum()
    assert triplet.original.probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_the_code_says_which_bits_flipped(
    classifier: Classifier, purifier: Purifier, image: Tensor
) -> None:
    code = run(classifier, purifier, image).code
    assert code is not None
    assert code.clean.tolist() == [-1, 1, 1, 1]
    assert code.flipped.tolist() == (code.clean != code.adversarial).tolist()


def test_the_noise_is_as_large_as_the_change_and_harmless(
    classifier: Classifier, purifier: Purifier, image: Tensor
) -> None:
    triplet = run(classifier, purifier, image)
    noise = np.abs(triplet.noise.image - image.numpy())
    assert noise.max() == pytest.approx(triplet.linf, abs=1e-6)
    assert triplet.noise_fooled < NOISE_DRAWS / 2


def test_the_trajectory_goes_from_the_clean_image_to_the_result(
    classifier: Classifier, purifier: Purifier, image: Tensor
) -> None:
    triplet = run(classifier, purifier, image)
    way = triplet.trajectory
    assert way is not None
    assert way.images.shape == (6, 1, 8, 8)
    assert way.images.dtype == np.uint8
    assert way.bare.shape == (6, 4)
    assert way.defended is not None
    assert way.defended.shape == (6, 4)
    np.testing.assert_array_equal(way.images[0], np.rint(image.numpy() * 255))
    np.testing.assert_array_equal(way.images[-1], np.rint(triplet.adversarial.image * 255))


def test_without_a_purifier_there_is_nothing_purified(
    classifier: Classifier, image: Tensor
) -> None:
    triplet = run(classifier, None, image, defense=None)
    assert triplet.outcome == "fooled"
    assert triplet.purified is None
    assert triplet.code is None


def test_a_wrong_answer_before_the_attack_is_called_so(
    classifier: Classifier, purifier: Purifier, image: Tensor
) -> None:
    triplet = make_triplet(classifier, purifier, image, 0, SPEC)
    assert triplet.outcome == "wrong before"


def test_a_purifier_that_errs_alone_is_called_spoiled(
    classifier: Classifier, purifier: Purifier
) -> None:
    dim = torch.full((1, 8, 8), 0.45)  # class 1, but black after the purifier
    spec = replace(SPEC, parameters=(("epsilon", 0.0), ("steps", 1)))
    triplet = make_triplet(classifier, purifier, dim, 1, spec)
    assert triplet.outcome == "spoiled"


def test_the_same_specification_gives_the_same_triplet(
    classifier: Classifier, purifier: Purifier, image: Tensor
) -> None:
    parameters = (("epsilon", 0.2), ("steps", 3))
    one, two = (
        run(classifier, purifier, image, attack="pgd", parameters=parameters) for _ in range(2)
    )
    np.testing.assert_array_equal(one.adversarial.image, two.adversarial.image)
    np.testing.assert_array_equal(one.noise.image, two.noise.image)


def test_an_adaptive_attack_names_what_it_went_through(
    classifier: Classifier, purifier: Purifier, image: Tensor
) -> None:
    triplet = run(classifier, purifier, image, threat="adaptive", surrogate="smooth")
    assert triplet.surrogate == "smooth"


def test_the_worst_of_all_is_at_least_as_bad_as_each(
    classifier: Classifier, purifier: Purifier, image: Tensor
) -> None:
    def left(surrogate: str) -> float:
        triplet = run(classifier, purifier, image, threat="adaptive", surrogate=surrogate)
        assert triplet.purified is not None
        return float(triplet.purified.probabilities[LABEL])

    assert left("worst") <= min(left("identity"), left("smooth")) + 1e-6


def test_an_unknown_surrogate_is_refused(
    classifier: Classifier, purifier: Purifier, image: Tensor
) -> None:
    with pytest.raises(
        ValueError, match=r"unknown surrogate 'x'; choose from identity, smooth, bare classifier"
    ):
        run(classifier, purifier, image, threat="adaptive", surrogate="x")


def test_progress_may_end_it(classifier: Classifier, purifier: Purifier, image: Tensor) -> None:
    def stop(step: Step) -> None:
        raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        make_triplet(classifier, purifier, image, LABEL, SPEC, stop)


def test_progress_over_several_surrogates_counts_up_to_the_end(
    classifier: Classifier, purifier: Purifier, image: Tensor
) -> None:
    steps: list[Step] = []
    spec = replace(SPEC, threat="adaptive", parameters=(("epsilon", 0.05), ("steps", 2)))
    make_triplet(classifier, purifier, image, LABEL, spec, steps.append)
    shares = [step.index / step.of for step in steps]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)
