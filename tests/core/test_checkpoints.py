"""Damage of every kind is recognised, said, and comes with the command that mends it."""

import json
from pathlib import Path

import pytest
import torch

from core.checkpoints import (
    CheckpointError,
    CheckpointRow,
    checkpoint_rows,
    load_classifier,
    load_model,
    save_checkpoint,
    verify_checkpoint,
)
from core.models import MODELS
from core.packing import pack_weights, unpack_weights

CPU = torch.device("cpu")
ARGUMENTS = {"latent_size": 4, "widths": [2, 4], "hidden": 8}


@pytest.fixture
def row(checkpoint_copy: Path) -> CheckpointRow:
    return save_checkpoint(
        MODELS["lq_vae"](**ARGUMENTS),
        {"dataset": "mnist", "name": "tiny", "model": "lq_vae", "arguments": ARGUMENTS},
    )


def test_a_model_comes_back_as_its_weights_were_rounded(checkpoint_copy: Path) -> None:
    model = MODELS["b"]()
    save_checkpoint(
        model,
        {
            "dataset": "mnist",
            "name": "b",
            "model": "b",
            "training": {"recipe": {"objective": "classifier"}},
        },
    )
    loaded = load_model("mnist", "b", CPU)
    assert not loaded.training
    rounded = unpack_weights(pack_weights(model.state_dict()))
    for (name, ours), theirs in zip(model.named_parameters(), loaded.parameters(), strict=True):
        assert torch.equal(rounded[name], theirs)
        torch.testing.assert_close(ours, theirs, atol=0.01, rtol=0)
        assert not theirs.requires_grad
    assert load_classifier("mnist", "b", CPU)(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_a_sound_checkpoint_has_no_problem(row: CheckpointRow) -> None:
    assert checkpoint_rows() == (row,)
    assert verify_checkpoint(row) is None


def test_saving_again_replaces_the_row(row: CheckpointRow) -> None:
    fields = {"dataset": "mnist", "name": "tiny", "model": "lq_vae", "arguments": ARGUMENTS}
    save_checkpoint(MODELS["lq_vae"](**ARGUMENTS), fields)
    assert len(checkpoint_rows()) == 1


def test_an_unknown_name_says_what_there_is_and_how_to_train(row: CheckpointRow) -> None:
    with pytest.raises(
        CheckpointError, match=r"no checkpoint 'x' for mnist \(there is: tiny\).*core train x"
    ):
        load_model("mnist", "x")


def test_a_purifier_is_no_classifier(row: CheckpointRow) -> None:
    with pytest.raises(CheckpointError, match="not a classifier"):
        load_classifier("mnist", "tiny")


def test_a_missing_file(row: CheckpointRow, checkpoint_copy: Path) -> None:
    (checkpoint_copy / row.file).unlink()
    problem = verify_checkpoint(row)
    assert problem is not None
    assert "is missing" in problem
    assert "git checkout checkpoints/mnist-tiny.safetensors" in problem


def test_a_truncated_file(row: CheckpointRow, checkpoint_copy: Path) -> None:
    path = checkpoint_copy / row.file
    path.write_bytes(path.read_bytes()[:100])
    assert "has 100 of" in (verify_checkpoint(row) or "")


def test_an_altered_file(row: CheckpointRow, checkpoint_copy: Path) -> None:
    path = checkpoint_copy / row.file
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert "was altered" in (verify_checkpoint(row) or "")


@pytest.mark.parametrize(
    "change",
    [{"model": "a", "arguments": {}}, {"model": "nonsense"}, {"arguments": {"latent_size": 5}}],
)
def test_another_architecture(
    row: CheckpointRow, checkpoint_copy: Path, change: dict[str, object]
) -> None:
    manifest = checkpoint_copy / "manifest.json"
    rows = json.loads(manifest.read_text())
    rows["checkpoints"][0] |= change
    manifest.write_text(json.dumps(rows))
    with pytest.raises(CheckpointError, match=r"does not fit the model.*core train tiny"):
        load_model("mnist", "tiny")


def test_a_damaged_manifest(row: CheckpointRow, checkpoint_copy: Path) -> None:
    (checkpoint_copy / "manifest.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"manifest\.json is damaged.*git checkout"):
        checkpoint_rows()
