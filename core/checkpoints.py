"""Checkpoints: safetensors files and the manifest that says how to rebuild, check and cite them.

Weights are stored rounded (see ``core.packing``) and used as float32; every figure in the manifest
was measured on the stored, rounded weights.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.devices import pick_device
from core.models import MODELS
from core.packing import pack_weights, unpack_weights
from core.types import Classifier, LabError

CHECKPOINTS_VARIABLE = "LQVAE_CHECKPOINTS"
LARGEST_FILE = 9_000_000
"""Bytes one file of this repository may take; one's own checkpoints may be larger."""

CLASSIFYING = ("classifier", "adversarial", "gm_vae")
"""Objectives whose models are classifiers; a mixture VAE's nearest mean is one."""


class CheckpointError(LabError):
    """A checkpoint is missing, damaged or does not fit the code."""


@dataclass(frozen=True, kw_only=True)
class CheckpointRow:
    """One row of the manifest.

    Attributes:
        dataset: The data set it was trained on.
        name: Its name, also what ``python -m core train`` takes.
        model: A row of ``MODELS``.
        arguments: Constructor arguments of the model.
        file: File name within the checkpoint folder.
        size: Bytes of the file.
        sha256: Hash of the file, in hexadecimal.
        split: The split it was trained on.
        training: The recipe, the seconds it took and the versions it ran on.
        figures: What was measured on the stored weights, each with its number of images.
        note: What a reader must know, for example where it departs from its paper.
        licence: Licence of the weights.
    """

    dataset: str
    name: str
    model: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    file: str
    size: int
    sha256: str
    split: str = "train"
    training: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    licence: str = "MIT"

    @property
    def train_command(self) -> str:
        """The command that makes this checkpoint anew."""
        return train_command(self.dataset, self.name)


def train_command(dataset: str, name: str) -> str:
    """The command that trains a checkpoint and writes its manifest row."""
    return f"python -m core train {name} --dataset {dataset}"


def checkpoint_folder() -> Path:
    """``LQVAE_CHECKPOINTS``, else ``checkpoints/`` beside the package."""
    named = os.environ.get(CHECKPOINTS_VARIABLE)
    return Path(named) if named else Path(__file__).resolve().parent.parent / "checkpoints"


def checkpoint_rows() -> tuple[CheckpointRow, ...]:
    """All rows of the manifest, in its order; none when there is no manifest.

    Raises:
        CheckpointError: The manifest cannot be read.
    """
    path = checkpoint_folder() / "manifest.json"
    if not path.exists():
        return ()
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["checkpoints"]
        return tuple(CheckpointRow(**row) for row in rows)
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"the manifest {path.name} is damaged ({error}); restore it with "
            "`git checkout checkpoints/manifest.json`"
        ) from error


def find_row(dataset: str, name: str) -> CheckpointRow:
    """The manifest row of a checkpoint.

    Raises:
        CheckpointError: There is none; the message has the command that trains it.
    """
    rows = checkpoint_rows()
    for row in rows:
        if (row.dataset, row.name) == (dataset, name):
            return row
    known = sorted(row.name for row in rows if row.dataset == dataset)
    raise CheckpointError(
        f"there is no checkpoint {name!r} for {dataset} (there is: {', '.join(known) or 'none'}). "
        f"Train it: `{train_command(dataset, name)}`"
    )


def load_model(dataset: str, name: str, device: torch.device | None = None) -> nn.Module:
    """Rebuild a trained model: hash checked, loaded strictly, ``eval()``, frozen, float32.

    Raises:
        CheckpointError: Missing, truncated, altered, or of another architecture.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    row = find_row(dataset, name)
    content = _read_checked(row)
    try:
        model = MODELS[row.model](**row.arguments)
        model.load_state_dict(unpack_weights(load(content)))
    except (SafetensorError, RuntimeError, KeyError, TypeError, ValueError) as error:
        first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(
            f"checkpoint {row.file} does not fit the model {row.model!r} ({first_line}). "
            f"{_mending(row)}"
        ) from error
    return model.to(device or pick_device()).eval().requires_grad_(False)


def load_classifier(dataset: str, name: str, device: torch.device | None = None) -> Classifier:
    """A trained classifier: images (n, c, h, w) in [0, 1] to logits (n, k).

    Raises:
        CheckpointError: See ``load_model``; also when the checkpoint is no classifier.
    """
    if find_row(dataset, name).training.get("recipe", {}).get("objective") not in CLASSIFYING:
        raise CheckpointError(f"checkpoint {name!r} of {dataset} is not a classifier")
    return load_model(dataset, name, device)


def verify_checkpoint(row: CheckpointRow) -> str | None:
    """What is wrong with a checkpoint, with the command that mends it; None when it is sound."""
    try:
        load_model(row.dataset, row.name, torch.device("cpu"))
    except CheckpointError as error:
        return str(error)
    return None


def save_checkpoint(model: nn.Module, row: Mapping[str, Any]) -> CheckpointRow:
    """Write a model as safetensors and put its row into the manifest.

    Args:
        model: The trained model.
        row: Fields of ``CheckpointRow`` but ``file``, ``size`` and ``sha256``.

    Returns:
        The finished row.
    """
    from safetensors.torch import save

    content = save(pack_weights(model.state_dict()))
    finished = CheckpointRow(
        **row,
        file=f"{row['dataset']}-{row['name']}.safetensors",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    folder = checkpoint_folder()
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / finished.file, content)
    write_row(finished)
    return finished


def write_row(row: CheckpointRow) -> None:
    """Put a row into the manifest, in place of an older one of the same data set and name."""
    key = (row.dataset, row.name)
    rows = [r for r in checkpoint_rows() if (r.dataset, r.name) != key]
    rows = sorted([*rows, row], key=lambda r: (r.dataset, r.name))
    text = json.dumps({"checkpoints": [asdict(r) for r in rows]}, indent=1, ensure_ascii=False)
    _replace(checkpoint_folder() / "manifest.json", (text + "\n").encode())


def _read_checked(row: CheckpointRow) -> bytes:
    path = checkpoint_folder() / row.file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"checkpoint {row.file} is missing. {_mending(row)}") from error
    if len(content) != row.size:
        raise CheckpointError(
            f"checkpoint {row.file} has {len(content):,} of {row.size:,} bytes. {_mending(row)}"
        )
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise CheckpointError(
            f"checkpoint {row.file} was altered: its hash differs from the manifest's. "
            f"{_mending(row)}"
        )
    return content


def _mending(row: CheckpointRow) -> str:
    return f"Restore it with `git checkout checkpoints/{row.file}` or run `{row.train_command}`"


def _replace(path: Path, content: bytes) -> None:
    """Write a file in one step, so that nobody ever reads half of it."""
    partial = path.with_suffix(path.suffix + ".partial")
    partial.write_bytes(content)
    partial.replace(path)
