from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pytest
import torch
from torch import Tensor

from core.analysis import Lineup, RunSpec, make_lineup
from core.analysis.triplets import outcome_of
from core.types import Classifier, Purifier, Surrogate

SPEC = RunSpec(
    dataset="tiny",
    classifier="brightness",
    index=0,
    attack="bim",
    parameters=(("epsilon", 0.2), ("steps", 5)),
)


class Nothing:
    """A purifier that changes nothing."""

    random = False
    quiet: frozenset[str] = frozenset()
    surrogates: Mapping[str, Surrogate] = MappingProxyType({})

    def __call__(self, images: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        return images


@pytest.fixture
def lineup(classifier: Classifier, purifier: Purifier, image: Tensor) -> Lineup:
    return make_lineup(classifier, {"halves": purifier, "nothing": Nothing()}, image, 2, SPEC)


def test_every_defense_gets_the_same_attacked_image(lineup: Lineup, image: Tensor) -> None:
    halves, nothing = lineup.entries
    assert (halves.defense, nothing.defense) == ("halves", "nothing")
    assert np.array_equal(nothing.purified.image, lineup.attacked.adversarial.image)
    assert not nothing.removed.any()
    assert nothing.left == pytest.approx(lineup.attacked.l2, rel=1e-5)
    assert halves.removed == pytest.approx(
        halves.purified.image - lineup.attacked.adversarial.image, abs=1e-6
    )
    assert np.array_equal(nothing.purified_original.image, image.numpy())
    assert all(entry.seconds > 0 for entry in lineup.entries)


def test_each_defense_has_its_own_outcome(lineup: Lineup) -> None:
    assert [entry.outcome for entry in lineup.entries] == ["repaired", "not repaired"]
    assert lineup.attacked.outcome == "fooled"


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ((1, 0, 0), "wrong before"),
        ((0, 1, None), "fooled"),
        ((0, 0, None), "not fooled"),
        ((0, 1, 0), "repaired"),
        ((0, 1, 2), "not repaired"),
        ((0, 0, 0), "not fooled"),
        ((0, 0, 1), "spoiled"),
    ],
)
def test_outcomes(answers: tuple[int, int, int | None], outcome: str) -> None:
    assert outcome_of(0, *answers) == outcome
