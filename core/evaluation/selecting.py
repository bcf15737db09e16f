"""Whom a selective classifier of an evaluation answers, with or without a defense before it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.checkpoints import find_row
from core.devices import generator_for, in_batches
from core.evaluation.selected import Selected
from core.evaluation.specification import Specification
from core.selective import GmVaeClassifier, load_selective
from core.system import defended
from core.types import Purifier

BEHIND = ("clean_defended", "robust")
"""The accuracies of an evaluation that are measured behind its defense."""


@dataclass(frozen=True, eq=False)
class Selecting:
    """A selective classifier with the labels of what it is asked.

    Attributes:
        classifier: With the limits that its paper sets.
        labels: Of the evaluated images (n,).
        batch: Images at a time.
        seed: Of a random defense.
    """

    classifier: GmVaeClassifier
    labels: Tensor
    batch: int
    seed: int

    @classmethod
    def of(cls, spec: Specification, labels: Tensor, batch: int) -> "Selecting | None":
        """What an evaluation needs; None where its classifier answers everybody."""
        if find_row(spec.dataset, spec.classifier).model != "gm_vae":
            return None
        return cls(load_selective(spec.dataset, spec.classifier), labels, batch, spec.seed)

    def counts(self, name: str, images: Tensor, purifier: Purifier | None) -> Selected:
        """Right, wrong and rejected among images (n, c, h, w).

        Args:
            name: Of an accuracy; those of ``BEHIND`` are purified first.
            images: In [0, 1].
            purifier: The evaluation's defense.
        """
        generator = generator_for(images.device, self.seed)
        before = purifier if name in BEHIND else None
        answers = defended(self.classifier.answers, before, generator)
        with torch.no_grad():
            found = in_batches(answers, images, batch_size=self.batch)
        return Selected.counted(found[:, 0], found[:, 1].bool(), self.labels)
