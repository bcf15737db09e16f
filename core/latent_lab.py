"""``python -m core latent_lab``: compute what the latent lab's pages show at first, and ship it.

Every part writes its own file and is skipped when that file is there and fits the checkpoints, so
a run that was stopped goes on where it was. Adversarial images are crafted once for all parts.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from torch import Tensor

from core.analysis.attacked_file import (
    find_stored,
    fits,
    keep_attacked,
    save_attacked,
    shipped_attacked,
)
from core.analysis.attacked_spec import AttackedSpec
from core.analysis.attacking import make_attacked
from core.analysis.epsilon_sweep import make_sweep
from core.analysis.flips_file import StoredFlips, store_flips, stored_flips, summarised
from core.analysis.importance import bit_importance, find_importance, store_importance
from core.analysis.storage import read_meta
from core.analysis.sweep_file import find_sweep, save_sweep, shipped_sweep
from core.checkpoints import load_classifier
from core.data import load_dataset
from core.defenses import load_defense
from core.devices import pick_device
from core.latent_lab_summaries import SUMMARIES
from core.terminal import Bar
from core.types import Classifier, Purifier

COMPARED_CLASSIFIERS = ("a", "b", "c")
COMPARED_ATTACKS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("fgsm", {"epsilon": 0.15}),
    ("fgsm", {"epsilon": 0.3}),
    ("pgd", {"epsilon": 0.3, "steps": 40}),
    ("deepfool", {}),
    ("cw", {}),
)
"""What the bit-flip page sets side by side without computing anything."""

MOST_BESIDE = 100
"""Images of a run on another classifier: Carlini-Wagner on C takes four seconds an image."""


@dataclass(frozen=True, eq=False)
class _Models:
    """What a specification names, on the chosen device."""

    classifier: Classifier
    purifier: Purifier
    images: Tensor
    labels: Tensor


Part: TypeAlias = Callable[[AttackedSpec], Iterator[str]]
"""Makes one part of the stored results of a run, and tells what it did."""


def run(arguments: argparse.Namespace, parameters: tuple[tuple[str, object], ...]) -> Iterator[str]:
    """Do what the command line asks for, and tell what was done.

    Args:
        arguments: ``part``, ``dataset``, ``classifier``, ``defense`` (one, or several with commas
            between), ``attack`` and ``n``.
        parameters: Those of the attack.

    Raises:
        LabError: Data or a checkpoint is missing.
        ValueError: A name or a number is out of its range.
    """
    known = {**PARTS, **SUMMARIES}
    parts = PARTS if arguments.part == "all" else (arguments.part,)
    for defense in arguments.defense.split(","):
        spec = AttackedSpec(
            dataset=arguments.dataset,
            classifier=arguments.classifier,
            defense=defense,
            attack=arguments.attack,
            parameters=parameters,
            n=arguments.n,
        )
        for part in parts:
            yield from known[part](spec)


def attacked(spec: AttackedSpec) -> Iterator[str]:
    """Attack, purify and encode the images of a run."""
    path = shipped_attacked(spec)
    if fits(read_meta(path), spec):
        yield f"{path.name} is up to date"
        return
    made = find_stored(spec)
    if made is None:
        models = _load(spec, spec.n)
        with Bar(_title("attacked", spec)) as on_step:
            made = make_attacked(
                spec, models.classifier, models.purifier, models.images, models.labels, on_step
            )
    save_attacked(made, path)
    yield f"wrote {path}"


def sweep(spec: AttackedSpec) -> Iterator[str]:
    """Attack at many strengths."""
    path = shipped_sweep(spec)
    if fits(read_meta(path), spec):
        yield f"{path.name} is up to date"
        return
    made = find_sweep(spec)
    if made is None:
        models = _load(spec, spec.n)
        with Bar(_title("sweep", spec)) as on_step:
            made = make_sweep(
                spec, models.classifier, models.purifier, models.images, models.labels, on_step
            )
    save_sweep(made, path)
    yield f"wrote {path}"


def importance(spec: AttackedSpec) -> Iterator[str]:
    """Flip every bit alone, over all images of the split."""
    if find_importance(spec) is not None:
        yield f"the importance of the bits of {spec.defense} is up to date"
        return
    models = _load(spec, None)
    with Bar(_title("importance", spec)) as on_step:
        found = bit_importance(
            models.classifier, models.purifier, models.images, models.labels, on_step
        )
    yield f"wrote {store_importance(found, spec)}"


def flips(spec: AttackedSpec) -> Iterator[str]:
    """Count the flipped bits of COMPARED_ATTACKS on COMPARED_CLASSIFIERS behind one defense."""
    wanted = [
        replace(
            spec,
            classifier=classifier,
            attack=attack,
            parameters=tuple(parameters.items()),
            n=spec.n if classifier == spec.classifier else min(spec.n, MOST_BESIDE),
        )
        for classifier in COMPARED_CLASSIFIERS
        for attack, parameters in COMPARED_ATTACKS
    ]
    for each in wanted:
        before = {run.spec: run for run in stored_flips()}
        if each in before:
            continue
        before[each] = _flips_of(each)
        others = [run for known, run in before.items() if known not in wanted]
        path = store_flips([*others, *(before[one] for one in wanted if one in before)])
        yield f"wrote {_title('flips', each)} to {path}"
    yield f"{len(wanted)} runs are stored"


PARTS: Mapping[str, Part] = {
    "attacked": attacked,
    "sweep": sweep,
    "importance": importance,
    "flips": flips,
}


def _flips_of(spec: AttackedSpec) -> StoredFlips:
    made = find_stored(spec)
    if made is None:
        models = _load(spec, spec.n)
        with Bar(_title("flips", spec)) as on_step:
            made = make_attacked(
                spec, models.classifier, models.purifier, models.images, models.labels, on_step
            )
        keep_attacked(made)
    return summarised(made)


def _load(spec: AttackedSpec, count: int | None) -> _Models:
    device = pick_device()
    images, labels = load_dataset(spec.dataset, spec.split, count=count)
    return _Models(
        classifier=load_classifier(spec.dataset, spec.classifier),
        purifier=load_defense(spec.dataset, spec.defense),
        images=images.to(device),
        labels=labels.to(device),
    )


def _title(part: str, spec: AttackedSpec) -> str:
    return f"{part} {spec.attack} {spec.classifier} {spec.defense}"
