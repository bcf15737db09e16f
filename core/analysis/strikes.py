"""One attack on one image as its attacker sees the defence: not at all, or through stand-ins."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from core.analysis.runs import WORST, RunSpec
from core.attacks import AttackResult
from core.devices import generator_for
from core.evaluation.threats import BARE, defended, through
from core.types import Classifier, OnStep, Purifier, part_of


@dataclass(frozen=True)
class Strike:
    """An adversarial image (1, c, h, w), and the surrogate it was made through."""

    result: AttackResult
    surrogate: str | None


def make_strike(
    classifier: Classifier,
    purifier: Purifier | None,
    images: Tensor,
    label: int,
    spec: RunSpec,
    on_step: OnStep | None = None,
) -> Strike:
    """Run the attack of a specification on one image (1, c, h, w).

    An oblivious attack sees the bare classifier. An adaptive one goes through the surrogate
    named, or through all of them and the bare classifier until one breaks the defence; if none
    does, the one that came closest is kept. Every try starts from the same seed, so the winner
    can be run again alone.
    """
    attack = spec.build_attack()
    labels = torch.tensor([label], device=images.device)
    target = None if spec.target is None else torch.tensor([spec.target], device=images.device)
    best: Strike | None = None
    closest = -float("inf")
    views = list(_views(classifier, purifier, images, spec))
    for part, (name, view) in enumerate(views):
        result = attack(
            view,
            images,
            labels,
            target=target,
            generator=fresh(images, spec),
            on_step=part_of(on_step, part, len(views)),
        )
        with torch.no_grad():
            judge = defended(classifier, purifier, fresh(images, spec))
            probabilities = judge(result.images).softmax(1)[0]
        nearness = _nearness(probabilities, label, spec.target)
        if best is None or nearness > closest:
            best, closest = Strike(result, name), nearness
        if hits(int(probabilities.argmax()), label, spec.target):
            break
    assert best is not None
    return best


def hits(prediction: int, label: int, target: int | None) -> bool:
    """Whether an attack has reached its goal: the target, or any class but the label."""
    return prediction != label if target is None else prediction == target


def fresh(images: Tensor, spec: RunSpec) -> Generator:
    """A new generator with the seed of a run, on the images' device."""
    return generator_for(images.device, spec.seed)


def _views(
    classifier: Classifier, purifier: Purifier | None, images: Tensor, spec: RunSpec
) -> Iterator[tuple[str | None, Classifier]]:
    """What the attacker differentiates through, each with a generator of its own."""
    if spec.threat == "oblivious" or purifier is None:
        yield None, classifier
        return
    surrogates = purifier.surrogates
    if spec.surrogate in (WORST, BARE):
        yield BARE, classifier
    names = list(surrogates) if spec.surrogate == WORST else [spec.surrogate]
    for name in names:
        if name == BARE:
            continue
        if name not in surrogates:
            choices = ", ".join([WORST, BARE, *surrogates])
            raise ValueError(f"unknown surrogate {name!r}; choose from {choices}")
        yield name, through(classifier, surrogates[name], fresh(images, spec))


def _nearness(probabilities: Tensor, label: int, target: int | None) -> float:
    wanted = -probabilities[label] if target is None else probabilities[target]
    return float(wanted)
