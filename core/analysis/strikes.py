"""One attack on one image as its attacker sees the defense: not at all, or all of it."""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from core.analysis.runs import DRAWS, WORST, RunSpec
from core.attacks.adaptive import attack_adaptively
from core.attacks.base import ROUNDING
from core.devices import generator_for
from core.system import BARE
from core.types import Classifier, OnStep, Purifier


@dataclass(frozen=True, eq=False, kw_only=True)
class Strike:
    """An adversarial image (1, c, h, w), and how it was made.

    Attributes:
        images: The image.
        trajectory: The way to it (frames, 1, c, h, w); None where there is none to show.
        surrogate: What an adaptive attack made it with; None for an oblivious one.
        tried: Everything that an adaptive attack tried, in order.
        warnings: Sentences on gradients that were worth nothing.
    """

    images: Tensor
    trajectory: Tensor | None
    surrogate: str | None
    tried: tuple[str, ...]
    warnings: tuple[str, ...]


def make_strike(
    classifier: Classifier,
    purifier: Purifier | None,
    images: Tensor,
    label: int,
    spec: RunSpec,
    on_step: OnStep | None = None,
) -> Strike:
    """Run the attack of a specification on one image (1, c, h, w).

    An oblivious attack sees the bare classifier. An adaptive one is that of
    ``core.attacks.adaptive``, through the surrogate named or through all of them, until one breaks
    the defense; if none does, the image that came nearest is kept.
    """
    attack = spec.build_attack()
    labels = torch.tensor([label], device=images.device)
    target = None if spec.target is None else torch.tensor([spec.target], device=images.device)
    if spec.threat == "oblivious" or purifier is None:
        result = attack(
            classifier,
            images,
            labels,
            target=target,
            generator=fresh(images, spec),
            on_step=on_step,
        )
        return Strike(
            images=result.images,
            trajectory=result.trajectory,
            surrogate=None,
            tried=(),
            warnings=result.warnings,
        )
    broken = attack_adaptively(
        attack,
        classifier,
        purifier,
        images,
        labels,
        target=target,
        generator=fresh(images, spec),
        surrogates=None if spec.surrogate == WORST else (spec.surrogate,),
        draws=DRAWS,
        on_step=on_step,
    )
    made_by = broken.made_by[0]
    result_of = broken.results.get(made_by)
    return Strike(
        images=broken.images,
        trajectory=None if result_of is None else result_of.trajectory,
        surrogate=made_by or BARE,
        tried=tuple(broken.broken_by),
        warnings=broken.warnings,
    )


def sizes(images: Tensor, clean: Tensor) -> tuple[int, float, float]:
    """Pixels that changed, Euclidean size and largest change of one image (1, c, h, w)."""
    change = (images - clean).abs()
    changed = int((change > ROUNDING).any(dim=1).sum())
    return changed, float(change.flatten().norm()), float(change.max())


def hits(prediction: int, label: int, target: int | None) -> bool:
    """Whether an attack has reached its goal: the target, or any class but the label."""
    return prediction != label if target is None else prediction == target


def fresh(images: Tensor, spec: RunSpec) -> Generator:
    """A new generator with the seed of a run, on the images' device."""
    return generator_for(images.device, spec.seed)
