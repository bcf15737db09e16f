import json
from pathlib import Path

import numpy as np
import pytest
import torch

from core.analysis import bit_importance, decoded, find_importance
from core.analysis.importance import BitImportance, importance_file, store_importance
from core.defenses import BitDepth
from core.evaluation import Accuracy
from core.types import Cancelled, LabError, Step
from tests.core.analysis import tiny_run
from tests.core.analysis.tiny_run import SPEC, classifier, images, labels


def measured() -> BitImportance:
    return bit_importance(classifier, tiny_run.purifier(), images(), labels())


def test_each_bit_is_flipped_alone() -> None:
    purifier = tiny_run.purifier()
    found = measured()
    code = purifier.code(images())
    before = classifier(purifier(images())).argmax(1) == labels()
    assert found.base == Accuracy(correct=int(before.sum()), n=tiny_run.N)
    for bit in range(code.shape[1]):
        flipped = torch.stack([torch.cat([c[:bit], -c[bit : bit + 1], c[bit + 1 :]]) for c in code])
        right = classifier(decoded(purifier, flipped)).argmax(1) == labels()
        assert found.lost[bit] == int((before & ~right).sum())
        assert found.gained[bit] == int((~before & right).sum())
        assert found.accuracy(bit) == Accuracy(correct=int(right.sum()), n=tiny_run.N)
        assert found.drop[bit] == pytest.approx((int(before.sum()) - int(right.sum())) / tiny_run.N)
    assert found.lost.sum() + found.gained.sum() > 0, "else the test shows nothing"


def test_decodes_as_the_purifier_does() -> None:
    purifier = tiny_run.purifier()
    assert torch.equal(decoded(purifier, purifier.code(images())), purifier(images()))


def test_reports_every_bit_and_can_be_ended() -> None:
    steps: list[Step] = []
    bit_importance(classifier, tiny_run.purifier(), images(), labels(), steps.append)
    assert [(step.index, step.of) for step in steps] == [(bit, 6) for bit in range(1, 7)]

    def stop(_: Step) -> None:
        raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        bit_importance(classifier, tiny_run.purifier(), images(), labels(), stop)


def test_a_defense_without_a_code_is_refused() -> None:
    with pytest.raises(LabError, match="no code, so it has no bits to flip; choose an LQ-VAE"):
        bit_importance(classifier, BitDepth(bits=1), images(), labels())


@pytest.mark.usefixtures("checkpoint_copy")
def test_what_is_stored_is_found_until_a_checkpoint_changes() -> None:
    tiny_run.name_checkpoints()
    assert find_importance(SPEC) is None
    made = measured()
    store_importance(made, SPEC)
    found = find_importance(SPEC)
    assert found is not None
    assert found.base == made.base
    np.testing.assert_array_equal(found.lost, made.lost)
    np.testing.assert_array_equal(found.gained, made.gained)
    tiny_run.name_checkpoints("2")
    assert find_importance(SPEC) is None


@pytest.mark.usefixtures("checkpoint_copy")
@pytest.mark.parametrize("damage", ["{", '{"format": 1}', "[]"])
def test_a_damaged_file_is_one_sentence(damage: str) -> None:
    tiny_run.name_checkpoints()
    path: Path = store_importance(measured(), SPEC)
    assert path == importance_file("mnist", "tiny", "lq_vae")
    path.write_text(damage)
    with pytest.raises(LabError, match="is missing or damaged"):
        find_importance(SPEC)


@pytest.mark.usefixtures("checkpoint_copy")
def test_lists_of_different_length_are_damage() -> None:
    path = store_importance(measured(), SPEC)
    values = json.loads(path.read_text())
    path.write_text(json.dumps(values | {"lost": values["lost"][1:]}))
    with pytest.raises(LabError, match="is missing or damaged"):
        find_importance(SPEC)
