import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.attacks import make_attack
from core.defenses import DEFENSES
from core.evaluation import (
    SUITES,
    Accuracy,
    Evaluation,
    Specification,
    markdown_table,
    markdown_tables,
    results_folder,
    store_results,
    stored_results,
)
from core.types import LabError

SPECIFICATION = Specification(
    dataset="mnist",
    classifier="a",
    defence="lq_vae",
    attack="pgd",
    parameters=(("epsilon", 0.1), ("steps", 40)),
    threat="adaptive",
    n=500,
)
EVALUATION = Evaluation(
    specification=SPECIFICATION,
    clean=Accuracy(correct=499, n=500),
    clean_defended=Accuracy(correct=490, n=500),
    attacked=Accuracy(correct=0, n=500),
    robust=Accuracy(correct=400, n=500),
    mean_l2=2.5,
    mean_linf=0.1,
    broken_by={"identity": 100},
    hashes={"a": "00"},
    doubts=("One doubt.",),
)


def test_results_survive_the_file(checkpoint_copy: Path) -> None:
    path = store_results("mnist-test", [EVALUATION])
    assert stored_results("mnist-test") == (EVALUATION,)
    row = json.loads(path.read_text())["evaluations"][0]
    assert row["robust"]["low"] < row["robust"]["value"] < row["robust"]["high"]
    assert stored_results("mnist-none") == ()


def test_damaged_results_are_said(checkpoint_copy: Path) -> None:
    results_folder().mkdir()
    (results_folder() / "mnist-test.json").write_text('{"evaluations": [{}]}')
    with pytest.raises(LabError, match=r"mnist-test\.json are damaged.*git checkout"):
        stored_results("mnist-test")


def test_the_fingerprint_knows_settings_and_weights() -> None:
    base = SPECIFICATION.fingerprint({"a": "00"})
    assert base == SPECIFICATION.fingerprint({"a": "00"})
    assert base != SPECIFICATION.fingerprint({"a": "01"})
    changed = Specification.from_dict({**SPECIFICATION.as_dict(), "seed": 1})
    assert base != changed.fingerprint({"a": "00"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"threat": "magic"}, "unknown threat 'magic'; choose from oblivious, adaptive"),
        ({"n": 0}, "n must be at least 1"),
        ({"attack": None}, "an adaptive evaluation needs a defence and an attack"),
    ],
)
def test_impossible_specifications(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Specification.from_dict({**SPECIFICATION.as_dict(), **change})


@pytest.mark.parametrize("suite", SUITES)
def test_every_cell_of_a_suite_can_be_built(suite: str) -> None:
    cells = SUITES[suite]("mnist")
    assert len(set(cells)) == len(cells)
    for cell in cells:
        assert cell.defence in DEFENSES
        if cell.attack is not None:
            make_attack(cell.attack, **dict(cell.parameters))


def test_a_table_reads_bare_then_defended() -> None:
    lines = markdown_table([EVALUATION]).splitlines()
    assert lines[0] == "| attack | behind | A |"
    assert lines[2] == "| PGD 0.1, adaptive | LQ-VAE | 0.0 → 80.0 (76.3–83.3) |"
    fewer = replace(EVALUATION, specification=replace(SPECIFICATION, n=10))
    with pytest.raises(ValueError, match="measured on the same images"):
        markdown_table([EVALUATION, fewer])
    both = markdown_tables([EVALUATION, fewer])
    assert "The first 10 images of the test split:" in both
    assert both.count("| attack | behind | A |") == 2
