"""An attack on ourselves: time is spent on whoever a stored figure says still stands.

The stored figure names its survivors, image by image. They are attacked again and again by
``Adaptive`` with other seeds, other lengths and every surrogate by itself, beginning at the nearest
images so far, until the time is up. What falls is stored beside the tables, and from then on the
figure is counted without it.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import torch
from torch import Tensor

from core.attacks import Attack, make_attack
from core.attacks.adaptive import attack_adaptively
from core.checkpoints import load_classifier
from core.data import load_dataset
from core.defenses import DEFENSES, load_defense
from core.devices import batch_for, generator_for, pick_device
from core.evaluation.accuracy import Accuracy
from core.evaluation.adaptive_column import EVERYTHING, AdaptiveFigure, adaptive_figures
from core.evaluation.checking import hashes_of
from core.evaluation.distances import with_distances
from core.evaluation.keeping import Keeping, OnNotice
from core.evaluation.records import pack, right_under
from core.evaluation.results import store_results, stored_results
from core.evaluation.specification import Evaluation, Specification
from core.system import System
from core.types import LabError, OnStep, Purifier, Step

SUITE = "break"
"""Name of the stored results of these attacks, one file a data set."""

LENGTHS = (60, 120, 40, 200)
"""Gradient steps of an ascent, round after round."""

FIRST_SEED = 1_000
"""Seeds of these attacks begin here, so that none repeats a table's."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Whose figure is attacked.

    Attributes:
        dataset: A row of ``DATASETS``.
        classifier: Name of its checkpoint.
        defense: A row of ``DEFENSES``; None for a classifier that needs none.
        norm: ``linf`` or ``l2``.
        epsilon: The budget.
        n: The first images of the test split.
    """

    dataset: str
    classifier: str
    defense: str | None
    norm: str
    epsilon: float
    n: int


@dataclass(frozen=True, kw_only=True)
class Report:
    """What came of it.

    Attributes:
        before: Who stood by the stored figure, on the same images.
        after: Who stands now.
        broken_by: How many fell to each attempt.
        rounds: Rounds that were begun.
        evaluation: What was stored.
    """

    before: Accuracy
    after: Accuracy
    broken_by: dict[str, int]
    rounds: int
    evaluation: Evaluation


def break_figure(
    target: Target,
    *,
    minutes: float,
    cache: Path | None = None,
    on_step: OnStep | None = None,
    on_notice: OnNotice | None = None,
) -> Report:
    """Spend some minutes on finding what a stored figure missed, and store what is found.

    Args:
        target: Whose figure.
        minutes: How long; an attempt that has begun is brought to its end.
        cache: Folder where a measurement of the figure on this machine kept its images.
        on_step: Progress, by the time that is spent.
        on_notice: Receives sentences on what is done.

    Raises:
        LabError: There is no such figure, or its images are not here.
    """
    figure = _stored_figure(target)
    device = pick_device()
    images, labels = (
        one.to(device) for one in load_dataset(target.dataset, "test", count=target.n)
    )
    classifier = load_classifier(target.dataset, target.classifier)
    purifier = None if target.defense is None else load_defense(target.dataset, target.defense)
    standing = _standing(figure, target.n)
    nearest = _made_before(figure, images, Keeping(cache, on_notice), on_notice)
    started = time.monotonic()
    before = Accuracy(correct=int(standing.sum()), n=target.n)
    broken_by: dict[str, int] = {}
    rounds = 0

    def spent() -> float:
        return (time.monotonic() - started) / (60 * minutes)

    for number, (attack, names) in enumerate(_rounds(target, purifier)):
        rows = standing.nonzero().flatten().to(device)
        if spent() >= 1 or not len(rows):
            break
        rounds = number + 1
        found = attack_adaptively(
            attack,
            classifier,
            purifier,
            images[rows],
            labels[rows],
            generator=generator_for(device, FIRST_SEED + number),
            surrogates=names,
            draws=1 + number % 4,
            starts=(nearest[rows],),
            at_once=batch_for(device),
            enough=lambda: spent() >= 1,
            on_step=None if on_step is None else _by_time(on_step, spent),
        )
        nearest[rows] = found.images
        standing[rows[found.fooled].cpu()] = False
        for name, count in found.broken_by.items():
            if count:
                broken_by[name] = broken_by.get(name, 0) + count
    evaluation = _evaluation(target, figure, images, nearest, standing, broken_by, minutes)
    _store(target.dataset, evaluation)
    after = Accuracy(correct=int(standing.sum()), n=target.n)
    return Report(
        before=before, after=after, broken_by=broken_by, rounds=rounds, evaluation=evaluation
    )


def _stored_figure(target: Target) -> AdaptiveFigure:
    from core.evaluation.suites import COMPARED

    found = [one for suite in COMPARED for one in stored_results(f"{target.dataset}-{suite}")]
    wanted = (target.classifier, target.defense or target.classifier, target.norm, target.epsilon)
    for one in adaptive_figures(found, least=1):
        if (one.classifier, one.defense, one.norm, one.epsilon) == wanted or (
            target.defense is None
            and (one.defense, one.norm, one.epsilon) == (target.classifier, *wanted[2:])
        ):
            return one
    raise LabError(
        f"nothing is stored of {wanted[1]} on {target.dataset} under {target.norm} "
        f"{target.epsilon:g} with an attacker who sees the defense; measure it first, for example "
        f"with `python -m core evaluate table headline --dataset {target.dataset}`"
    )


def _standing(figure: AdaptiveFigure, n: int) -> Tensor:
    """Who of the first images still stands by everything stored, bool (n,)."""
    least = max(one.specification.n for one in figure.evaluations)
    if n > least:
        raise LabError(f"the stored figure is about {least:,} images, not {n:,}; lower --n")
    standing = torch.ones(n, dtype=torch.bool)
    for one in figure.evaluations:
        shared = min(n, one.specification.n)
        standing[:shared] &= right_under(one)[:shared]
    return standing


def _made_before(
    figure: AdaptiveFigure, images: Tensor, keeping: Keeping, on_notice: OnNotice | None
) -> Tensor:
    """The images of the strongest stored attack, made anew where this machine has none."""
    from core.evaluation.engine import evaluate

    strongest = min(
        (one for one in figure.evaluations if one.specification.attack in EVERYTHING),
        key=lambda one: right_under(one).float().mean().item(),
        default=None,
    )
    if strongest is None or keeping.folder is None:
        return images.clone()
    spec = strongest.specification
    key = spec.fingerprint(hashes_of(spec))
    known = keeping.images("adaptive", key)
    if known is None and spec.threat == "adaptive":
        if on_notice is not None:
            on_notice(f"making the images of the stored attack first ({spec.n} images)")
        evaluate(replace(spec, checked=False), cache=keeping.folder)
        known = keeping.images("adaptive", key)
    if known is None:
        return images.clone()
    return known[0][: len(images)].to(images).clone()


def _rounds(
    target: Target, purifier: Purifier | None
) -> Iterator[tuple[Attack, tuple[str, ...] | None]]:
    """Attacks, and the surrogates they go through: None for all of them as usual."""
    name = "adaptive_l2" if target.norm == "l2" else "adaptive"
    alone = () if purifier is None else tuple(System(_nothing, purifier).surrogates())
    number = 0
    while True:
        effort = {
            "epsilon": target.epsilon,
            "steps": LENGTHS[number % len(LENGTHS)],
            "restarts": 1 + number // 2,
        }
        guesses = {"squares": 1000 * (1 + number), "rounds": 30 if number % 2 else 0}
        yield make_attack(name, **effort, **guesses), None
        # By themselves, without the chains that go from one to the next.
        for one in alone:
            yield make_attack(name, **effort, squares=0), (one,)
        number += 1


def _nothing(images: Tensor) -> Tensor:
    """A classifier for a system of which only the names of its surrogates are asked."""
    return images


def _by_time(on_step: OnStep, spent: Callable[[], float]) -> OnStep:
    def tell(step: Step) -> None:
        on_step(replace(step, index=max(1, min(1000, round(1000 * spent()))), of=1000))

    return tell


def _evaluation(  # noqa: PLR0913  what it is made of
    target: Target,
    figure: AdaptiveFigure,
    images: Tensor,
    adversarial: Tensor,
    standing: Tensor,
    broken_by: dict[str, int],
    minutes: float,
) -> Evaluation:
    """What is stored: a cell of its own, whose record is who stands after it."""
    spec = Specification(
        dataset=target.dataset,
        classifier=target.classifier,
        defense=target.defense,
        attack="adaptive_l2" if target.norm == "l2" else "adaptive",
        parameters=(("epsilon", target.epsilon),),
        threat="oblivious" if target.defense is None else "adaptive",
        n=target.n,
        seed=FIRST_SEED,
        **({} if target.defense is None else {"checked": False}),  # type: ignore[arg-type]
    )
    right = Accuracy(correct=int(standing.sum()), n=target.n)
    some = figure.evaluations[0]
    found = Evaluation(
        specification=spec,
        clean=some.clean,
        clean_defended=some.clean_defended,
        attacked=right if target.defense is None else None,
        robust=None if target.defense is None else right,
        broken_by=broken_by,
        hashes=hashes_of(spec),
        device=str(images.device),
        measured=datetime.now(UTC).isoformat(timespec="seconds"),
        outcomes={"attacked" if target.defense is None else "robust": pack(standing)},
        notes=(
            f"Found by `python -m core break` in {minutes:g} minutes, on those who stood by the "
            "stored figure.",
        ),
    )
    return with_distances(found, images, adversarial)


def _store(dataset: str, evaluation: Evaluation) -> None:
    """Put it among what is stored; who fell in an earlier one of the same figure stays fallen."""
    name = f"{dataset}-{SUITE}"
    others = [one for one in stored_results(name) if one.specification != evaluation.specification]
    store_results(name, [*others, evaluation])


def parse_defense(name: str, classifier: str) -> tuple[str, str | None]:
    """Classifier and defense of a word: a row of ``DEFENSES``, or a robust classifier's name."""
    return (classifier, name) if name in DEFENSES else (name, None)
