"""Which images each step sees: permutations that depend on the seed alone, so a run can resume."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from core.devices import generator_for
from core.types import LabError

UNLABELLED = -1
"""The label of an image whose own is hidden."""


@dataclass(eq=False)
class Epochs:
    """Batches of some rows, every epoch in a new order.

    Attributes:
        rows: Which images (m,).
        size: Images a batch.
        seed: Of the orders.
    """

    rows: Tensor
    size: int
    seed: int
    _epoch: int = -1
    _order: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.int64))

    def __post_init__(self) -> None:
        if len(self.rows) < self.size:
            raise LabError(
                f"{len(self.rows)} training images are fewer than one batch of {self.size}"
            )

    def __len__(self) -> int:
        """Batches an epoch."""
        return len(self.rows) // self.size

    def batch(self, step: int) -> Tensor:
        """The images of a step (size,)."""
        epoch, position = divmod(step, len(self))
        if epoch != self._epoch:
            generator = generator_for("cpu", 1_000_003 * self.seed + epoch)
            self._order = self.rows[torch.randperm(len(self.rows), generator=generator)]
            self._epoch = epoch
        return self._order[position * self.size : (position + 1) * self.size]


def labelled_rows(labels: Tensor, per_class: int) -> Tensor:
    """The first ``per_class`` images of each class, in file order.

    Args:
        labels: Class of each image (n,), 0 to k - 1.
        per_class: How many of each.

    Raises:
        LabError: A class has fewer.
    """
    chosen = []
    for label in range(int(labels.max()) + 1):
        rows = (labels == label).nonzero().flatten()[:per_class]
        if len(rows) < per_class:
            raise LabError(
                f"class {label} has {len(rows)} training images, fewer than the {per_class} "
                "labels a class that the recipe asks for"
            )
        chosen.append(rows)
    return torch.cat(chosen).sort().values


def batches_of(labels: Tensor, size: int, seed: int, per_class: int) -> Sequence[Epochs]:
    """What a step draws from: all images; or half a batch that has labels, and half of all.

    A thousand labels among 55,000 images would hardly be seen otherwise.

    Args:
        labels: Class of each image (n,).
        size: Images a step.
        seed: Of the orders.
        per_class: Labels a class; 0: all.
    """
    every = torch.arange(len(labels))
    if not per_class:
        return (Epochs(every, size, seed),)
    half = size // 2
    return (
        Epochs(labelled_rows(labels, per_class), half, seed),
        Epochs(every, size - half, seed),
    )


def hidden(labels: Tensor, per_class: int) -> Tensor:
    """Labels (n,) of which only those of ``labelled_rows`` are left; 0 leaves all."""
    if not per_class:
        return labels
    kept = torch.full_like(labels, UNLABELLED)
    rows = labelled_rows(labels, per_class)
    kept[rows] = labels[rows]
    return kept
