from dataclasses import replace
from typing import Any

import pytest

from core.analysis import MAX_IMAGES, AttackedSpec
from tests.core.analysis.tiny_run import SPEC, name_checkpoints


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, {}),
        ({"epsilon": 0.3}, {}),
        ({"epsilon": 0.12345}, {"epsilon": 0.12345}),
        ({"steps": 7, "epsilon": 0.2, "restarts": 1}, {"epsilon": 0.2, "steps": 7}),
    ],
)
def test_only_what_differs_from_the_attack_is_kept(
    given: dict[str, float], kept: dict[str, float]
) -> None:
    spec = replace(SPEC, attack="pgd", parameters=tuple(given.items()))
    assert spec.parameters == tuple(kept.items())
    assert AttackedSpec.from_dict(spec.as_dict()) == spec


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"n": 9}, "n must be 10 to 1000 images, got 9"),
        ({"n": MAX_IMAGES + 1}, "n must be 10 to 1000 images, got 1001"),
        ({"n": 20.0}, "n must be a whole number"),
        ({"split": "all"}, "unknown split 'all'"),
        ({"attack": "magic"}, "unknown attack 'magic'"),
        ({"parameters": (("epsilon", -1),)}, "epsilon must be at least 0"),
        ({"parameters": (("colour", 1),)}, "fgsm has no parameter"),
    ],
)
def test_refuses_what_cannot_be_run(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        replace(SPEC, **changes)


@pytest.mark.usefixtures("checkpoint_copy")
def test_the_fingerprint_knows_the_settings_and_the_checkpoints() -> None:
    nowhere = SPEC.fingerprint()
    assert SPEC.hashes() == {}
    name_checkpoints("1")
    assert SPEC.hashes() == {"tiny": "tiny1", "lq_vae": "lq_vae1"}
    assert replace(SPEC, defense="bit_depth").hashes() == {"tiny": "tiny1"}
    found = {SPEC.fingerprint(), replace(SPEC, seed=1).fingerprint(), nowhere}
    name_checkpoints("2")
    found |= {SPEC.fingerprint()}
    assert len(found) == 4


def test_the_manifest_names_the_shipped_checkpoints() -> None:
    assert set(replace(SPEC, classifier="a").hashes()) == {"a", "lq_vae"}
