"""Cells measured on real weights and the bundled images, with the cheapest of everything."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.checkpoints import find_row
from core.data import load_dataset
from core.evaluation import (
    Evaluation,
    Specification,
    check,
    command_for,
    evaluate,
    markdown_table,
    measure_all,
    right_under,
)
from core.evaluation.diagnostics import UNCHECKED
from core.evaluation.keeping import Keeping
from core.types import Cancelled, LabError, Step

FGSM = Specification(
    dataset="mnist",
    classifier="b",
    defense="bit_depth",
    attack="fgsm",
    parameters=(("epsilon", 0.3),),
    split="validation",
    n=40,
)
ADAPTIVE = replace(
    FGSM, attack="pgd", parameters=(("epsilon", 0.3), ("steps", 2)), threat="adaptive", n=8
)


def timeless(evaluation: Evaluation) -> Evaluation:
    return replace(evaluation, attack_ms=None, purify_ms=None, measured="")


def test_a_cell_has_its_records_and_hashes() -> None:
    evaluation = evaluate(FGSM)
    assert evaluation.hashes == {"b": find_row("mnist", "b").sha256}
    assert list(evaluation.outcomes) == ["clean", "clean_defended", "attacked", "robust"]
    assert evaluation.robust is not None
    assert int(right_under(evaluation).sum()) == evaluation.robust.correct
    assert evaluation.mean_linf == pytest.approx(0.3, abs=1e-3)
    assert timeless(evaluate(FGSM)) == timeless(evaluation), "the same seed, the same figures"


def test_an_adaptive_cell_is_never_better_than_an_oblivious_one() -> None:
    adaptive = evaluate(ADAPTIVE)
    oblivious = evaluate(replace(ADAPTIVE, threat="oblivious"))
    assert adaptive.robust is not None
    assert oblivious.robust is not None
    assert adaptive.robust.correct <= oblivious.robust.correct
    assert sum(adaptive.broken_by.values()) <= 8


def test_a_point_of_a_curve_is_not_searched_for_warnings_and_says_so() -> None:
    point = evaluate(replace(ADAPTIVE, checked=False))
    assert point.warnings == (UNCHECKED,)
    assert point.robust == evaluate(ADAPTIVE).robust
    assert point.attacked is not None


def test_a_defense_can_be_measured_with_other_settings(tmp_path: Path) -> None:
    fine = replace(FGSM, defense="median", settings=(("size", 1),))
    coarse = replace(fine, settings=(("size", 9),))
    cells = measure_all([fine, coarse], cache=tmp_path, jobs=1)
    kept = [cell.clean_defended for cell in cells]
    assert kept[0] is not None
    assert kept[1] is not None
    assert kept[0].correct > kept[1].correct
    assert Specification.from_dict(coarse.as_dict()) == coarse
    assert "--defense median --settings size=9 --attack fgsm" in command_for(coarse)
    assert "settings" not in FGSM.as_dict(), "what was measured before keeps its name"
    assert "Median, size 9 |" in markdown_table(cells[1:])
    with pytest.raises(LabError, match="size of median must be 1 to 9, got 99"):
        check(replace(fine, settings=(("size", 99),)))
    with pytest.raises(LabError, match="bit_depth has no setting 'size'; choose from bits"):
        check(replace(fine, defense="bit_depth"))
    with pytest.raises(ValueError, match="settings belong to a defense"):
        replace(fine, defense=None)


def test_a_transfer_is_made_on_the_substitute() -> None:
    evaluation = evaluate(replace(FGSM, threat="transfer", substitute="c"))
    own = evaluate(FGSM)
    assert evaluation.attacked is not None
    assert own.attacked is not None
    assert evaluation.attacked.correct > own.attacked.correct, "it was not made for b"
    assert set(evaluation.hashes) == {"b", "c"}
    assert evaluation.notes == ("Made on classifier C, without sight of the attacked one.",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"defense": "magic"}, "unknown defense 'magic'; choose from lq_vae"),
        ({"attack": "magic"}, "unknown attack 'magic'; choose from fgsm"),
        ({"parameters": (("steps", 3),)}, r"fgsm has no parameter \['steps'\]"),
        ({"classifier": "z"}, "there is no checkpoint 'z' for mnist"),
        ({"threat": "transfer", "substitute": "z"}, "there is no checkpoint 'z' for mnist"),
        ({"n": 5_001}, "5,001 images are more than the 5,000 of the validation split; lower n"),
        (
            {"n": 4_900, "threat": "transfer", "substitute": "papernot"},
            "4,900 images and the 150 its substitute needs are more than the 5,000",
        ),
        ({"split": "magic"}, "the 'magic' split of mnist cannot be read here"),
    ],
)
def test_bad_specifications_are_said(change: dict[str, object], message: str) -> None:
    with pytest.raises((LabError, ValueError), match=message):
        evaluate(replace(FGSM, **change))  # type: ignore[arg-type]


def test_nothing_is_computed_twice(tmp_path: Path) -> None:
    first = evaluate(FGSM, cache=tmp_path)
    (cell,) = (tmp_path / "cells").iterdir()
    written = cell.stat().st_mtime_ns
    assert evaluate(FGSM, cache=tmp_path) == first
    assert cell.stat().st_mtime_ns == written
    other = evaluate(replace(FGSM, defense="lq_vae"), cache=tmp_path)
    assert len(list((tmp_path / "crafted").iterdir())) == 1, "both face the same images"
    assert other.attack_ms == first.attack_ms, "with their time"
    cell.write_text(cell.read_text()[:100])
    assert timeless(evaluate(FGSM, cache=tmp_path)) == timeless(first), "half a file is none"


def test_a_folder_that_cannot_be_written_is_said_and_costs_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    notices: list[str] = []
    evaluation = evaluate(FGSM, cache=blocked, on_notice=notices.append)
    assert timeless(evaluation) == timeless(evaluate(FGSM))
    assert any("could not be kept" in notice for notice in notices)
    assert Keeping(blocked).text("cells", "x") is None


def test_processes_measure_what_one_measures_and_a_kill_loses_nothing(tmp_path: Path) -> None:
    cells = (FGSM, replace(FGSM, defense="lq_vae"), replace(FGSM, classifier="a", n=16))

    def stop(step: Step) -> None:
        if step.values["cells"] >= 2:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        measure_all(cells, cache=tmp_path, jobs=1, on_step=stop)
    kept = sorted((tmp_path / "cells").iterdir())
    assert len(kept) >= 2
    written = [file.stat().st_mtime_ns for file in kept]
    found = measure_all(cells, cache=tmp_path, jobs=2)
    assert [file.stat().st_mtime_ns for file in kept] == written
    assert [e.specification for e in found] == list(cells)
    assert [timeless(e) for e in found] == [timeless(evaluate(cell)) for cell in cells]


def test_a_process_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="more than the 5,000"):
        measure_all([replace(FGSM, n=6_000)], cache=tmp_path, jobs=1)


def test_the_command_of_a_cell_gives_the_cell(tmp_path: Path) -> None:
    from core.__main__ import main

    chosen = replace(ADAPTIVE, surrogates=("bare classifier", "identity"), draws=2, seed=3, n=2)
    assert command_for(chosen) == (
        "python -m core evaluate --dataset mnist --classifier b --defense bit_depth --attack pgd "
        "--set epsilon=0.3 steps=2 --threat adaptive --surrogates 'bare classifier,identity' "
        "--draws 2 --split validation --n 2 --seed 3"
    )
    out = tmp_path / "cell.json"
    import shlex

    words = shlex.split(command_for(chosen))[3:]
    assert main([*words, "--jobs", "1", "--out", str(out)]) == 0
    assert Specification.from_dict(json.loads(out.read_text())["specification"]) == chosen


def test_papernots_substitute_is_made_from_answers() -> None:
    spec = replace(FGSM, threat="transfer", substitute="papernot", n=20)
    evaluation = evaluate(spec)
    assert evaluation.attacked is not None
    assert "answers of the attacked system" in evaluation.notes[0]
    images, _ = load_dataset("mnist", "validation", count=20)
    assert torch.equal(images, load_dataset("mnist", "validation", count=170)[0][:20])


def test_a_process_that_dies_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.evaluation.parallel.sys.executable", "/bin/false")
    with pytest.raises(LabError, match=r"a measuring process ended.*finished cells are kept"):
        measure_all([FGSM], cache=tmp_path, jobs=1)


def test_behind_a_random_defense_the_worst_of_many_draws_counts() -> None:
    noisy = replace(FGSM, defense="lq_vae_noisy", n=20, resubmissions=4)
    found = evaluate(noisy)
    assert found.draws is not None
    assert found.draws.n == 4
    assert found.robust == found.draws.worst
    assert found.draws.worst.correct <= found.draws.majority.correct
    assert found.draws.worst.correct <= found.draws.one.correct
    assert int(right_under(found).sum()) == found.draws.worst.correct
    assert {"robust", "robust_one", "robust_majority"} <= set(found.outcomes)
    assert evaluate(FGSM).draws is None


def test_everything_at_once_keeps_its_images_and_is_told_what_it_did(tmp_path: Path) -> None:
    effort = (("epsilon", 0.3), ("restarts", 0), ("squares", 0), ("steps", 5), ("targets", 1))
    spec = replace(ADAPTIVE, attack="adaptive", parameters=effort, checked=False)
    found = evaluate(spec, cache=tmp_path)
    assert found.robust is not None
    kept = Keeping(tmp_path).images("adaptive", spec.fingerprint(found.hashes))
    assert kept is not None
    images, _ = load_dataset("mnist", "validation", count=8)
    assert (kept[0] - images).abs().max() <= 0.3 + 1e-6
    assert any(name.startswith("images made elsewhere") for name in found.broken_by)
