"""Defense-GAN's search looked at: one picture on its way, and whether its error betrays attacks."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.analysis.storage import damaged, replace_file, shipped_folder
from core.attacks import make_attack
from core.defenses import DefenseGanPurifier
from core.devices import batch_for, generator_for, in_batches
from core.types import Classifier, OnStep, part_of

SHOWN = (0, 10, 50, 200)
"""Steps at which the picture on its way is shown, with the last one."""

DETECTED: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("fgsm", {"epsilon": 0.3}),
    ("fgsm", {"epsilon": 0.1}),
    ("deepfool", {}),
)
"""Attacks whose images are told from clean ones by the error of the search."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Way:
    """A search for one image.

    Attributes:
        steps: Steps at which a picture was kept; the last is the end.
        images: Those pictures (k, c, h, w).
        probabilities: What the classifier says of each (k, classes).
        path: The least mean squared error so far after every step (steps + 1,).
        clean_path: The same for the clean image.
        seconds: Time of the attacked image's search.
    """

    steps: tuple[int, ...]
    images: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    path: NDArray[np.float32]
    clean_path: NDArray[np.float32]
    seconds: float


def search_way(
    classifier: Classifier,
    purifier: DefenseGanPurifier,
    clean: Tensor,
    attacked: Tensor,
    *,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> Way:
    """Search for an attacked image and its clean version, and keep what was seen on the way.

    Args:
        classifier: The bare classifier.
        purifier: Decides steps and starts.
        clean: (c, h, w) in [0, 1].
        attacked: (c, h, w) in [0, 1].
        seed: Of the starts.
        on_step: Progress; may raise ``Cancelled``.
    """
    steps = tuple(sorted({step for step in SHOWN if step < purifier.steps} | {purifier.steps}))
    started = time.perf_counter()
    found = purifier.search(
        attacked.unsqueeze(0),
        generator_for(attacked.device, seed),
        on_step=part_of(on_step, 0, 2),
        show=steps,
    )
    seconds = time.perf_counter() - started
    other = purifier.search(
        clean.unsqueeze(0), generator_for(clean.device, seed), on_step=part_of(on_step, 1, 2)
    )
    images = torch.cat([found.seen[step] for step in steps])
    with torch.no_grad():
        probabilities = classifier(images).softmax(1)
    return Way(
        steps=steps,
        images=images.cpu().numpy(),
        probabilities=probabilities.cpu().numpy(),
        path=found.path[:, 0].cpu().numpy(),
        clean_path=other.path[:, 0].cpu().numpy(),
        seconds=seconds,
    )


@dataclass(frozen=True, kw_only=True)
class Detection:
    """How well the error of the search tells attacked images from clean ones.

    Attributes:
        dataset: The data set; its ``validation`` split.
        attack: A row of ``ATTACKS``, made on the bare classifier.
        parameters: Its hyper-parameters.
        search_steps: Steps of the search.
        search_starts: Starts of it.
        clean: Mean squared errors of clean images (n,).
        attacked: Those of the same images attacked (n,).
        false_rates: Share of clean images above a threshold, for every threshold that matters.
        true_rates: Share of attacked ones above it.
        area: Area below the curve of the two.
    """

    dataset: str
    attack: str
    parameters: Mapping[str, Any]
    search_steps: int
    search_starts: int
    clean: tuple[float, ...]
    attacked: tuple[float, ...]
    false_rates: tuple[float, ...]
    true_rates: tuple[float, ...]
    area: float


def rates(
    clean: Sequence[float], attacked: Sequence[float]
) -> tuple[tuple[float, ...], tuple[float, ...], float]:
    """False and true positive rates over the threshold, and the area below their curve.

    Only the command computes them: the server does without scikit-learn.
    """
    from sklearn.metrics import roc_auc_score, roc_curve

    truth, errors = [0] * len(clean) + [1] * len(attacked), [*clean, *attacked]
    false, true, _ = roc_curve(truth, errors)
    area = round(float(roc_auc_score(truth, errors)), 4)
    return tuple(false.round(4).tolist()), tuple(true.round(4).tolist()), area


def detect(
    dataset: str,
    classifier: Classifier,
    purifier: DefenseGanPurifier,
    images: Tensor,
    labels: Tensor,
    on_step: OnStep | None = None,
) -> tuple[Detection, ...]:
    """Search for clean and attacked images, and keep the errors.

    Args:
        dataset: Its name.
        classifier: The bare classifier, which the attacks see.
        purifier: Decides steps and starts.
        images: Clean images (n, c, h, w) in [0, 1].
        labels: Their labels (n,).
        on_step: Progress; may raise ``Cancelled``.
    """
    parts = 1 + len(DETECTED)
    clean = _errors(purifier, images, part_of(on_step, 0, parts))
    found = []
    for place, (attack, parameters) in enumerate(DETECTED, start=1):
        made = make_attack(attack, **parameters)(classifier, images, labels).images
        errors = _errors(purifier, made, part_of(on_step, place, parts))
        false, true, area = rates(clean, errors)
        found.append(
            Detection(
                dataset=dataset,
                attack=attack,
                parameters=dict(parameters),
                search_steps=purifier.steps,
                search_starts=purifier.starts,
                clean=clean,
                attacked=errors,
                false_rates=false,
                true_rates=true,
                area=area,
            )
        )
    return tuple(found)


def _errors(
    purifier: DefenseGanPurifier, images: Tensor, on_step: OnStep | None
) -> tuple[float, ...]:
    generator = generator_for(images.device, 0)
    size = batch_for(images.device)
    batches, done = -(-len(images) // size), 0

    def search(batch: Tensor) -> Tensor:
        nonlocal done
        told = part_of(on_step, min(done, batches - 1), batches)
        done += 1
        return purifier.search(batch, generator, on_step=told).errors

    errors = in_batches(search, images, batch_size=size)
    return tuple(round(error, 6) for error in errors.tolist())


def detection_file(dataset: str) -> Path:
    """Where what is shipped of a data set lies."""
    return shipped_folder() / f"detection-{dataset}.json"


def store_detection(rows: Sequence[Detection]) -> Path:
    """Write what was found, whole or not at all."""
    path = detection_file(rows[0].dataset)
    text = json.dumps({"detection": [asdict(row) for row in rows]}) + "\n"
    write: Callable[[Path], object] = lambda partial: partial.write_text(text, encoding="utf-8")  # noqa: E731
    replace_file(path, write)
    return path


def stored_detection(dataset: str) -> tuple[Detection, ...]:
    """What is shipped of a data set; nothing when it was not measured.

    Raises:
        LabError: The file is damaged.
    """
    path = detection_file(dataset)
    if not path.exists():
        return ()
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["detection"]
        listed = ("clean", "attacked", "false_rates", "true_rates")
        return tuple(
            Detection(**{**row, **{name: tuple(row[name]) for name in listed}}) for row in rows
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(path, error) from error
