import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.analysis import Attacked, find_stored, keep_attacked, load_attacked, save_attacked
from core.analysis.attacked_file import DEFAULT_RUN, shipped_attacked
from core.analysis.storage import CACHE_VARIABLE, cached_file, read_arrays, write_arrays
from core.defenses import BitDepth
from core.types import LabError
from tests.core.analysis.tiny_run import SPEC, attacked, name_checkpoints


@pytest.fixture(autouse=True)
def places(checkpoint_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders of the test's own for results that ship and for those that are kept."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    name_checkpoints()
    return checkpoint_copy


def same(one: Attacked, other: Attacked) -> None:
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if field.name in ("latents", "bits") and a is not None:
            assert a.keys() == b.keys()
            for role in a:
                np.testing.assert_array_equal(a[role], b[role])
                assert a[role].dtype == b[role].dtype
        else:
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("coded", [True, False])
def test_a_run_comes_back_as_it_was(tmp_path: Path, coded: bool) -> None:
    made = attacked() if coded else attacked(BitDepth(bits=1), defense="bit_depth")
    save_attacked(made, tmp_path / "run.npz")
    found = load_attacked(tmp_path / "run.npz")
    same(made, found)
    np.testing.assert_array_equal(made.outcome, found.outcome)


def test_a_kept_run_is_found_until_a_checkpoint_changes() -> None:
    made = attacked()
    assert find_stored(SPEC) is None
    keep_attacked(made)
    found = find_stored(SPEC)
    assert found is not None
    same(made, found)
    assert find_stored(replace(SPEC, seed=1)) is None
    name_checkpoints("2")
    assert find_stored(SPEC) is None


def test_a_shipped_run_is_found_until_a_checkpoint_changes() -> None:
    save_attacked(attacked(), shipped_attacked(SPEC))
    assert find_stored(SPEC) is not None
    assert find_stored(replace(SPEC, n=20)) is None, "the same file name, another run"
    name_checkpoints("2")
    assert find_stored(SPEC) is None


def test_the_run_of_the_first_screen_has_a_name_of_its_own() -> None:
    assert shipped_attacked(DEFAULT_RUN).name == "default-attacked.npz"
    assert shipped_attacked(SPEC).name == "attacked-mnist-tiny-lq_vae-fgsm-epsilon0.2.npz"


def test_a_damaged_shipped_run_gives_way_to_the_kept_one() -> None:
    made = attacked()
    path = shipped_attacked(SPEC)
    save_attacked(made, path)
    spoil(path, {"labels": made.labels[:-1]}, {})
    assert find_stored(SPEC) is None
    assert path.exists(), "what ships is not ours to remove"
    keep_attacked(made)
    assert find_stored(SPEC) is not None
    kept = cached_file("attacked", f"{SPEC.fingerprint()}.npz")
    kept.write_bytes(kept.read_bytes()[:-100])
    assert find_stored(SPEC) is None
    assert not kept.exists()


@pytest.mark.parametrize(
    ("arrays", "meta"),
    [
        ({"labels": np.zeros(39, np.int64)}, {}),
        ({"clean": np.zeros((40, 8, 8), np.uint8)}, {}),
        ({"bits_noise": np.ones((40, 5), np.int8)}, {}),
        ({"latents_redrawn": None}, {}),
        ({}, {"format": 0}),
        ({}, {"spec": {"dataset": "mnist"}}),
        ({}, {"walls": 3}),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, arrays: dict[str, Any], meta: dict[str, Any]
) -> None:
    path = tmp_path / "run.npz"
    save_attacked(attacked(), path)
    spoil(path, arrays, meta)
    with pytest.raises(LabError, match=r"run\.npz is missing or damaged"):
        load_attacked(path)


def spoil(path: Path, arrays: dict[str, Any], meta: dict[str, Any]) -> None:
    """Replace some arrays, None leaving them out, and some plain values."""
    found, values = read_arrays(path)
    changed = {name: array for name, array in (found | arrays).items() if array is not None}
    write_arrays(path, changed, values | meta)


def test_the_specification_survives_json() -> None:
    text = json.dumps(SPEC.as_dict())
    assert type(SPEC).from_dict(json.loads(text)) == SPEC
