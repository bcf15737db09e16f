"""One attacked image through every defense at once: what each makes of it, and how fast."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from core.analysis.runs import RunSpec
from core.analysis.strikes import fresh
from core.analysis.triplets import Floats, Outcome, Reading, Triplet, make_triplet, outcome_of, read
from core.types import Classifier, OnStep, Purifier, part_of, purify_in_steps, searches

TIMED = 3
"""A purification is run so many times, and the fastest counts: the first may prepare itself."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Entry:
    """What one defense makes of the attacked image.

    Attributes:
        defense: A row of ``DEFENSES``.
        purified: The adversarial image after the purifier.
        purified_original: The clean image after the purifier.
        outcome: What became of the image behind this defense.
        removed: What the purifier changed in the adversarial image (c, h, w), in [-1, 1].
        left: Euclidean distance of the purified image from the clean one.
        seconds: Time of one purification.
    """

    defense: str
    purified: Reading
    purified_original: Reading
    outcome: Outcome
    removed: Floats
    left: float
    seconds: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Lineup:
    """An attacked image and every defense's version of it.

    Attributes:
        attacked: The attack on the bare classifier, without a purifier.
        entries: The defenses, in the order given.
    """

    attacked: Triplet
    entries: tuple[Entry, ...]


def make_lineup(
    classifier: Classifier,
    purifiers: Mapping[str, Purifier],
    image: Tensor,
    label: int,
    spec: RunSpec,
    on_step: OnStep | None = None,
) -> Lineup:
    """Attack one image without sight of any defense, and purify it with all of them.

    Args:
        classifier: The bare classifier.
        purifiers: The defenses by name.
        image: (c, h, w) in [0, 1], on the classifier's device.
        label: Its class.
        spec: The attack and the seed; without a defense.
        on_step: Progress of the attack and of the defenses that search; may raise ``Cancelled``.
    """
    slow = [name for name, purifier in purifiers.items() if searches(purifier)]
    parts = 1 + len(slow)
    attacked = make_triplet(classifier, None, image, label, spec, part_of(on_step, 0, parts))
    adversarial = torch.from_numpy(attacked.adversarial.image).to(image)
    told = {name: part_of(on_step, place, parts) for place, name in enumerate(slow, start=1)}
    entries = tuple(
        _entry(classifier, name, purifier, (image, adversarial), attacked, spec, told.get(name))
        for name, purifier in purifiers.items()
    )
    return Lineup(attacked=attacked, entries=entries)


def _entry(  # noqa: PLR0913  what a card shows
    classifier: Classifier,
    name: str,
    purifier: Purifier,
    pair: tuple[Tensor, Tensor],
    attacked: Triplet,
    spec: RunSpec,
    on_step: OnStep | None,
) -> Entry:
    image, adversarial = (picture.unsqueeze(0) for picture in pair)
    seconds = float("inf")
    with torch.no_grad():
        for _ in range(1 if searches(purifier) else TIMED):
            started = time.perf_counter()
            purified = purify_in_steps(
                purifier, adversarial, fresh(image, spec), part_of(on_step, 0, 2)
            )
            seconds = min(seconds, time.perf_counter() - started)
        clean = purify_in_steps(purifier, image, fresh(image, spec), part_of(on_step, 1, 2))
        after, after_clean = read(classifier, torch.cat([purified, clean]))
    return Entry(
        defense=name,
        purified=after,
        purified_original=after_clean,
        outcome=outcome_of(
            attacked.label,
            attacked.original.prediction,
            attacked.adversarial.prediction,
            after.prediction,
        ),
        removed=(purified - adversarial)[0].float().cpu().numpy(),
        left=float((purified - image).norm()),
        seconds=seconds,
    )
