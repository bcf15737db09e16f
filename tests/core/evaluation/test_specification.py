import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

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
from core.evaluation.diagnostics import UNCHECKED
from core.evaluation.specification import Draws
from core.types import LabError

SPECIFICATION = Specification(
    dataset="mnist",
    classifier="a",
    defense="lq_vae",
    attack="pgd",
    parameters=(("epsilon", 0.1), ("steps", 40)),
    threat="adaptive",
    n=500,
)
TRANSFER = replace(SPECIFICATION, threat="transfer", substitute="b")
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
    warnings=("One warning.",),
    attack_ms=12.5,
    measured="2026-01-01T00:00:00+00:00",
)


def test_results_survive_the_file(checkpoint_copy: Path) -> None:
    path = store_results("mnist-test", [EVALUATION])
    assert stored_results("mnist-test") == (EVALUATION,)
    transfer = replace(EVALUATION, specification=TRANSFER)
    chosen = replace(EVALUATION, specification=replace(SPECIFICATION, surrogates=("identity",)))
    store_results("mnist-other", [transfer, chosen])
    assert stored_results("mnist-other") == (transfer, chosen)
    row = json.loads(path.read_text())["evaluations"][0]
    assert row["robust"]["low"] < row["robust"]["value"] < row["robust"]["high"]
    assert stored_results("mnist-none") == ()


def test_a_rerun_writes_the_same_file(checkpoint_copy: Path) -> None:
    """When and how fast is kept beside it, not in it."""
    first = store_results("mnist-test", [EVALUATION]).read_bytes()
    again = replace(EVALUATION, attack_ms=99.0, measured="2026-02-02T00:00:00+00:00")
    assert store_results("mnist-test", [again]).read_bytes() == first
    assert stored_results("mnist-test")[0].attack_ms == 99.0
    (results_folder() / "times" / "mnist-test.json").unlink()
    assert stored_results("mnist-test")[0].attack_ms is None


def test_results_of_other_weights_are_examined(
    checkpoint_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_results("mnist-test", [EVALUATION])
    row = {"dataset": "mnist", "model": "a", "file": "a", "size": 1}
    rows = [{**row, "name": "a", "sha256": "01"}, {**row, "name": "b", "sha256": "00"}]
    (checkpoint_copy / "manifest.json").write_text(json.dumps({"checkpoints": rows}))
    (evaluation,) = stored_results("mnist-test")
    assert evaluation.warnings == (
        "One warning.",
        "Measured on other weights of a than the present ones: measure it again.",
    )


def test_a_full_disk_is_said(checkpoint_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store_results("mnist-test", [EVALUATION])

    def full(*arguments: object, **named: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(LabError, match=r"No space left.*finished cells are kept"):
            store_results("mnist-test", [replace(EVALUATION, mean_l2=9.0)])
    assert stored_results("mnist-test") == (EVALUATION,)


def test_damaged_results_are_said(checkpoint_copy: Path) -> None:
    results_folder().mkdir()
    (results_folder() / "mnist-test.json").write_text('{"evaluations": [{}]}')
    with pytest.raises(LabError, match=r"mnist-test\.json are damaged.*git checkout"):
        stored_results("mnist-test")


def test_the_fingerprint_knows_settings_and_weights() -> None:
    base = SPECIFICATION.fingerprint({"a": "00"})
    assert replace(SPECIFICATION, draws=8).fingerprint({"a": "00"}) != base
    assert TRANSFER.fingerprint({"a": "00"}) != base
    assert base == SPECIFICATION.fingerprint({"a": "00"})
    assert base != SPECIFICATION.fingerprint({"a": "01"})
    changed = Specification.from_dict({**SPECIFICATION.as_dict(), "seed": 1})
    assert base != changed.fingerprint({"a": "00"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"threat": "magic"}, "unknown threat 'magic'; choose from oblivious, transfer, adaptive"),
        ({"n": 0}, "n must be at least 1"),
        ({"attack": None}, "an adaptive evaluation needs a defense and an attack"),
        ({"threat": "transfer"}, "a transfer evaluation, and no other, needs a substitute"),
        ({"substitute": "b"}, "a transfer evaluation, and no other, needs a substitute"),
        ({"threat": "transfer", "substitute": "a"}, "must be another classifier than 'a'"),
        ({"threat": "oblivious", "draws": 8}, "only an adaptive attacker chooses"),
        ({"threat": "oblivious", "checked": False}, "only an adaptive attacker chooses"),
        ({"draws": 0}, "draws and resubmissions must be at least 1, got 0 and 8"),
        ({"resubmissions": 0}, "draws and resubmissions must be at least 1, got 1 and 0"),
        ({"surrogates": ()}, "surrogates must name at least one view"),
    ],
)
def test_impossible_specifications(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Specification.from_dict({**SPECIFICATION.as_dict(), **change})


@pytest.mark.parametrize("dataset", ["mnist", "fashion_mnist", "cifar10"])
@pytest.mark.parametrize("suite", SUITES)
def test_every_cell_of_a_suite_can_be_built(suite: str, dataset: str) -> None:
    cells = SUITES[suite](dataset)
    assert len(set(cells)) == len(cells)
    for cell in cells:
        assert cell.defense in (None, *DEFENSES)
        if cell.attack is not None:
            make_attack(cell.attack, **dict(cell.parameters))


def test_the_usual_settings_are_measured_once() -> None:
    usual = {one for one in SUITES["attenuation"]("mnist") if not one.settings}
    assert usual <= set(SUITES["levels"]("mnist"))
    assert {one.attack for one in usual} == {"fgsm", "pgd"}


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


def test_files_with_earlier_names_are_read() -> None:
    written = EVALUATION.as_dict()
    assert "defense" in written["specification"]
    assert written["warnings"] == ("One warning.",)
    earlier = {**written, "doubts": written.pop("warnings")}
    earlier["doubts"] = [*earlier["doubts"], "This figure was not searched for doubts."]
    spec = dict(written["specification"])
    spec["defence"] = spec.pop("defense")
    if "checked" in spec:
        spec["doubted"] = spec.pop("checked")
    found = Evaluation.from_dict({**earlier, "specification": spec})
    assert found.specification == EVALUATION.specification
    assert found.warnings == ("One warning.", UNCHECKED)


def test_a_random_defense_is_scored_in_three_ways_and_the_worst_counts() -> None:
    right = torch.tensor([[1, 1, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]]).bool()
    draws = Draws.counted(right)
    assert (draws.n, draws.one.correct, draws.majority.correct, draws.worst.correct) == (3, 3, 3, 2)
    assert Draws.from_dict(draws.as_dict()) == draws
    stored = replace(EVALUATION, robust=draws.worst, draws=draws)
    assert Evaluation.from_dict(stored.as_dict()) == stored
    assert "draws" not in EVALUATION.as_dict(), "only where there is something to draw"
