"""``python -m core latent_lab`` on the tiny pipeline."""

from pathlib import Path

import numpy as np
import pytest

import core.__main__ as command_line
from core import latent_lab as command
from core.analysis import find_importance, find_stored, find_sweep, stored_flips
from core.analysis.flips_file import flips_file
from core.analysis.storage import CACHE_VARIABLE, shipped_folder
from core.types import LabError
from tests.core.analysis import tiny_run

ARGUMENTS = ("--classifier", "tiny", "--attack", "fgsm", "--set", "epsilon=0.2", "--n", "40")


@pytest.fixture(autouse=True)
def pipeline(checkpoint_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny pipeline in place of the shipped one."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv("LQVAE_DEVICE", "cpu")
    tiny_run.name_checkpoints()
    data = (tiny_run.images(), tiny_run.labels())
    monkeypatch.setattr(command, "load_classifier", lambda *_: tiny_run.classifier)
    monkeypatch.setattr(command, "load_defense", lambda *_: tiny_run.purifier())
    monkeypatch.setattr(command, "load_dataset", lambda *_, count: tuple(d[:count] for d in data))
    monkeypatch.setattr(command, "COMPARED_CLASSIFIERS", ("tiny",))
    attacks: tuple[tuple[str, dict[str, float]], ...] = (
        ("fgsm", {"epsilon": 0.2}),
        ("deepfool", {}),
    )
    monkeypatch.setattr(command, "COMPARED_ATTACKS", attacks)


def latent_lab(capsys: pytest.CaptureFixture[str], part: str) -> str:
    status = command_line.main(("latent_lab", part, *ARGUMENTS))
    printed = capsys.readouterr()
    assert status == 0, printed.err
    return printed.out


def test_all_parts_are_stored_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = latent_lab(capsys, "all")
    assert first.count("wrote") == 5
    assert sorted(file.name for file in shipped_folder().iterdir()) == [
        "attacked-mnist-tiny-lq_vae-fgsm-epsilon0.2.npz",
        "default-sweep-mnist-tiny-lq_vae-fgsm-epsilon0.2.npz",
        "flips.json",
        "importance-mnist-tiny-lq_vae.json",
    ]
    run, sweep = find_stored(tiny_run.SPEC), find_sweep(tiny_run.SPEC)
    importance = find_importance(tiny_run.SPEC)
    assert run is not None
    assert sweep is not None
    assert importance is not None
    assert importance.n == tiny_run.N
    np.testing.assert_array_equal(sweep.flips_at(sweep.own), run.flips)
    compared = {stored.spec.attack: stored for stored in stored_flips()}
    assert tuple(compared) == ("fgsm", "deepfool")
    fgsm = compared["fgsm"]
    np.testing.assert_array_equal(fgsm.flips, run.flips)
    np.testing.assert_array_equal(fgsm.right, run.said_purified == run.labels)
    np.testing.assert_array_equal(fgsm.fooled, run.said_adversarial != run.labels)
    assert fgsm.mean_l2 == pytest.approx(run.l2.mean(), abs=1e-4)
    assert (fgsm.bits, fgsm.spec) == (run.code_size, run.spec)
    for maker in ("make_attacked", "make_sweep", "bit_importance"):
        monkeypatch.setattr(command, maker, None)
    again = latent_lab(capsys, "all")
    assert "wrote" not in again
    assert again.count("up to date") == 3


def test_a_stopped_comparison_goes_on_and_other_defenses_stay(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    both = command.COMPARED_ATTACKS
    monkeypatch.setattr(command, "COMPARED_ATTACKS", both[1:])
    latent_lab(capsys, "flips")
    monkeypatch.setattr(command, "COMPARED_ATTACKS", both)
    assert latent_lab(capsys, "flips").count("wrote") == 1
    latent_lab_of = ("latent_lab", "flips", *ARGUMENTS, "--defense", "lq_vae_noisy")
    assert command_line.main(latent_lab_of) == 0
    found = [(run.spec.defense, run.spec.attack) for run in stored_flips()]
    assert found == [
        ("lq_vae", "fgsm"),
        ("lq_vae", "deepfool"),
        ("lq_vae_noisy", "fgsm"),
        ("lq_vae_noisy", "deepfool"),
    ]
    tiny_run.name_checkpoints("2")
    assert stored_flips() == ()


@pytest.mark.parametrize(
    ("part", "other"), [('{"format"', ""), ('"bits"', '"beats"'), ('"right":"', '"right":"1')]
)
def test_a_damaged_comparison_is_one_sentence(
    capsys: pytest.CaptureFixture[str], part: str, other: str
) -> None:
    latent_lab(capsys, "flips")
    text = flips_file().read_text()
    assert part in text
    flips_file().write_text(text.replace(part, other))
    with pytest.raises(LabError, match=r"flips\.json is missing or damaged"):
        stored_flips()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--n", "5"), "n must be 10 to 1000 images, got 5"),
        (("--attack", "magic"), "unknown attack 'magic'"),
        (("--set", "epsilon"), "written name=value"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    assert command_line.main(("latent_lab", "attacked", *arguments)) == 2
    assert sentence in capsys.readouterr().err


def test_several_defenses_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    status = command_line.main(
        ("latent_lab", "attacked", *ARGUMENTS, "--defense", "lq_vae,lq_vae_noisy")
    )
    assert status == 0
    assert capsys.readouterr().out.count("wrote") == 2
