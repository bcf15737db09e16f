"""Flipped bits and accuracy over the strength of an attack, image by image.

An attack with a budget is run anew at every budget. An attack that looks for the smallest
perturbation has none: what it found is shortened and stretched, and clipped to [0, 1].
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.analysis.attacked import Classes, Floats
from core.analysis.attacked_spec import AttackedSpec
from core.analysis.attacking import seed_of, within
from core.analysis.crafting import crafted_images
from core.analysis.encoding import latents_of, purified_images, said
from core.analysis.thresholds import highest_epsilon
from core.defenses import LqVaePurifier
from core.evaluation.accuracy import Accuracy
from core.types import Classifier, OnStep, Purifier, Step, part_of

Kind: TypeAlias = Literal["epsilon", "stretch"]
Truths: TypeAlias = NDArray[np.bool_]

SHARES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
"""Budgets as shares of the largest one the menus offer; the run's own is added to them."""

STRETCHES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
"""Factors for the perturbation of an attack without a budget; 1 is what it found."""


@dataclass(frozen=True, eq=False, kw_only=True)
class StrengthSweep:
    """One attack at P strengths on the same n images.

    Attributes:
        spec: The attack at its own strength, which is among the strengths.
        kind: ``epsilon``: strengths are budgets in the attack's norm, [0, 1] pixel units.
            ``stretch``: they are factors of the perturbation found; 1 is the attack itself.
        strengths: Ascending from 0 (P,).
        bits: Bits D of the code; 0 without one.
        flips: Flipped bits (P, n); None without a code.
        right_bare: Whether the bare classifier is right on the attacked images (P, n).
        right_defended: Whether it is right once they are purified (P, n).
        l2: Euclidean size of the perturbations after the clip (P, n).
        hashes: sha256 of the checkpoints used, by name.
    """

    spec: AttackedSpec
    kind: Kind
    strengths: NDArray[np.float64]
    bits: int
    flips: NDArray[np.int16] | None
    right_bare: Truths
    right_defended: Truths
    l2: Floats
    hashes: Mapping[str, str]

    @property
    def own(self) -> int:
        """The place of the attack's own strength among ``strengths``."""
        own = own_strength(self.spec)
        return int(np.abs(self.strengths - own).argmin())

    def accuracy(self, defended: bool, chosen: Truths | None = None) -> tuple[Accuracy, ...]:
        """Accuracy at each strength, over all images or the chosen ones (n,), at least one.

        Args:
            defended: Behind the purifier; else the bare classifier.
            chosen: Which images count; None for all.
        """
        right = self.right_defended if defended else self.right_bare
        rows = right if chosen is None else right[:, chosen]
        return tuple(Accuracy(correct=int(row.sum()), n=len(row)) for row in rows)

    def mean_l2(self, chosen: Truths | None = None) -> NDArray[np.float64]:
        """Mean Euclidean size of the perturbations at each strength (P,)."""
        rows = self.l2 if chosen is None else self.l2[:, chosen]
        means: NDArray[np.float64] = rows.mean(1, dtype=np.float64)
        return means

    def flips_at(self, point: int) -> Classes:
        """Flipped bits of each image (n,) at one strength, by its place.

        Raises:
            ValueError: The purifier has no code.
        """
        if self.flips is None:
            raise ValueError(f"{self.spec.defense} has no code, so there are no bits to compare")
        row: Classes = self.flips[point].astype(np.int64)
        return row


def own_strength(spec: AttackedSpec) -> float:
    """The strength of the attack itself: its epsilon, or the factor 1."""
    epsilon = spec.build_attack().epsilon
    return 1.0 if epsilon is None else epsilon


def strengths_of(spec: AttackedSpec) -> tuple[float, ...]:
    """The strengths at which a run is measured, ascending from 0, at most 13."""
    highest = highest_epsilon(spec)
    if highest is None:
        return STRETCHES
    return tuple(sorted({round(highest * share, 4) for share in SHARES} | {own_strength(spec)}))


def make_sweep(
    spec: AttackedSpec,
    classifier: Classifier,
    purifier: Purifier,
    images: Tensor,
    labels: Tensor,
    on_step: OnStep | None = None,
) -> StrengthSweep:
    """Attack at every strength, purify, and count bits and right answers.

    Args:
        spec: The attack; its epsilon gives way to each strength in turn.
        classifier: The bare classifier, all that the attack sees.
        purifier: The defense.
        images: The first ``spec.n`` images of the split (n, c, h, w) in [0, 1].
        labels: Their classes (n,), int64.
        on_step: Progress over all strengths; may raise ``Cancelled``.

    Raises:
        LabError: There are not ``spec.n`` images.
    """
    spec.check_count(images)
    strengths = strengths_of(spec)
    kind: Kind = "stretch" if highest_epsilon(spec) is None else "epsilon"
    truth = labels.cpu().numpy()
    code = _code(purifier, images, seed_of(spec, "clean"))
    flips, bare, behind, sizes = [], [], [], []
    attack = _at_budget if kind == "epsilon" else _stretched
    for adversarial in attack(spec, classifier, images, labels, on_step):
        purified = purified_images(purifier, adversarial, seed_of(spec, "adversarial"))
        bare.append(said(classifier, adversarial) == truth)
        behind.append(said(classifier, purified) == truth)
        sizes.append((adversarial - images).flatten(1).norm(dim=1).cpu().numpy())
        attacked_code = _code(purifier, adversarial, seed_of(spec, "adversarial"))
        if code is not None and attacked_code is not None:
            flips.append(torch.ne(attacked_code, code).sum(1).to(torch.int16).cpu().numpy())
    return StrengthSweep(
        spec=spec,
        kind=kind,
        strengths=np.array(strengths),
        bits=0 if code is None else code.shape[1],
        flips=np.stack(flips) if flips else None,
        right_bare=np.stack(bare),
        right_defended=np.stack(behind),
        l2=np.stack(sizes).astype(np.float32),
        hashes=spec.hashes(),
    )


def _at_budget(
    spec: AttackedSpec,
    classifier: Classifier,
    images: Tensor,
    labels: Tensor,
    on_step: OnStep | None,
) -> Iterator[Tensor]:
    """Adversarial images at one budget after another."""
    others = tuple(pair for pair in spec.parameters if pair[0] != "epsilon")
    strengths = strengths_of(spec)
    for place, epsilon in enumerate(strengths):
        tell = part_of(on_step, place, len(strengths))
        at = replace(spec, parameters=(*others, ("epsilon", epsilon)))
        yield crafted_images(at, classifier, images, labels, tell) if epsilon else images


def _stretched(
    spec: AttackedSpec,
    classifier: Classifier,
    images: Tensor,
    labels: Tensor,
    on_step: OnStep | None,
) -> Iterator[Tensor]:
    """The perturbations found, at one length after another."""
    found = crafted_images(spec, classifier, images, labels, within(on_step, 0.0, 0.9))
    tell = within(on_step, 0.9, 1.0)
    for place, factor in enumerate(STRETCHES, start=1):
        # The factor 1 is the attack itself, not what rounding leaves of it.
        stretched = (images + factor * (found - images)).clamp(0, 1)
        yield found if factor == 1 else stretched
        if tell is not None:
            tell(Step(place, len(STRETCHES)))


def _code(purifier: Purifier, images: Tensor, seed: int) -> Tensor | None:
    if not isinstance(purifier, LqVaePurifier):
        return None
    return purifier.quantizer.bits(latents_of(purifier, images, seed))
