"""Per-image records: who was right on which image, small enough to be stored with every cell."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from core.evaluation.accuracy import Accuracy
from core.evaluation.specification import Evaluation
from core.types import LabError


def pack(right: Tensor) -> str:
    """Right or wrong (n,), bool, as hexadecimal digits of four images each, the first highest."""
    return np.packbits(right.cpu().numpy().astype(bool)).tobytes().hex()


def unpack(text: str, n: int) -> Tensor:
    """The inverse of ``pack`` for n images, bool (n,).

    Raises:
        ValueError: The text is no record of n images.
    """
    content = np.frombuffer(bytes.fromhex(text), dtype=np.uint8)
    if len(content) != -(-n // 8):
        raise ValueError(f"a record of {n} images has {-(-n // 8)} bytes, got {len(content)}")
    return torch.from_numpy(np.unpackbits(content, count=n).astype(bool))


def right_under(evaluation: Evaluation) -> Tensor:
    """Which images (n,) the evaluated classifier, defended or bare, gets right under the attack.

    Raises:
        LabError: The cell was stored without its records.
    """
    for name in ("robust", "attacked", "clean_defended", "clean"):
        if name in evaluation.outcomes:
            return unpack(evaluation.outcomes[name], evaluation.specification.n)
    raise LabError("this cell was stored without per-image records; measure it again")


def worst_case(evaluations: Sequence[Evaluation]) -> Accuracy:
    """The share of images that stay right under every one of some evaluations, image by image.

    Args:
        evaluations: At least one; all on the same images.

    Raises:
        LabError: A cell was stored without its records.
        ValueError: They were measured on different images.
    """
    sources = {(e.specification.dataset, e.specification.split) for e in evaluations}
    if len(sources) != 1:
        raise ValueError(f"expected cells of one data set and split, got {sorted(sources)}")
    # Every cell takes the first images of its split, so the shared ones come first.
    n = min(e.specification.n for e in evaluations)
    right = torch.stack([right_under(evaluation)[:n] for evaluation in evaluations]).all(0)
    return Accuracy(correct=int(right.sum()), n=n)
