"""Attack many images, purify them, and encode everything that was seen on the way."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from core.analysis.attacked import ROLES, Attacked, Pictures, Role
from core.analysis.attacked_spec import AttackedSpec
from core.analysis.crafting import crafted_images
from core.analysis.encoding import latents_of, purified_images, redrawn_latents, said
from core.attacks import same_norm_noise
from core.attacks.base import ROUNDING
from core.defenses import LqVaePurifier
from core.devices import generator_for
from core.types import Classifier, OnStep, Purifier, Step, searches

T = TypeVar("T")

MEASUREMENTS = 7
"""What follows the purifications and is reported: two answers to them, five codes."""


def make_attacked(
    spec: AttackedSpec,
    classifier: Classifier,
    purifier: Purifier,
    images: Tensor,
    labels: Tensor,
    on_step: OnStep | None = None,
) -> Attacked:
    """Attack the bare classifier on the first images of a split, purify, and encode everything.

    Args:
        spec: What to do. Its names are not looked up: classifier and purifier are given.
        classifier: The bare classifier.
        purifier: The defense, which the attack does not see.
        images: The first ``spec.n`` images of the split (n, c, h, w) in [0, 1].
        labels: Their classes (n,), int64.
        on_step: Progress; may raise ``Cancelled``.

    Raises:
        LabError: There are not ``spec.n`` images.
    """
    spec.check_count(images)
    # A defense that searches takes longer than most attacks.
    slow = searches(purifier)
    ends = (0.3, 0.6, 0.9) if slow else (0.9, 0.9, 0.9)
    adversarial = crafted_images(spec, classifier, images, labels, within(on_step, 0.0, ends[0]))
    told = [within(on_step, *part) if slow else None for part in pairwise(ends)]
    purified = purified_images(purifier, adversarial, seed_of(spec, "adversarial"), told[0])
    purified_clean = purified_images(purifier, images, seed_of(spec, "clean"), told[1])
    tell = _counter(within(on_step, 0.9, 1.0))
    latents = bits = None
    if isinstance(purifier, LqVaePurifier):
        noise = _same_norm(spec, images, adversarial)
        sources: dict[Role, Tensor] = {
            "clean": images,
            "adversarial": adversarial,
            "purified": purified,
            "noise": noise,
        }
        drawn = {
            role: tell(latents_of(purifier, source, seed_of(spec, role)))
            for role, source in sources.items()
        }
        drawn["redrawn"] = tell(redrawn_latents(purifier, images, seed_of(spec, "redrawn")))
        latents = {role: drawn[role].float().cpu().numpy() for role in ROLES}
        bits = {
            role: purifier.quantizer.bits(drawn[role]).to(torch.int8).cpu().numpy()
            for role in ROLES
        }
    quantizer = purifier.quantizer if isinstance(purifier, LqVaePurifier) else None
    change = (adversarial - images).flatten(1)
    return Attacked(
        spec=spec,
        indices=np.arange(spec.n),
        labels=labels.cpu().numpy(),
        clean=as_bytes(images),
        adversarial=as_bytes(adversarial),
        purified=as_bytes(purified),
        purified_clean=as_bytes(purified_clean),
        said_clean=said(classifier, images),
        said_adversarial=said(classifier, adversarial),
        said_purified=tell(said(classifier, purified)),
        said_purified_clean=tell(said(classifier, purified_clean)),
        l2=change.norm(dim=1).cpu().numpy(),
        linf=change.abs().amax(1).cpu().numpy(),
        latents=latents,
        bits=bits,
        bits_per_latent=quantizer.bits_per_latent if quantizer else 0,
        walls=quantizer.walls if quantizer else (),
        codewords=quantizer.codewords if quantizer else (),
        hashes=spec.hashes(),
    )


def seed_of(spec: AttackedSpec, role: Role) -> int:
    """The seed of one role's latent noise: a noisy model draws anew for every picture it sees."""
    return 100 * (spec.seed + 1) + ROLES.index(role)


def as_bytes(images: Tensor) -> Pictures:
    """Images in [0, 1] as bytes 0 to 255, for the screen."""
    pixels: Pictures = (images * 255).round().to(torch.uint8).cpu().numpy()
    return pixels


def within(on_step: OnStep | None, start: float, end: float) -> OnStep | None:
    """Turn the progress of one part into progress of the whole, in thousandths.

    Args:
        on_step: Receives the progress of the whole; None gives None.
        start: Where the part begins, as a share of the whole.
        end: Where it ends.
    """
    if on_step is None:
        return None
    return lambda step: on_step(
        replace(step, index=round(1000 * (start + (end - start) * step.index / step.of)), of=1000)
    )


def _same_norm(spec: AttackedSpec, images: Tensor, adversarial: Tensor) -> Tensor:
    """The clean images with random noise as large as each perturbation in the attack's norm."""
    norm = spec.build_attack().norm
    change = (adversarial - images).abs()
    if norm == "l0":
        size = (change > ROUNDING).any(1).flatten(1).sum(1)
    else:
        size = change.flatten(1).norm(dim=1, p=2 if norm == "l2" else float("inf"))
    generator = generator_for(images.device, seed_of(spec, "noise"))
    return same_norm_noise(images, size, norm, generator=generator)


def _counter(on_step: OnStep | None) -> Callable[[T], T]:
    """A function that hands its argument on and reports that one more part is done."""
    done = 0

    def tell(value: T) -> T:
        nonlocal done
        done += 1
        if on_step is not None:
            on_step(Step(min(done, MEASUREMENTS), MEASUREMENTS))
        return value

    return tell
