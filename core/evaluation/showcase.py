"""Makes the showcase: attacks and purifies real images once, for the first screen."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import torch
from torch import Generator, Tensor

from core.attacks import make_attack
from core.checkpoints import find_row, load_classifier
from core.data import get_dataset, load_dataset
from core.defenses import DEFENSES, load_defense
from core.devices import generator_for, in_batches, pick_device
from core.evaluation.accuracy import Accuracy
from core.evaluation.showcase_file import (
    PANELS,
    Example,
    Panel,
    Showcase,
    ShowcaseSpecification,
    default_path,
    write_showcase,
)
from core.images import to_png
from core.types import Classifier, LabError, OnStep, Step

BATCH = 100


def make_showcase(
    dataset: str = "mnist",
    on_step: OnStep | None = None,
    *,
    specification: ShowcaseSpecification | None = None,
    path: Path | None = None,
) -> Path:
    """Attack and purify images, pick the ones to show, and write the file the first screen reads.

    Args:
        dataset: A row of ``DATASETS``; only used without a specification.
        on_step: Progress.
        specification: What to do; None takes the defaults.
        path: Where to write; None is where ``read_showcase`` looks.

    Returns:
        The file that was written.

    Raises:
        LabError: Data or a checkpoint is missing, or the attack fooled nothing.
    """
    spec = specification or ShowcaseSpecification(dataset=dataset)
    path = path or default_path()
    write_showcase(craft_showcase(spec, on_step), path)
    return path


def craft_showcase(spec: ShowcaseSpecification, on_step: OnStep | None = None) -> Showcase:
    """Attack and purify images of a split with the shipped models, and pick the ones to show.

    Shown are the first images, in drawn order, of as many classes as there are places: attacked
    with success and repaired, and in the last place one that was not repaired, if there is one.

    Raises:
        LabError: Data or a checkpoint is missing, or the attack fooled nothing.
    """
    device = pick_device()
    classifier = load_classifier(spec.dataset, spec.classifier, device)
    purifier = load_defense(spec.dataset, spec.defense)
    images, labels = load_dataset(spec.dataset, spec.split)
    order = torch.randperm(len(images), generator=generator_for("cpu", spec.seed))[: spec.n]
    labels, clean = labels[order].to(device), images[order].to(device)
    generator = generator_for(device, spec.seed)
    adversarial = _attack(spec, classifier, clean, labels, generator, on_step)
    with torch.no_grad():
        pictures = {
            "clean": clean,
            "adversarial": adversarial,
            "purified": in_batches(partial(purifier, generator=generator), adversarial),
            "clean_purified": in_batches(partial(purifier, generator=generator), clean),
        }
        probabilities = {
            name: in_batches(classifier, batch).softmax(dim=1) for name, batch in pictures.items()
        }
    right = {name: batch.argmax(dim=1) == labels for name, batch in probabilities.items()}
    return Showcase(
        specification=spec,
        classes=get_dataset(spec.dataset).classes,
        examples=tuple(
            Example(
                index=int(order[i]),
                label=int(labels[i]),
                **{
                    name: Panel(to_png(pictures[name][i], 1), _rounded(probabilities[name][i]))
                    for name in PANELS
                },
            )
            for i in _pick(spec.shown, labels, right)
        ),
        figures={
            name: Accuracy(correct=int(batch.sum()), n=len(order)) for name, batch in right.items()
        },
        hashes=_hashes(spec),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _attack(
    spec: ShowcaseSpecification,
    classifier: Classifier,
    images: Tensor,
    labels: Tensor,
    generator: Generator,
    on_step: OnStep | None,
) -> Tensor:
    attack = make_attack(spec.attack, epsilon=spec.epsilon, steps=spec.steps)
    starts = range(0, len(images), BATCH)
    attacked: list[Tensor] = []
    for number, start in enumerate(starts):
        here = slice(start, start + BATCH)
        attacked.append(attack(classifier, images[here], labels[here], generator=generator).images)
        if on_step is not None:
            on_step(Step(number + 1, len(starts)))
    return torch.cat(attacked)


def _pick(shown: int, labels: Tensor, right: Mapping[str, Tensor]) -> list[int]:
    """Which images to show: repaired ones of different classes, then one that was not."""
    fooled = right["clean"] & ~right["adversarial"]
    if not fooled.any():
        raise LabError("the attack fooled the classifier on no image; raise epsilon or the steps")
    first: dict[int, int] = {}
    for i in (fooled & right["purified"]).nonzero().flatten().tolist():
        first.setdefault(int(labels[i]), i)
    failures = (fooled & ~right["purified"]).nonzero().flatten().tolist()[:1]
    repaired = sorted(first.values())[: shown - len(failures)]
    return repaired + failures


def _rounded(probabilities: Tensor) -> tuple[float, ...]:
    return tuple(round(value, 5) for value in probabilities.tolist())


def _hashes(spec: ShowcaseSpecification) -> dict[str, str]:
    names = [spec.classifier, DEFENSES[spec.defense].checkpoint]
    return {name: find_row(spec.dataset, name).sha256 for name in names if name is not None}
