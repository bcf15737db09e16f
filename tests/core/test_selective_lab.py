"""The command that measures a selective classifier, and what an evaluation tells of one."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from core.__main__ import main
from core.analysis import selective_measures
from core.analysis.selective_bench import Bench, Row
from core.analysis.selective_file import stored_measured
from core.checkpoints import find_row, load_classifier, save_checkpoint, write_row
from core.data import dataset_state
from core.evaluation import Evaluation, Specification, evaluate
from core.models.gm_vae import GmVae
from core.selective import STATISTICS, PaperJoint, Statistics
from core.types import LabError


@pytest.fixture
def stored(checkpoint_copy: Path) -> Path:
    """An untrained mixture that accepts about half of everything."""
    arguments = {"widths": [4, 8], "hidden": 16}
    row = {
        "dataset": "mnist",
        "name": "gm_vae",
        "model": "gm_vae",
        "arguments": arguments,
        "training": {"recipe": {"objective": "gm_vae"}},
    }
    with torch.random.fork_rng():
        torch.manual_seed(0)
        saved = save_checkpoint(GmVae(widths=(4, 8), hidden=16), row)
    found = Statistics(variance=0.08, error_mean=150.0, error_deviation=20.0, n=10)
    write_row(replace(saved, figures={STATISTICS: found.as_dict()}))
    return checkpoint_copy


def run(*arguments: str) -> int:
    return main(["selective", *arguments, "--n", "8"])


@pytest.mark.usefixtures("stored")
def test_a_subject_is_measured_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("clean") == 0
    assert "wrote" in capsys.readouterr().out
    found = stored_measured("mnist", "gm_vae", "clean")
    assert found is not None
    assert found.complete
    assert not found.outdated
    assert found.about.n == 8
    assert found.rows[0]["without"]["rejected"] == 0
    assert run("clean") == 0
    assert "clean of gm_vae is up to date" in capsys.readouterr().out


def test_a_stopped_run_goes_on_to_the_same_file(
    stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.analysis.selective_attacks.FOOLING", 2)
    monkeypatch.setattr("core.analysis.selective_attacks.PAPER", PaperJoint(steps=2))
    assert run("fooling", "--name", "gm_vae") == 0
    path = stored / "results" / "selective" / "mnist-gm_vae-fooling.json"
    whole = path.read_bytes()
    content = json.loads(whole)
    content["rows"], content["complete"] = content["rows"][:9], False
    path.write_text(json.dumps(content))
    fooling = selective_measures.MEASURES["fooling"]
    asked: list[Mapping[str, Any]] = []

    def counting(bench: Bench, job: Mapping[str, Any]) -> Row:
        asked.append(job)
        return fooling.row(bench, job)

    changed = {"fooling": replace(fooling, row=counting)}
    monkeypatch.setattr("core.selective_lab.MEASURES", changed)
    assert run("fooling") == 0
    assert asked == [{"target": 9}]
    assert path.read_bytes() == whole


@pytest.mark.usefixtures("stored")
def test_strangers_are_noise_and_the_other_data_sets_of_its_shape() -> None:
    assert run("strangers") == 0
    found = stored_measured("mnist", "gm_vae", "strangers")
    assert found is not None
    (row,) = found.rows
    here = {"fashion_mnist"} if dataset_state("fashion_mnist").readable.get("test") else set()
    assert set(row["strangers"]) == {"noise"} | here, "CIFAR-10 has another shape"
    for told in row["strangers"].values():
        assert told["first"]["wrong"] + told["first"]["rejected"] == 8


@pytest.mark.usefixtures("stored")
def test_other_weights_limits_or_images_are_measured_anew() -> None:
    assert run("clean") == 0
    before = stored_measured("mnist", "gm_vae", "clean")
    assert main(["selective", "clean", "--n", "5"]) == 0
    found = stored_measured("mnist", "gm_vae", "clean")
    assert before is not None
    assert found is not None
    assert (before.about.n, found.about.n) == (8, 5)
    row = find_row("mnist", "gm_vae")
    moved = Statistics(variance=0.08, error_mean=100.0, error_deviation=20.0, n=10)
    write_row(replace(row, figures={STATISTICS: moved.as_dict()}))
    assert found.outdated, "its limits are no longer the usual ones"
    assert main(["selective", "clean", "--n", "5"]) == 0
    again = stored_measured("mnist", "gm_vae", "clean")
    assert again is not None
    assert again.thresholds["output"] == 170, "other limits"
    write_row(replace(row, sha256="00"))
    assert found.outdated


@pytest.mark.usefixtures("stored")
def test_what_is_no_selective_classifier_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("clean", "--name", "gm_vae_semi") == 2
    assert "python -m core train gm_vae_semi" in capsys.readouterr().err
    assert run("clean", "--dataset", "nope") == 2


@pytest.mark.usefixtures("stored")
def test_an_evaluation_tells_who_was_rejected() -> None:
    spec = Specification(
        dataset="mnist",
        classifier="gm_vae",
        defense="bit_depth",
        attack="fgsm",
        parameters=(("epsilon", 0.3),),
        split="validation",
        n=16,
    )
    found = evaluate(spec)
    assert list(found.selected) == ["clean", "clean_defended", "attacked", "robust"]
    for each in found.selected.values():
        assert each.right + each.wrong + each.rejected == 16
    assert found.selected["clean"] != found.selected["attacked"]
    assert Evaluation.from_dict(json.loads(json.dumps(found.as_dict()))) == found
    plain = replace(found, selected={})
    assert "selected" not in plain.as_dict(), "what was measured before keeps its form"


@pytest.mark.usefixtures("stored")
def test_the_nearest_mean_is_a_classifier_of_its_own() -> None:
    images = torch.rand((2, 1, 28, 28), generator=torch.Generator().manual_seed(0))
    logits = load_classifier("mnist", "gm_vae")(images)
    assert logits.shape == (2, 10)
    assert logits.amax() <= 0, "minus squared distances"
    with pytest.raises(LabError, match="there is no checkpoint 'nope'"):
        load_classifier("mnist", "nope")
