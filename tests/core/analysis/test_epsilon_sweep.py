from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.analysis import AttackedSpec, StrengthSweep, find_sweep, keep_sweep, make_sweep
from core.analysis.epsilon_sweep import strengths_of
from core.analysis.storage import CACHE_VARIABLE, read_arrays, write_arrays
from core.analysis.sweep_file import load_sweep, save_sweep, shipped_sweep
from core.defenses import BitDepth
from core.types import Cancelled, LabError, Purifier, Step
from tests.core.analysis import tiny_run
from tests.core.analysis.tiny_run import SPEC, N, attacked, classifier, images, labels

DEEPFOOL = replace(SPEC, attack="deepfool", parameters=())


def sweep(spec: AttackedSpec = SPEC, purifier: Purifier | None = None) -> StrengthSweep:
    return make_sweep(spec, classifier, purifier or tiny_run.purifier(), images(), labels())


@pytest.mark.parametrize(
    ("attack", "expected"),
    [
        ("fgsm", (0, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)),
        ("pgd_l2", (0, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 7, 8, 10)),
        ("cw", (0, 0.5, 1, 1.5, 2, 3)),
        ("jsma", (0, 0.5, 1, 1.5, 2, 3)),
    ],
)
def test_the_strengths_follow_from_the_attack(attack: str, expected: tuple[float, ...]) -> None:
    spec = replace(SPEC, attack=attack, parameters=())
    assert strengths_of(spec) == pytest.approx(expected)


@pytest.mark.parametrize("epsilon", [0.12, 0.7])
def test_the_strength_of_the_run_itself_is_among_them(epsilon: float) -> None:
    spec = replace(SPEC, parameters=(("epsilon", epsilon),))
    strengths = strengths_of(spec)
    assert len(strengths) == 13
    assert list(strengths) == sorted(strengths)
    found = sweep(spec)
    assert found.strengths[found.own] == epsilon


@pytest.mark.parametrize("spec", [SPEC, DEEPFOOL])
@pytest.mark.parametrize("noisy", [False, True])
def test_at_its_own_strength_it_is_the_run_itself(spec: AttackedSpec, noisy: bool) -> None:
    purifier = tiny_run.noisy_purifier() if noisy else tiny_run.purifier()
    run = attacked(purifier, attack=spec.attack, parameters=spec.parameters)
    found = sweep(spec, purifier)
    own = found.own
    assert found.kind == ("epsilon" if spec is SPEC else "stretch")
    assert found.bits == run.code_size
    np.testing.assert_array_equal(found.flips_at(own), run.flips)
    np.testing.assert_array_equal(found.right_bare[own], run.said_adversarial == run.labels)
    np.testing.assert_array_equal(found.right_defended[own], run.said_purified == run.labels)
    np.testing.assert_allclose(found.l2[own], run.l2, rtol=1e-5)


@pytest.mark.parametrize("spec", [SPEC, DEEPFOOL])
def test_strength_zero_changes_nothing(spec: AttackedSpec) -> None:
    found = sweep(spec)
    assert found.strengths[0] == 0
    assert not found.flips_at(0).any()
    assert not found.l2[0].any()
    assert found.accuracy(defended=False)[0].correct == N - 3
    clean = classifier(tiny_run.purifier()(images())).argmax(1) == labels()
    assert found.accuracy(defended=True)[0].correct == int(clean.sum())


def test_more_strength_goes_further() -> None:
    for spec in (SPEC, DEEPFOOL):
        lengths = sweep(spec).mean_l2()
        assert (np.diff(lengths) > 0).all()
    assert sweep().accuracy(defended=False)[-1].correct < N - 3


def test_figures_of_some_of_the_images() -> None:
    found = sweep()
    chosen = np.zeros(N, bool)
    chosen[[0, 5, 7]] = True
    for point, accuracy in enumerate(found.accuracy(defended=True, chosen=chosen)):
        assert accuracy.n == 3
        assert accuracy.correct == sum(found.right_defended[point, place] for place in (0, 5, 7))
    np.testing.assert_allclose(found.mean_l2(chosen), found.l2[:, [0, 5, 7]].mean(1), rtol=1e-6)


def test_a_defense_without_a_code_has_accuracies_alone() -> None:
    found = sweep(replace(SPEC, defense="bit_depth"), BitDepth(bits=1))
    assert (found.flips, found.bits) == (None, 0)
    assert len(found.accuracy(defended=True)) == len(found.strengths)
    with pytest.raises(ValueError, match="bit_depth has no code"):
        found.flips_at(0)


@pytest.mark.parametrize("spec", [SPEC, DEEPFOOL])
def test_progress_only_grows_and_can_be_ended(spec: AttackedSpec) -> None:
    steps: list[Step] = []
    make_sweep(spec, classifier, tiny_run.purifier(), images(), labels(), steps.append)
    done = [step.index / step.of for step in steps]
    assert done == sorted(done)
    assert done[-1] == 1

    def stop(_: Step) -> None:
        raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        make_sweep(spec, classifier, tiny_run.purifier(), images(), labels(), stop)


def test_wants_as_many_images_as_it_says() -> None:
    with pytest.raises(LabError, match="expected the first 40 images"):
        make_sweep(SPEC, classifier, tiny_run.purifier(), images()[:12], labels()[:12])


@pytest.mark.parametrize("coded", [True, False])
def test_a_sweep_comes_back_as_it_was(tmp_path: Path, coded: bool) -> None:
    made = sweep() if coded else sweep(replace(SPEC, defense="bit_depth"), BitDepth(bits=1))
    save_sweep(made, tmp_path / "sweep.npz")
    found = load_sweep(tmp_path / "sweep.npz")
    for name in ("spec", "kind", "bits", "hashes"):
        assert getattr(found, name) == getattr(made, name)
    for name in ("strengths", "flips", "right_bare", "right_defended", "l2"):
        np.testing.assert_array_equal(getattr(found, name), getattr(made, name))


@pytest.mark.parametrize("change", [{"flips": np.zeros((2, N), np.int16)}, {"right_bare": None}])
def test_a_sweep_that_does_not_fit_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "sweep.npz"
    save_sweep(sweep(), path)
    arrays, meta = read_arrays(path)
    write_arrays(path, {k: v for k, v in (arrays | change).items() if v is not None}, meta)
    with pytest.raises(LabError, match=r"sweep\.npz is missing or damaged"):
        load_sweep(path)


@pytest.mark.parametrize("shipped", [True, False])
def test_a_stored_sweep_is_found_until_a_checkpoint_changes(
    shipped: bool, checkpoint_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    tiny_run.name_checkpoints()
    assert find_sweep(SPEC) is None
    made = sweep()
    if shipped:
        save_sweep(made, shipped_sweep(SPEC))
    else:
        keep_sweep(made)
    assert find_sweep(SPEC) is not None
    assert find_sweep(replace(SPEC, seed=2)) is None
    tiny_run.name_checkpoints("2")
    assert find_sweep(SPEC) is None
