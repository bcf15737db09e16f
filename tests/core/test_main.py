"""The command line, with tiny data and short runs of real recipes."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import core.__main__ as command_line
from core.checkpoints import checkpoint_rows


@pytest.fixture
def place(checkpoint_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Tiny MNIST-like data, an empty checkpoint folder and a runs folder of the test's own."""
    data = tmp_path / "data"
    data.mkdir()
    generator = np.random.default_rng(0)
    labels = np.arange(200) % 10
    pictures = (40 * generator.random((200, 28, 28))).astype(np.uint8)
    for picture, label in zip(pictures, labels, strict=True):
        picture[2 * label + 2 : 2 * label + 6, 4:24] += 200
    np.savez(
        data / "fashion_mnist.npz",
        x_train=pictures,
        y_train=labels,
        x_test=pictures[:50],
        y_test=labels[:50],
    )
    monkeypatch.setenv("LQVAE_DATA", str(data))
    for module in ("core.__main__", "core.evaluating"):
        monkeypatch.setattr(f"{module}.RUNS", tmp_path / "runs")
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = command_line.main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture
def recipes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The MNIST recipes under another data set's name, so that tiny data can stand in."""
    import core.shipping
    from core.training import RECIPES

    moved = {
        ("fashion_mnist", name): recipe
        for (dataset, name), recipe in RECIPES.items()
        if dataset == "mnist"
    }
    monkeypatch.setattr(core.shipping, "RECIPES", moved)


def train(capsys: pytest.CaptureFixture[str], names: Sequence[str], steps: int) -> None:
    for name in names:
        status, _, error = run(
            capsys, "train", name, "--dataset", "fashion_mnist", "--steps", str(steps)
        )
        assert status == 0, error


@pytest.mark.usefixtures("place", "recipes")
def test_train_evaluate_and_verify(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    train(capsys, ["b"], 12)
    train(capsys, ["lq_vae_noisy", "lq_vae_plus"], 3)
    rows = {row.name: row for row in checkpoint_rows()}
    assert sorted(rows) == ["b", "lq_vae", "lq_vae_plus"], "the noisy path shares weights"
    assert rows["b"].figures["accuracy"]["n"] == 50
    assert rows["lq_vae"].figures["clean_accuracy"]["b"]["n"] == 50
    assert rows["lq_vae"].training["recipe"]["steps"] == 3

    out = place / "result.json"
    status, printed, error = run(
        capsys,
        *("evaluate", "--dataset", "fashion_mnist", "--classifier", "b"),
        *("--defense", "lq_vae_plus", "--attack", "pgd", "--threat", "adaptive"),
        *("--set", "epsilon=0.1", "steps=2", "--n", "10", "--out", str(out)),
    )
    assert status == 0, error
    found = json.loads(out.read_text())
    assert found == json.loads(printed)
    assert found["robust"]["n"] == 10
    assert 0 <= found["robust"]["low"] <= found["robust"]["high"] <= 1
    assert found["mean_linf"] <= 0.1 + 1e-6
    assert set(found["hashes"]) == {"b", "lq_vae_plus"}

    status, printed, _ = run(capsys, "checkpoints", "verify")
    assert status == 0
    assert printed.count("  ok") == 3
    (place / "checkpoints" / rows["b"].file).write_bytes(b"short")
    status, printed, _ = run(capsys, "checkpoints", "verify")
    assert status == 1
    assert "has 5 of" in printed
    assert "python -m core train b" in printed


@pytest.mark.usefixtures("place", "recipes")
def test_a_short_trial_does_not_replace_a_longer_training(
    capsys: pytest.CaptureFixture[str],
) -> None:
    train(capsys, ["b"], 3)
    before = checkpoint_rows()
    status, _, error = run(capsys, "train", "b", "--dataset", "fashion_mnist", "--steps", "2")
    assert status == 2
    assert "would replace the stored b of fashion_mnist, trained for 3; set LQVAE_CHECK" in error
    assert checkpoint_rows() == before
    train(capsys, ["b"], 4)
    assert checkpoint_rows() != before


@pytest.mark.usefixtures("place", "recipes")
def test_a_finished_evaluation_is_not_computed_again(capsys: pytest.CaptureFixture[str]) -> None:
    train(capsys, ["b"], 2)
    command = (
        *("evaluate", "--dataset", "fashion_mnist", "--classifier", "b", "--attack", "fgsm"),
        *("--defense", "bit_depth", "--n", "20"),
    )
    first = run(capsys, *command)[1]
    assert "attack_ms" in first, "times would differ"
    assert run(capsys, *command)[1] == first


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("train", "bit_depth"),
            "bit_depth needs no training; trainable for mnist: a, a_fgsm, a_pgd, b",
        ),
        (("train", "nothing"), "there is no recipe 'nothing' for mnist; trainable:"),
        (("train", "a", "--device", "warp"), "device 'warp' cannot be used here"),
        (("data", "list", "nothing"), "unknown data set 'nothing'; choose from mnist"),
        (("evaluate", "--classifier", "a"), "there is no checkpoint 'a' for mnist"),
        (("evaluate", "--threat", "adaptive"), "needs a defense and an attack"),
        (("evaluate", "--set", "epsilon"), "written name=value, got 'epsilon'"),
        (("evaluate", "compare"), "nothing is stored of classifier a on mnist; measure it with"),
        (("evaluate", "tables"), "expected `compare`, `headline`, or `table` and one of clean,"),
        (
            ("evaluate", "table", "coarseness", "--dataset", "cifar10"),
            "there is no table 'coarseness' of cifar10; it is one of mnist",
        ),
        (("benchmark", "nothing"), "unknown benchmark 'nothing'; choose from"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    place: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    monkeypatch.setenv("LQVAE_DEVICE", "cpu")
    if arguments[:2] == ("train", "a"):
        monkeypatch.setattr("core.shipping.load_dataset", lambda *_: (None, ()))
    status, _, error = run(capsys, *arguments)
    assert status == 2
    assert sentence in error


def test_data_lists_and_checks(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, printed, _ = run(capsys, "data")
    assert status == 0
    assert "fashion_mnist   train 180, validation 20, test 50  [fashion_mnist.npz]" in printed
    assert "validation 5,000" in printed, "MNIST's validation split needs no file"
    (place / "data" / "fashion_mnist.npz").write_bytes(b"PK half an archive")
    status, printed, _ = run(capsys, "data", "check", "fashion_mnist")
    assert status == 1
    assert "!" in printed
