"""Stored checks come back as they were, and stale or damaged ones are not believed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.analysis.attacked_spec import AttackedSpec
from core.analysis.sanity import check_quantizer
from core.analysis.sanity_file import (
    DEFAULT,
    find_sanity,
    make_sanity,
    read_sanity,
    stored_file,
    write_sanity,
)
from core.analysis.sanity_report import Sanity
from core.defenses import BitDepth
from core.types import LabError
from tests.core.analysis.broken import SPEC, images, labels, pipeline
from tests.fakes import write_checkpoints


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint folder with the rows a and lq_vae, and an empty cache."""
    monkeypatch.setenv("LQVAE_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("LQVAE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "checkpoints").mkdir()
    write_checkpoints(tmp_path / "checkpoints")
    return tmp_path / "checkpoints"


@pytest.fixture
def sanity(folder: Path) -> Sanity:
    return check_quantizer(SPEC, pipeline(), images(), labels())


def test_what_is_written_is_read(sanity: Sanity, tmp_path: Path) -> None:
    write_sanity(sanity, tmp_path / "one.json")
    assert read_sanity(tmp_path / "one.json") == sanity


def test_without_a_code_too(folder: Path, tmp_path: Path) -> None:
    subject = replace(pipeline(), purifier=BitDepth(bits=1))
    sanity = check_quantizer(SPEC, subject, images(), labels())
    write_sanity(sanity, tmp_path / "one.json")
    assert read_sanity(tmp_path / "one.json") == sanity


def test_shipped_checks_are_found_for_the_same_weights_only(sanity: Sanity) -> None:
    assert find_sanity(SPEC) is None
    write_sanity(sanity, stored_file(SPEC))
    assert find_sanity(SPEC) == sanity
    assert find_sanity(replace(SPEC, seed=1)) is None
    write_sanity(replace(sanity, hashes={"lq_vae": "another"}), stored_file(SPEC))
    assert find_sanity(SPEC) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:100],
        lambda text: text.replace('"format":1', '"format":0'),
        lambda text: text.replace('"checks"', '"cheques"'),
        lambda text: "[]",
        lambda text: json.dumps({**json.loads(text), "points": [{"epsilon": "much"}]}),
    ],
    ids=["truncated", "older", "renamed", "no object", "no number"],
)
def test_damage_is_said(sanity: Sanity, damage: object) -> None:
    path = stored_file(SPEC)
    write_sanity(sanity, path)
    assert callable(damage)
    path.write_text(damage(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(LabError, match=rf"{path.name} is missing or damaged"):
        find_sanity(SPEC)


def test_checks_made_here_are_kept(folder: Path) -> None:
    made = make_sanity(SPEC, pipeline(), images(), labels())
    assert find_sanity(SPEC) == made
    assert not stored_file(SPEC).exists()


def shipped() -> list[AttackedSpec]:
    """Defenses with stored checks, in the folder that ships."""
    files = sorted(stored_file(DEFAULT).parent.glob("sanity-*.json"))
    return [read_sanity(path).spec for path in files]


@pytest.mark.parametrize("spec", shipped(), ids=lambda spec: str(spec.defense))
def test_stored_checks_belong_to_the_shipped_weights(spec: AttackedSpec) -> None:
    found = find_sanity(spec)
    assert found is not None
    assert replace(spec, defense=DEFAULT.defense) == DEFAULT
    assert found.points[0].bare.n == spec.n
