"""What is told of a selective classifier: curves with known answers, every subject on a toy."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.analysis.selective_bench import Bench
from core.analysis.selective_curves import Found, errors_at, risk_coverage, roc
from core.analysis.selective_file import (
    Measured,
    Subject,
    measured_file,
    store_measured,
    stored_measured,
)
from core.analysis.selective_measures import MEASURES
from core.evaluation.selected import Selected
from core.selective import PaperJoint, Thresholds
from core.types import LabError
from tests.core.selective.toy import picture, pictures, toy


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The toy and its pictures, attacked in few steps."""
    attacks = "core.analysis.selective_attacks"
    monkeypatch.setattr(f"{attacks}.FOOLING", 3)
    monkeypatch.setattr(f"{attacks}.STEPS", 3)
    monkeypatch.setattr(f"{attacks}.PAPER", PaperJoint(steps=3))
    images, labels = pictures()
    return Bench(classifier=toy(), images=images, labels=labels, pool=(images, labels))


def test_risk_falls_where_the_scores_know_the_mistakes() -> None:
    scores = np.array([0.1, 0.2, 0.3, 0.4])
    right = np.array([True, True, True, False])
    curve = risk_coverage(scores, right)
    assert list(curve.coverage) == [0.25, 0.5, 0.75, 1]
    assert list(curve.risk) == [0, 0, 0, 0.25]
    assert curve.area == pytest.approx(1 / 16)
    blind = risk_coverage(scores, right[::-1])
    assert blind.risk == pytest.approx((1, 0.5, 0.33333, 0.25))
    with pytest.raises(ValueError, match="at least one image"):
        risk_coverage(scores[:0], right[:0])


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    scores = np.linspace(0, 1, 5_000)
    curve = risk_coverage(scores, np.arange(5_000) < 4_000)
    assert len(curve.coverage) == 200
    assert curve.coverage[0] == pytest.approx(1 / 5_000)
    assert (curve.coverage[-1], curve.risk[-1]) == (1, 0.2)


def test_a_score_that_tells_attacks_apart_has_all_the_area() -> None:
    clean, attacked = np.array([0.1, 0.2, 0.3]), np.array([0.4, 0.5])
    assert roc(clean, attacked).area == 1
    assert roc(attacked, clean).area == 0
    right = np.array([False, False])
    assert errors_at(clean, attacked, right, (0.0, 0.5)) == {0.0: 0, 0.5: 0}
    assert errors_at(attacked, clean, np.array([False, True, False]), (0.0,)) == {0.0: 2}


def test_scores_are_in_units_of_the_limits() -> None:
    found = Found(
        nearest=np.array([5.0, 20.0]), errors=np.array([3.0, 1.0]), right=np.array([True, True])
    )
    scores = found.scores(Thresholds(latent=10, output=2))
    assert {name: values.tolist() for name, values in scores.items()} == {
        "latent": [0.5, 2],
        "output": [1.5, 0.5],
        "both": [1.5, 2],
    }
    with pytest.raises(ValueError, match="above 0 and below infinity"):
        found.scores(Thresholds(latent=0, output=math.inf))


def test_right_wrong_and_rejected_are_everybody(bench: Bench) -> None:
    row, _ = bench.judged(bench.images)
    for limits in ((None, None), (0, 0), (math.inf, math.inf), (0, math.inf)):
        classifier = toy(latent=limits[0], output=limits[1])
        row, _ = replace(bench, classifier=classifier).judged(bench.images)
        for name in ("without", "selected"):
            found = Selected.from_dict(row[name])
            shares = (found.accuracy.value, found.error.value, found.rejection.value)
            assert sum(shares) == pytest.approx(1)
            assert found.as_dict() == row[name]
    everybody = Selected(right=0, wrong=0, rejected=8)
    assert everybody.risk is None, "nothing is answered, so nothing is at risk"
    assert Selected(right=3, wrong=1, rejected=4).risk == 0.25
    with pytest.raises(ValueError, match="counts of at least one image"):
        Selected(right=0, wrong=0, rejected=0)


@pytest.mark.parametrize("epsilon", [0.0, 0.3])
@pytest.mark.parametrize("limits", [(None, None), (0, 0), (math.inf, math.inf), (None, 0.5)])
def test_both_looks_are_the_answers_and_what_the_second_makes_of_the_rest(
    bench: Bench, limits: tuple[float | None, float | None], epsilon: float
) -> None:
    strict = replace(bench, classifier=toy(latent=limits[0], output=limits[1]))
    row = MEASURES["reclassified"].row(strict, {"epsilon": epsilon})
    images = strict.attacked("fgsm", {"epsilon": epsilon}) if epsilon else strict.images
    first = Selected.from_dict(strict.judged(images)[0]["selected"])
    both, everyone = (Selected.from_dict(row[name]) for name in ("both_looks", "unchosen"))
    assert row["rejected"] == first.rejected
    assert both.n == everyone.n == len(images)
    assert both.rejected == everyone.rejected == 0
    if first.rejected:
        assert list(row["searches"]) == ["error", "near"]
        again = Selected.from_dict(row["searches"]["near"])
        assert both.right == first.right + again.right
        assert again.n == first.rejected
    else:
        assert both == first
        assert "searches" not in row
    if first.rejected == len(images):
        assert row["both_looks"] == row["unchosen"] == row["searches"]["near"]


