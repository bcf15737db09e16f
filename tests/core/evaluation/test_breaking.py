"""An attack on a stored figure finds what it missed, and the figure is corrected by it."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from core.data import dataset_state
from core.evaluation import Evaluation, Specification, evaluate, right_under, store_results
from core.evaluation.adaptive_column import adaptive_figures
from core.evaluation.breaking import Target, break_figure, parse_defense
from core.evaluation.results import stored_results
from core.types import LabError, Step

SHIPPED = Path(__file__).resolve().parents[3] / "checkpoints"

TARGET = Target(dataset="mnist", classifier="b", defense="bit_depth", norm="l2", epsilon=1.5, n=10)


@pytest.fixture
def weak(checkpoint_copy: Path) -> Evaluation:
    """A stored figure whose attack took one step, beside the shipped weights of B."""
    for name in ("manifest.json", "mnist-b.safetensors"):
        shutil.copy(SHIPPED / name, checkpoint_copy)
    if "test" not in dataset_state("mnist").readable:
        pytest.skip("the test split of MNIST is not on this machine")
    spec = Specification(
        dataset="mnist",
        classifier="b",
        defense="bit_depth",
        attack="pgd_l2",
        parameters=(("epsilon", 1.5), ("steps", 1)),
        threat="adaptive",
        surrogates=("identity",),
        checked=False,
        n=10,
    )
    found = replace(evaluate(spec), specification=replace(spec, surrogates=None))
    store_results("mnist-adaptive", [found])
    return found


def test_it_finds_what_a_weak_attack_missed_and_stores_it(weak: Evaluation) -> None:
    assert weak.robust is not None
    assert weak.robust.correct >= 8, "one step is no attack"
    steps: list[Step] = []
    report = break_figure(TARGET, minutes=0.2, on_step=steps.append)
    assert report.before == weak.robust
    assert report.after.correct <= report.before.correct - 5
    assert sum(report.broken_by.values()) == report.before.correct - report.after.correct
    assert steps
    (stored,) = stored_results("mnist-break")
    assert stored == replace(report.evaluation, measured=stored.measured)
    assert int(right_under(stored).sum()) == report.after.correct
    assert not (right_under(stored) & ~right_under(weak)).any(), "who had fallen stays fallen"
    (figure,) = adaptive_figures([weak, stored], least=1)
    assert figure.accuracy == report.after, "the tables show what is left now"
    again = break_figure(TARGET, minutes=0.01)
    assert again.before == report.after
    assert len(stored_results("mnist-break")) == 1


def test_a_cheaper_attack_in_the_store_corrects_a_figure(weak: Evaluation) -> None:
    oblivious = replace(
        weak.specification,
        threat="oblivious",
        attack="noise_l2",
        parameters=(("epsilon", 1.0),),
        checked=True,
    )
    everyone_falls = replace(
        weak, specification=oblivious, outcomes={"robust": "0000"}, warnings=()
    )
    (figure,) = adaptive_figures([weak, everyone_falls], least=1)
    assert figure.accuracy.correct == 0
    larger = replace(
        everyone_falls, specification=replace(oblivious, parameters=(("epsilon", 2.0),))
    )
    (figure,) = adaptive_figures([weak, larger], least=1)
    assert figure.accuracy == weak.robust, "a larger budget proves nothing about this one"


def test_figures_of_other_weights_step_back_behind_present_ones(weak: Evaluation) -> None:
    outdated = replace(
        weak,
        outcomes={"robust": "0000"},
        warnings=("Measured on other weights of b than the present ones: measure it again.",),
    )
    (figure,) = adaptive_figures([outdated, weak], least=1)
    assert figure.accuracy == weak.robust
    (figure,) = adaptive_figures([outdated], least=1)
    assert figure.accuracy.correct == 0
    assert figure.warnings, "alone it is shown, and says so"


def test_what_is_not_stored_cannot_be_broken(weak: Evaluation) -> None:
    with pytest.raises(LabError, match=r"nothing is stored of jpeg on mnist under l2 1\.5"):
        break_figure(replace(TARGET, defense="jpeg"), minutes=0.01)
    with pytest.raises(LabError, match="is about 10 images, not 50; lower --n"):
        break_figure(replace(TARGET, n=50), minutes=0.01)


def test_a_robust_classifier_is_named_as_a_defense_is() -> None:
    assert parse_defense("lq_vae", "b") == ("b", "lq_vae")
    assert parse_defense("a_pgd", "b") == ("a_pgd", None)
