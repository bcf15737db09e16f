"""A whole lab in a moment: a classifier and an LQ-VAE that nobody trained, under real names."""

import json
from functools import cache as remember
from pathlib import Path

import pytest
import torch
from torch import Tensor

from app import cache
from core.data import load_dataset
from core.defenses import DEFENSES, LqVaePurifier, load_defense
from core.models.lq_vae import LqVae
from core.types import Purifier
from tests.fakes import manifest_row


def use_tiny_lab(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every page find the tiny models, and keep its results below a folder.

    Args:
        folder: Empty; it becomes the checkpoint folder too.
        monkeypatch: Undoes everything.
    """
    for name, place in (("CHECKPOINTS", ""), ("DATA", "data"), ("CACHE", "cache")):
        monkeypatch.setenv(f"LQVAE_{name}", str(folder / place))
    monkeypatch.setenv("LQVAE_DEVICE", "cpu")
    rows = [manifest_row(name, name, name.encode()) for name in ("a", "lq_vae")]
    for row, objective in zip(rows, ("classifier", "lq_vae"), strict=True):
        row["training"]["recipe"]["objective"] = objective
    (folder / "manifest.json").write_text(json.dumps({"checkpoints": rows}))
    monkeypatch.setattr(cache, "classifier", lambda dataset, name: nearest_mean)
    monkeypatch.setattr(cache, "purifier", lambda dataset, name: tiny_purifier(name))


def nearest_mean(images: Tensor) -> Tensor:
    """Logits (n, 10) of images (n, 1, 28, 28): the nearest mean picture of a digit wins."""
    means = _class_means()
    return images.flatten(1) @ means.T - means.square().sum(1) / 2


@remember
def tiny_purifier(name: str) -> Purifier:
    """The defense of that name if it needs no training; everything else is an LQ-VAE of 8 bits."""
    if DEFENSES[name].checkpoint is None:
        return load_defense("mnist", name)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = LqVae(latent_size=8, widths=(2, 4), hidden=16)
    return LqVaePurifier(model.eval().requires_grad_(False))


@remember
def _class_means() -> Tensor:
    images, labels = load_dataset("mnist", "validation")
    return torch.stack([images[labels == digit].flatten(1).mean(0) for digit in range(10)])