@pytest.mark.parametrize("subject", MEASURES)
def test_every_subject_measures_its_first_and_last_job(subject: str, bench: Bench) -> None:
    measure = MEASURES[subject]
    jobs = measure.jobs(4)
    assert measure.title
    assert measure.row(bench, jobs[0]) == measure.row(bench, jobs[0]), "a seed gives the same"
    for job in (jobs[0], jobs[-1]):
        row = measure.row(bench, job)
        told = {**row, **row.get("searches", {})}
        for name in ("without", "selected", "rejecting", "error", "near"):
            if name in told:
                found = Selected.from_dict(told[name])
                assert found.right + found.wrong + found.rejected == found.n


def test_whoever_answers_a_stranger_is_wrong(bench: Bench) -> None:
    """What is one of its classes stands in for one that is taken for it."""
    grey = picture(0.5, 0.5, 0.5, 0.5)
    kinds = {"known": bench.images, "grey": grey.repeat(3, 1, 1, 1)}
    row = MEASURES["strangers"].row(replace(bench, strangers=lambda: kinds), {})["strangers"]
    assert row["known"]["first"]["wrong"] == 8
    assert "searches" not in row["known"], "nobody was rejected"
    assert row["grey"]["first"]["rejected"] == 3
    assert row["grey"]["first"]["accuracy"]["correct"] == 0
    assert {name: told["rejected"] for name, told in row["grey"]["searches"].items()} == {
        "error": 3,
        "near": 3,
    }
    assert MEASURES["strangers"].row(bench, {}) == {"strangers": {}}


def test_a_joint_attack_counts_what_it_breaks(bench: Bench) -> None:
    wide = replace(bench, classifier=toy(latent=math.inf, output=math.inf))
    row = MEASURES["joint"].row(wide, {"norm": "linf", "epsilon": 0.9})
    assert row["selected"]["wrong"] == 8
    assert sum(row["broken_by"].values()) == 8


def test_both_looks_lose_what_either_attack_takes(bench: Bench) -> None:
    """A first look that accepts everything is what the joint attack has to get past."""
    second_look = MEASURES["second_look"].row
    clean = second_look(bench, {"norm": "linf", "epsilon": 0.0})
    assert [clean[half][name]["right"] for half in ("alone", "both") for name in clean[half]] == [
        8
    ] * 4
    assert "first" not in clean
    job = {"norm": "linf", "epsilon": 0.6}
    row = second_look(bench, job)
    assert row["first"]["right"] == 8, "what is half way is rejected"
    assert row["alone"]["error"]["right"] == row["both"]["error"]["right"] == 0
    trusting = replace(bench, classifier=toy(latent=math.inf, output=math.inf))
    assert second_look(trusting, job)["first"]["right"] == 0
    small = second_look(bench, {**job, "epsilon": 0.3})
    assert small["alone"]["error"]["right"] == small["both"]["error"]["right"] == 8


def test_a_class_without_images_is_told_as_such(bench: Bench) -> None:
    alone = replace(bench, images=bench.images[:1], labels=bench.labels[:1])
    assert MEASURES["paper_joint"].row(alone, {"origin": 2}) == {"images": 0}


@pytest.fixture
def measured() -> Measured:
    return Measured(
        about=Subject(subject="sweep", dataset="mnist", name="gm_vae", n=8),
        thresholds={"latent": 26.9, "output": 30.0},
        sha256="ab",
        rows=({"epsilon": 0.1, "selected": {"right": 1}}, {"epsilon": 0.2}),
        complete=False,
    )


@pytest.mark.usefixtures("checkpoint_copy")
def test_what_is_stored_is_read_again(measured: Measured) -> None:
    assert stored_measured("mnist", "gm_vae", "sweep") is None
    path = store_measured(measured)
    found = stored_measured("mnist", "gm_vae", "sweep")
    assert found is not None
    assert vars(found) == vars(measured)
    before = path.read_bytes()
    store_measured(found)
    assert path.read_bytes() == before
    path.write_text(path.read_text()[:-20])
    with pytest.raises(LabError, match="damaged"):
        stored_measured("mnist", "gm_vae", "sweep")


def test_every_file_has_its_place(checkpoint_copy: Path) -> None:
    path = measured_file("mnist", "gm_vae_semi", "clean")
    assert path == checkpoint_copy / "results" / "selective" / "mnist-gm_vae_semi-clean.json"
