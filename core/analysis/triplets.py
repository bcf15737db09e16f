"""One image, attacked and purified: every figure the attack lab shows, each computed once."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.analysis.runs import RunSpec
from core.analysis.strikes import fresh, hits, make_strike, sizes
from core.attacks import same_norm_noise
from core.defenses import CodedPurifier
from core.types import Classifier, OnStep, Purifier, part_of, purify_in_steps, searches

Floats: TypeAlias = NDArray[np.float32]
Outcome: TypeAlias = Literal[
    "wrong before", "not fooled", "fooled", "repaired", "not repaired", "spoiled"
]

NOISE_DRAWS = 20
"""How many random perturbations of the attack's size are tried as a control."""


@dataclass(frozen=True, eq=False)
class Reading:
    """A picture and what the bare classifier says of it.

    Attributes:
        image: (c, h, w) in [0, 1].
        probabilities: One for each class (k,).
    """

    image: Floats
    probabilities: Floats

    @property
    def prediction(self) -> int:
        """The class with the highest probability."""
        return int(self.probabilities.argmax())

    @property
    def confidence(self) -> float:
        """That probability."""
        return float(self.probabilities.max())


@dataclass(frozen=True, eq=False)
class Code:
    """The purifier's code of the clean and of the adversarial image.

    Attributes:
        clean: Bits in {-1, +1}, int8 (d,).
        adversarial: The same of the adversarial image.
    """

    clean: NDArray[np.int8]
    adversarial: NDArray[np.int8]

    @property
    def flipped(self) -> NDArray[np.bool_]:
        """Which bits differ (d,)."""
        return np.not_equal(self.clean, self.adversarial)


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The way of an iterative attack, from the clean image to the result.

    Attributes:
        images: uint8 (steps + 1, c, h, w).
        bare: Probabilities of the bare classifier at each step (steps + 1, k).
        defended: The same behind the purifier; None without one, and behind one that searches.
    """

    images: NDArray[np.uint8]
    bare: Floats
    defended: Floats | None


@dataclass(frozen=True, eq=False, kw_only=True)
class Triplet:
    """One run: the three pictures, the control, and what was measured.

    Attributes:
        label: The class taken as right.
        target: The class the attack aimed at; None is any other.
        original: The clean image.
        adversarial: The attacked image.
        purified: The attacked image after the purifier; None without one.
        purified_original: The clean image after the purifier; None without one.
        noise: The clean image with random noise as large as the attack's change.
        noise_fooled: How many of ``NOISE_DRAWS`` such noises change the classifier's answer
            from the label; with a target, to the target.
        code: Bits before and after; None when the purifier has no code.
        l0: Pixels that changed.
        l2: Euclidean size of the change.
        linf: Largest change of one value.
        trajectory: The attack's way; None when it has none to show.
        surrogate: What an adaptive attack made its image with; None for an oblivious one.
        tried: Everything that an adaptive attack tried, in order.
        warnings: Sentences on gradients that were worth nothing to the attack.
        attack_seconds: Time the attack took, over all surrogates tried.
        purify_seconds: Time one purification took.
    """

    label: int
    target: int | None
    original: Reading
    adversarial: Reading
    purified: Reading | None
    purified_original: Reading | None
    noise: Reading
    noise_fooled: int
    code: Code | None
    l0: int
    l2: float
    linf: float
    trajectory: Trajectory | None
    surrogate: str | None
    attack_seconds: float
    purify_seconds: float
    tried: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """What happened, in one word."""
        purified = None if self.purified is None else self.purified.prediction
        return outcome_of(
            self.label, self.original.prediction, self.adversarial.prediction, purified
        )


def outcome_of(label: int, original: int, adversarial: int, purified: int | None) -> Outcome:
    """What became of an image, in one word; ``spoiled`` means that only the purifier erred.

    Args:
        label: The right class.
        original: The classifier's answer to the clean image.
        adversarial: Its answer to the attacked one.
        purified: Its answer to the purified one; None without a purifier.
    """
    if original != label:
        return "wrong before"
    fooled = adversarial != label
    if purified is None:
        return "fooled" if fooled else "not fooled"
    right = purified == label
    if fooled:
        return "repaired" if right else "not repaired"
    return "not fooled" if right else "spoiled"


def make_triplet(
    classifier: Classifier,
    purifier: Purifier | None,
    image: Tensor,
    label: int,
    spec: RunSpec,
    on_step: OnStep | None = None,
) -> Triplet:
    """Attack one image, purify it, and measure both.

    Args:
        classifier: The bare classifier.
        purifier: The defense of ``spec``; None leaves the classifier bare.
        image: (c, h, w) in [0, 1], on the classifier's device.
        label: Its class.
        spec: The attack, who it sees, and the seed.
        on_step: Progress of the attack, and of a defense that searches; may raise ``Cancelled``.
    """
    images = image.unsqueeze(0)
    parts = 3 if searches(purifier) else 1
    told = [part_of(on_step, min(part, parts - 1), parts) for part in range(3)]
    started = time.perf_counter()
    strike = make_strike(classifier, purifier, images, label, spec, told[0])
    attack_seconds = time.perf_counter() - started
    attacked = strike.images
    l0, l2, linf = sizes(attacked, images)
    with torch.no_grad():
        pictures = [images, attacked]
        purify_seconds = 0.0
        if purifier is not None:
            started = time.perf_counter()
            pictures.append(purify_in_steps(purifier, attacked, fresh(images, spec), told[1]))
            purify_seconds = time.perf_counter() - started
            pictures.append(purify_in_steps(purifier, images, fresh(images, spec), told[2]))
        noises = _noises(images, {"l0": l0, "l2": l2, "linf": linf}, spec)
        readings = read(classifier, torch.cat([*pictures, noises]))
    drawn = readings[len(pictures) :]
    shown = [*readings[: len(pictures)], None, None][:4]
    return Triplet(
        label=label,
        target=spec.target,
        original=readings[0],
        adversarial=readings[1],
        purified=shown[2],
        purified_original=shown[3],
        noise=drawn[0],
        noise_fooled=sum(hits(reading.prediction, label, spec.target) for reading in drawn),
        code=_code(purifier, images, attacked, spec),
        l0=l0,
        l2=l2,
        linf=linf,
        trajectory=_trajectory(classifier, purifier, strike.trajectory, spec),
        surrogate=strike.surrogate,
        tried=strike.tried,
        warnings=strike.warnings,
        attack_seconds=attack_seconds,
        purify_seconds=purify_seconds,
    )


def read(classifier: Classifier, images: Tensor) -> list[Reading]:
    """What the bare classifier says of each image (n, c, h, w)."""
    with torch.no_grad():
        probabilities = classifier(images).softmax(1)
    return [
        Reading(picture, row)
        for picture, row in zip(
            images.float().cpu().numpy(), probabilities.float().cpu().numpy(), strict=True
        )
    ]


def _noises(images: Tensor, sizes: Mapping[str, float], spec: RunSpec) -> Tensor:
    """Random perturbations (NOISE_DRAWS, c, h, w) as large as the attack's, in its own norm."""
    norm = spec.build_attack().norm
    size = torch.full((NOISE_DRAWS,), float(sizes[norm]), device=images.device)
    copies = images.expand(NOISE_DRAWS, *images.shape[1:])
    return same_norm_noise(copies, size, norm, generator=fresh(images, spec))


def _code(
    purifier: Purifier | None, images: Tensor, attacked: Tensor, spec: RunSpec
) -> Code | None:
    if not isinstance(purifier, CodedPurifier):
        return None
    with torch.no_grad():
        clean, adversarial = (
            purifier.code(picture, generator=fresh(images, spec))[0].to(torch.int8).cpu().numpy()
            for picture in (images, attacked)
        )
    return Code(clean, adversarial)


def _trajectory(
    classifier: Classifier, purifier: Purifier | None, frames: Tensor | None, spec: RunSpec
) -> Trajectory | None:
    if frames is None or len(frames) < 2:
        return None
    frames = frames[:, 0]
    with torch.no_grad():
        bare = classifier(frames).softmax(1).float().cpu().numpy()
        behind = None
        if purifier is not None and not searches(purifier):
            purified = purifier(frames, generator=fresh(frames, spec))
            behind = classifier(purified).softmax(1).float().cpu().numpy()
    pixels = (frames * 255).round().to(torch.uint8).cpu().numpy()
    return Trajectory(pixels, bare, behind)
