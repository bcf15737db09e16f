"""What a selective classifier is measured on, and how much of it at a time."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor

from core.analysis.selective_curves import Found
from core.attacks import make_attack
from core.devices import batch_for, generator_for, in_batches
from core.evaluation.selected import Selected
from core.selective import GmVaeClassifier
from core.types import OnStep, Step

Row: TypeAlias = dict[str, Any]
"""What was measured, as plain values."""

Work: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""From images and labels (b, ...) to something of each (b, ...)."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Bench:
    """A selective classifier and its images.

    Attributes:
        classifier: With its limits.
        images: Clean images (n, c, h, w) in [0, 1].
        labels: Their labels (n,).
        pool: Images and labels to start towards; see ``BudgetJoint``.
        strangers: Gives images that are none of its classes, (n, c, h, w), by where they are from.
        seed: Of everything random.
        on_step: Progress of one row; may raise ``Cancelled``.
    """

    classifier: GmVaeClassifier
    images: Tensor
    labels: Tensor
    pool: tuple[Tensor, Tensor]
    strangers: Callable[[], Mapping[str, Tensor]] = dict
    seed: int = 0
    on_step: OnStep | None = None

    def batchwise(self, work: Work, images: Tensor, labels: Tensor) -> Tensor:
        """The joined results of some work, with progress after every batch."""
        size = batch_for(images.device)
        parts = []
        for start in range(0, len(images), size):
            stop = start + size
            parts.append(work(images[start:stop], labels[start:stop]))
            self.tell(min(stop, len(images)), len(images))
        return torch.cat(parts)

    def tell(self, index: int, of: int) -> None:
        """Report progress within a row."""
        if self.on_step is not None:
            self.on_step(Step(index=index, of=of))

    def attacked(self, name: str, parameters: Mapping[str, Any]) -> Tensor:
        """The images attacked on the encoder alone: the nearest mean as a plain classifier."""
        attack = make_attack(name, **parameters)
        generator = generator_for(self.images.device, self.seed)

        def work(images: Tensor, labels: Tensor) -> Tensor:
            return attack(self.classifier.model, images, labels, generator=generator).images

        return self.batchwise(work, self.images, self.labels)

    def judged(self, images: Tensor) -> tuple[Row, Found]:
        """Counts without and with the limits, and what the limits were held against."""

        def measure(batch: Tensor) -> Tensor:
            distances, errors = self.classifier.measure(batch)
            return torch.cat([distances, errors[:, None]], dim=1)

        with torch.no_grad():
            values = in_batches(measure, images)
        distances, errors = values[:, :-1], values[:, -1]
        accepted, reasons = self.classifier.verdict(distances, errors)
        classes, everyone = distances.argmin(1), torch.ones_like(accepted)
        row = {
            "without": Selected.counted(classes, everyone, self.labels).as_dict(),
            "selected": Selected.counted(classes, accepted, self.labels).as_dict(),
            "reasons": counted(reasons),
        }
        found = Found(
            nearest=distances.amin(1).double().cpu().numpy(),
            errors=errors.double().cpu().numpy(),
            right=(classes == self.labels).cpu().numpy(),
        )
        return row, found


def counted(reasons: Iterable[str]) -> dict[str, int]:
    """How often each reason was given."""
    return dict(sorted(Counter(word for word in reasons if word).items()))
