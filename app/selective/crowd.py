"""Many images judged once, so that moving a limit afterwards needs no network."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.analysis.selective_curves import Found
from core.analysis.storage import find, keep, read_arrays, write_arrays
from core.attacks import make_attack
from core.evaluation.selected import Selected
from core.selective import GmVaeClassifier, Thresholds
from core.types import OnStep, Step

KIND = "selective"
"""Where the cache of this machine keeps them."""

BATCH = 50
DRAWN = 400
"""Images whose latents are kept for the picture of the means."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Crowd:
    """What the limits are held against, for many images.

    Attributes:
        found: Distances, errors, and who would be right (n,).
        latents: f(x) of the first ``DRAWN`` images, (m, d).
        labels: Their classes (m,).
    """

    found: Found
    latents: NDArray[np.float32]
    labels: NDArray[np.int64]

    @property
    def n(self) -> int:
        """Images in all."""
        return len(self.found.right)


def counted(found: Found, limits: Thresholds) -> Selected:
    """What becomes of these images within some limits; every image counts once."""
    accepted = (found.nearest <= limits.latent) & (found.errors <= limits.output)
    right, answered = int((accepted & found.right).sum()), int(accepted.sum())
    return Selected(right=right, wrong=answered - right, rejected=len(accepted) - answered)


def judge_crowd(
    classifier: GmVaeClassifier,
    images: Tensor,
    labels: Tensor,
    epsilon: float,
    on_step: OnStep | None = None,
) -> Crowd:
    """Judge images, clean or after FGSM on the encoder.

    Args:
        classifier: Who judges them.
        images: (n, c, h, w) in [0, 1], n at least 1.
        labels: Their classes (n,).
        epsilon: Budget of the FGSM; 0 leaves the images as they are.
        on_step: Progress; may raise ``Cancelled``.
    """
    attack = make_attack("fgsm", epsilon=epsilon) if epsilon else None
    parts: list[Tensor] = []
    for start in range(0, len(images), BATCH):
        batch, known = images[start : start + BATCH], labels[start : start + BATCH]
        if attack is not None:
            batch = attack(classifier.model, batch, known).images
        with torch.no_grad():
            judged = classifier.judge(batch)
        right = (judged.classes == known).to(judged.errors.dtype)
        columns = [judged.nearest, judged.errors, right]
        parts.append(torch.cat([torch.stack(columns, dim=1), judged.latents], dim=1))
        if on_step is not None:
            on_step(Step(index=start + len(batch), of=len(images)))
    values = torch.cat(parts).cpu().numpy()
    return Crowd(
        found=Found(
            nearest=values[:, 0].astype(np.float64),
            errors=values[:, 1].astype(np.float64),
            right=values[:, 2] > 0,
        ),
        latents=values[:DRAWN, 3:],
        labels=labels[:DRAWN].cpu().numpy(),
    )


def find_crowd(name: str) -> Crowd | None:
    """A crowd that was judged before on this machine; None when there is none.

    Args:
        name: Holds everything that decides it.
    """
    return find(KIND, f"{name}.npz", _read)


def keep_crowd(name: str, crowd: Crowd) -> None:
    """Keep a crowd for the next start of the server."""
    found = crowd.found
    arrays = {
        "nearest": found.nearest,
        "errors": found.errors,
        "right": found.right,
        "latents": crowd.latents,
        "labels": crowd.labels,
    }
    keep(KIND, f"{name}.npz", lambda path: write_arrays(path, arrays, {}))


def made_once(name: str, make: Callable[[], Crowd]) -> Crowd:
    """The crowd of that name, from the cache of this machine if it is there."""
    crowd = find_crowd(name)
    if crowd is None:
        crowd = make()
        keep_crowd(name, crowd)
    return crowd


def _read(path: Path) -> Crowd:
    arrays, _ = read_arrays(path)
    found = Found(nearest=arrays["nearest"], errors=arrays["errors"], right=arrays["right"])
    return Crowd(found=found, latents=arrays["latents"], labels=arrays["labels"])
