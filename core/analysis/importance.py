"""Which bits matter: answers that change when one bit of the true code is flipped alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.analysis.attacked_spec import AttackedSpec
from core.analysis.encoding import batch_size, latents_of, said
from core.analysis.storage import DAMAGE, damaged, replace_file, shipped_folder
from core.defenses import LqVaePurifier
from core.devices import in_batches
from core.evaluation.accuracy import Accuracy
from core.types import Classifier, LabError, OnStep, Purifier, Step

FORMAT = 1

Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class BitImportance:
    """What flipping each of the D bits alone does to the classifier's answers.

    Attributes:
        lost: Images right with their true code and wrong with that bit flipped (D,).
        gained: Images wrong with their true code and right with that bit flipped (D,).
        base: Accuracy on the images decoded from their true codes.
    """

    lost: Counts
    gained: Counts
    base: Accuracy

    @property
    def n(self) -> int:
        """Clean images measured."""
        return self.base.n

    @property
    def drop(self) -> NDArray[np.float64]:
        """Accuracy lost, in shares of 1, when that bit alone is flipped (D,); may be below 0."""
        return (self.lost - self.gained) / self.n

    def accuracy(self, bit: int) -> Accuracy:
        """Accuracy when that bit is flipped in every code."""
        correct = self.base.correct - int(self.lost[bit]) + int(self.gained[bit])
        return Accuracy(correct=correct, n=self.n)


def bit_importance(
    classifier: Classifier,
    purifier: Purifier,
    images: Tensor,
    labels: Tensor,
    on_step: OnStep | None = None,
) -> BitImportance:
    """Flip each bit in turn in the codes of clean images, decode, and ask the classifier.

    Args:
        classifier: The bare classifier.
        purifier: The defense; it must have a code.
        images: Clean images (n, c, h, w) in [0, 1], n at least 1.
        labels: Their classes (n,), int64.
        on_step: One report a bit; may raise ``Cancelled``.

    Raises:
        LabError: The purifier has no code.
    """
    if not isinstance(purifier, LqVaePurifier):
        raise LabError("this defense has no code, so it has no bits to flip; choose an LQ-VAE")
    code = purifier.quantizer.bits(latents_of(purifier, images, 0))  # (n, D)
    truth = labels.cpu().numpy()
    base = said(classifier, decoded(purifier, code)) == truth
    size = code.shape[1]
    lost, gained = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for bit in range(size):
        flipped = code.clone()
        flipped[:, bit] *= -1
        right = said(classifier, decoded(purifier, flipped)) == truth
        lost[bit], gained[bit] = (base & ~right).sum(), (~base & right).sum()
        if on_step is not None:
            on_step(Step(bit + 1, size))
    return BitImportance(
        lost=lost, gained=gained, base=Accuracy(correct=int(base.sum()), n=len(base))
    )


@torch.no_grad()
def decoded(purifier: LqVaePurifier, code: Tensor) -> Tensor:
    """Images (n, c, h, w) in [0, 1] from bits (n, D), as the purifier decodes them."""
    decode = purifier.model.hard_decoder
    return in_batches(decode, code, batch_size=batch_size(code)).clamp(0, 1)


def importance_file(dataset: str, classifier: str, defense: str) -> Path:
    """Where the importance of a defense's bits lies that ships with the repository."""
    return shipped_folder() / f"importance-{dataset}-{classifier}-{defense}.json"


def store_importance(found: BitImportance, spec: AttackedSpec) -> Path:
    """Write what was measured on the clean images of a run to where ``find_importance`` looks."""
    path = importance_file(spec.dataset, spec.classifier, spec.defense)
    values = {
        "format": FORMAT,
        "split": spec.split,
        "hashes": spec.hashes(),
        "correct": found.base.correct,
        "n": found.n,
        "lost": found.lost.tolist(),
        "gained": found.gained.tolist(),
    }
    text = json.dumps(values) + "\n"
    replace_file(path, lambda partial: partial.write_text(text, encoding="utf-8"))
    return path


def find_importance(spec: AttackedSpec) -> BitImportance | None:
    """The stored importance of the bits of a run's defense, whatever its attack.

    Returns:
        None when nothing is stored, or it was measured with other checkpoints.

    Raises:
        LabError: The file is damaged.
    """
    path = importance_file(spec.dataset, spec.classifier, spec.defense)
    if not path.exists():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return _from(values) if _fits(values, spec) else None
    except DAMAGE as error:
        raise damaged(path, error) from error


def _fits(values: Mapping[str, Any], spec: AttackedSpec) -> bool:
    return (values["format"], values["split"], values["hashes"]) == (
        FORMAT,
        spec.split,
        spec.hashes(),
    )


def _from(values: Mapping[str, Any]) -> BitImportance:
    lost, gained = (np.array(values[name], np.int64) for name in ("lost", "gained"))
    if lost.shape != gained.shape or lost.ndim != 1:
        raise ValueError(f"lost and gained have shapes {lost.shape} and {gained.shape}")
    base = Accuracy(correct=int(values["correct"]), n=int(values["n"]))
    return BitImportance(lost=lost, gained=gained, base=base)
