"""What a checkpoint is worth: measured on its stored weights, and written into its row."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from core.checkpoints import (
    CheckpointRow,
    checkpoint_rows,
    load_classifier,
    load_model,
    write_row,
)
from core.data import dataset_state, load_dataset
from core.defenses import DEFENSES, LqVaePurifier, MlvgmPurifier, load_defense
from core.devices import generator_for, in_batches, pick_device
from core.evaluation import Accuracy
from core.evaluation.cells import CLASSIFIERS
from core.evaluation.selected import Selected
from core.latent_figures import code_figures, level_nats
from core.models.gan import Gan
from core.models.gm_vae import GmVae
from core.models.hierarchical_vae import HierarchicalVae
from core.models.lq_vae import LqVae
from core.models.vae import Vae
from core.selective import STATISTICS, Statistics, load_selective
from core.types import Classifier, LabError, Purifier

SEARCHED = 1_000
"""Images on which a defense that searches is measured when it is shipped."""


def measure_row(row: CheckpointRow) -> CheckpointRow:
    """Measure a stored checkpoint on the test split (validation without it) and write the row."""
    split = "test" if "test" in dataset_state(row.dataset).readable else "validation"
    images, labels = load_dataset(row.dataset, split)
    device = pick_device()
    images, labels = images.to(device), labels.to(device)
    model = load_model(row.dataset, row.name)
    figures: dict[str, Any] = {"split": split, "n": len(images)}
    if isinstance(model, GmVae):
        row = _with_statistics(row, model)
        figures |= _selective_figures(row, images, labels)
    if isinstance(model, Gan):
        # A search for every image: a tenth of them is told as such.
        images, labels = images[:SEARCHED], labels[:SEARCHED]
        figures["n"] = len(images)
    if isinstance(model, LqVae | Vae | Gan | HierarchicalVae):
        purifier = _purifier_of(row)
        figures |= _purifier_figures(row.dataset, purifier, images, labels)
        if isinstance(purifier, LqVaePurifier):
            figures |= code_figures(purifier, images)
        if isinstance(model, HierarchicalVae):
            whole = MlvgmPurifier(model, (0.0,) * len(model.level_shapes))
            figures["level_nats"] = level_nats(model, images)
            figures["reconstruction"] = _purifier_figures(row.dataset, whole, images, labels)
    else:
        figures["accuracy"] = _accuracy(model, images, labels).as_dict()
    measured = replace(row, figures=figures)
    write_row(measured)
    return measured


def _with_statistics(row: CheckpointRow, model: GmVae) -> CheckpointRow:
    """The row with what its thresholds are set by; without training images, with what it had."""
    if "train" not in dataset_state(row.dataset).readable:
        return row
    images, labels = load_dataset(row.dataset, "train")
    device = pick_device()
    found = Statistics.measured(model, images.to(device), labels.to(device))
    known = replace(row, figures={STATISTICS: found.as_dict()})
    write_row(known)
    return known


def _selective_figures(row: CheckpointRow, images: Tensor, labels: Tensor) -> dict[str, Any]:
    """The statistics of the thresholds, and what is right, wrong and rejected with them."""
    classifier = load_selective(row.dataset, row.name)
    with torch.no_grad():
        found = in_batches(classifier.answers, images)
    selected = Selected.counted(found[:, 0], found[:, 1].bool(), labels)
    return {STATISTICS: classifier.statistics.as_dict(), "selected": selected.as_dict()}


def _purifier_of(row: CheckpointRow) -> Purifier:
    """The first defense that uses a checkpoint."""
    names = [name for name, defense in DEFENSES.items() if defense.checkpoint == row.name]
    if not names:
        raise LabError(f"no defense uses the checkpoint {row.name!r}")
    return load_defense(row.dataset, names[0])


def _purifier_figures(
    dataset: str, purifier: Purifier, images: Tensor, labels: Tensor
) -> dict[str, Any]:
    """Reconstruction, and clean accuracy through the purifier."""
    generator = generator_for(images.device, 0)
    with torch.no_grad():
        purified = in_batches(lambda part: purifier(part, generator=generator), images)
    there = {row.name for row in checkpoint_rows() if row.dataset == dataset}
    clean = {
        name: _accuracy(load_classifier(dataset, name), purified, labels).as_dict()
        for name in CLASSIFIERS[dataset]
        if name in there
    }
    return {
        "mean_squared_error": round((purified - images).square().mean().item(), 6),
        "clean_accuracy": clean,
    }


def _accuracy(classifier: Classifier | nn.Module, images: Tensor, labels: Tensor) -> Accuracy:
    with torch.no_grad():
        logits = in_batches(classifier, images)
    return Accuracy(correct=int((logits.argmax(1) == labels).sum()), n=len(images))
