"""Rows about attacks that know both limits of a selective classifier."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from core.analysis.selective_bench import Bench, Row, counted
from core.devices import batch_for, generator_for
from core.evaluation.selected import Selected
from core.selective import (
    BudgetJoint,
    JointResult,
    PaperJoint,
    Search,
    SecondLookAttack,
    searches_of,
)

FOOLING = 100
"""Starts from noise for each class, as in the paper."""

PAPER = PaperJoint()
"""The paper's two attacks, whose numbers it does not print."""

STEPS = 100
"""Of every attempt within a hard budget."""


def joint(bench: Bench, job: Mapping[str, Any]) -> Row:
    """Margin and both limits at once, within a hard budget."""
    attack = BudgetJoint(norm=job["norm"], epsilon=job["epsilon"], steps=STEPS)
    generator = generator_for(bench.images.device, bench.seed)
    broken: Counter[str] = Counter(dict.fromkeys(attack.titles(), 0))

    def work(images: Tensor, labels: Tensor) -> Tensor:
        made = attack(bench.classifier, images, labels, pool=bench.pool, generator=generator)
        broken.update(made.broken_by)
        return made.images

    attacked = bench.batchwise(work, bench.images, bench.labels)
    return {**bench.judged(attacked)[0], "broken_by": dict(broken)}


def second_look(bench: Bench, job: Mapping[str, Any]) -> Row:
    """Every second look under an attacker who knows it, within a hard budget.

    ``alone`` is about a second look at every image, ``both`` about the classifier that looks again
    at what it rejected. That one has also fallen where the first look accepts what it is not,
    which the joint attack finds.
    """
    fell = _accepted_wrong(bench, job) if job["epsilon"] else torch.zeros_like(bench.labels).bool()
    row: Row = {"first": _right(~fell)} if job["epsilon"] else {}
    searches = searches_of(bench.classifier)
    nobody = torch.zeros_like(fell)
    row["alone"] = {
        name: _right(~_misread(bench, job, search, nobody)) for name, search in searches.items()
    }
    row["both"] = {
        name: _right(~_misread(bench, job, search, fell, first=True))
        for name, search in searches.items()
    }
    return row


def _accepted_wrong(bench: Bench, job: Mapping[str, Any]) -> Tensor:
    """Which images the joint attack gets accepted as what they are not, (n,)."""
    attack = BudgetJoint(norm=job["norm"], epsilon=job["epsilon"], steps=STEPS)
    generator = generator_for(bench.images.device, bench.seed)

    def work(images: Tensor, labels: Tensor) -> Tensor:
        pool = bench.pool
        return attack(bench.classifier, images, labels, pool=pool, generator=generator).success

    return bench.batchwise(work, bench.images, bench.labels)


def _misread(
    bench: Bench, job: Mapping[str, Any], search: Search, fell: Tensor, *, first: bool = False
) -> Tensor:
    """Which images fell before, or are given a wrong class in the end, (n,)."""
    attack = SecondLookAttack(norm=job["norm"], epsilon=job["epsilon"], search=search, first=first)
    generator = generator_for(bench.images.device, bench.seed)

    def work(images: Tensor, labels: Tensor) -> Tensor:
        if not attack.epsilon:
            return attack.fooled(bench.classifier, images, labels)
        return attack(bench.classifier, images, labels, generator=generator).success

    fell = fell.clone()
    if not bool(fell.all()):
        fell[~fell] = bench.batchwise(work, bench.images[~fell], bench.labels[~fell])
    return fell


def _right(right: Tensor) -> Row:
    """Counts of images that all get a class, from whether it is the right one (n,)."""
    count = int(right.sum())
    return Selected(right=count, wrong=len(right) - count, rejected=0).as_dict()


def paper_joint(bench: Bench, job: Mapping[str, Any]) -> Row:
    """The paper's Eq. 10: images of one class towards each of the others."""
    origin, classes = job["origin"], bench.classifier.model.classes
    chosen = bench.images[bench.labels == origin][: len(bench.images) // classes]
    targets = [target for target in range(classes) if target != origin]
    parts = []
    for index, target in enumerate(targets, start=1):
        for images in chosen.split(batch_for(chosen.device)):  # type: ignore[no-untyped-call]
            labels = torch.full((len(images),), origin, device=images.device)
            wanted = torch.full_like(labels, target)
            parts.append(PAPER.change(bench.classifier, images, labels, wanted))
        bench.tell(index, len(targets))
    return {"images": len(chosen), **_outcome(parts, origin)} if len(chosen) else {"images": 0}


def fooling(bench: Bench, job: Mapping[str, Any]) -> Row:
    """The paper's Eq. 11: noise towards one class; right is what is accepted as that class."""
    device = bench.images.device
    # A seed of its own, so that a row does not depend on those before it.
    generator = generator_for(device, 1_000 * bench.seed + job["target"])
    parts, size = [], batch_for(device)
    for start in range(0, FOOLING, size):
        wanted = torch.full((min(size, FOOLING - start),), job["target"], device=device)
        parts.append(PAPER.fool(bench.classifier, wanted, generator=generator))
        bench.tell(start + len(wanted), FOOLING)
    return _outcome(parts, job["target"])


def _outcome(parts: Iterable[JointResult], label: int) -> Row:
    """What became of images that all have one label."""
    found = [part.judgement for part in parts]
    classes = torch.cat([each.classes for each in found])
    accepted = torch.cat([each.accepted for each in found])
    labels = torch.full_like(classes, label)
    return {
        "selected": Selected.counted(classes, accepted, labels).as_dict(),
        "reasons": counted(word for each in found for word in each.reasons),
    }
