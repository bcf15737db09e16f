"""Whether a latent quantizer does what its author thinks: every check, measured on one pipeline."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from core.analysis.attack_checks import (
    Point,
    check_budget,
    check_epsilon_zero,
    check_monotone,
    check_range,
)
from core.analysis.attacked_spec import AttackedSpec
from core.analysis.checks import Check
from core.analysis.code_checks import (
    check_dead,
    check_round_trip,
    check_soft,
    check_values,
    check_walls,
)
from core.analysis.crafting import crafted_images
from core.analysis.encoding import latents_of, purified_images, said
from core.analysis.lipschitz import Penalty, gradient_norms, lipschitz_ratios
from core.analysis.network_checks import check_decoders, check_gradients, check_lipschitz
from core.analysis.sanity_report import CodeFigures, Sanity, rounded, soft_curve
from core.attacks import ATTACKS, Norm, controls, same_norm_noise
from core.defenses import LqVaePurifier
from core.devices import generator_for, in_batches
from core.evaluation import Accuracy
from core.types import Classifier, LabError, OnStep, Purifier, Step, part_of

BUDGETS = 7
"""Budgets at which the attack is tried, from 0 to its epsilon."""

CODED = 2000
"""Images whose codes are looked at; the attack runs on ``spec.n`` of them."""


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """What is checked.

    Attributes:
        classifier: The bare classifier; the attack sees only this.
        purifier: The defense in front of it.
        penalty: The gradient penalty its encoder was trained with; None without a code.
    """

    classifier: Classifier
    purifier: Purifier
    penalty: Penalty | None = None


def why_not(attack: str) -> str | None:
    """Why an attack cannot be used for the checks; None when it can."""
    row = ATTACKS[attack]
    if "epsilon" not in {one.name for one in controls(row)}:
        return "it has no epsilon; the checks need a budget to turn up from 0."
    if attack.startswith("noise"):
        return "it is the control: it does not try to lower accuracy."
    return None


def check_quantizer(
    spec: AttackedSpec,
    pipeline: Pipeline,
    images: Tensor,
    labels: Tensor,
    on_step: OnStep | None = None,
) -> Sanity:
    """Run every check.

    Args:
        spec: What to check, and the attack at its largest budget. Its names are not looked up.
        pipeline: The loaded models of that specification.
        images: At least ``spec.n`` images (m, c, h, w) in [0, 1]: all are encoded, the first
            ``spec.n`` attacked.
        labels: Their classes (m,), int64.
        on_step: Progress; may raise ``Cancelled``.

    Raises:
        LabError: The attack cannot be used for it, or there are too few images.
    """
    reason = why_not(spec.attack)
    if reason is not None:
        raise LabError(f"{ATTACKS[spec.attack].title} cannot check a quantizer: {reason}")
    if len(images) < spec.n:
        raise LabError(f"the checks want {spec.n:,} images, but only {len(images):,} are there")
    return _Examination(spec, pipeline, images, labels).run(on_step)


class _Examination:
    """The images, attacked at every budget, and what is found out about them."""

    def __init__(
        self, spec: AttackedSpec, pipeline: Pipeline, images: Tensor, labels: Tensor
    ) -> None:
        self.spec, self.pipeline, self.all_images = spec, pipeline, images
        self.images, self.labels = images[: spec.n], labels[: spec.n]

    def run(self, on_step: OnStep | None) -> Sanity:
        """Every check; the attack at each budget counts as one step, the rest as the last."""
        attack = self.spec.build_attack()
        budgets = [round(attack.budget * place / (BUDGETS - 1), 4) for place in range(BUDGETS)]
        attacked = [
            self._attacked(epsilon, part_of(on_step, place, BUDGETS + 1))
            for place, epsilon in enumerate(budgets)
        ]
        with torch.no_grad():
            clean = self._purified(self.images)
            purified = [self._purified(images) for images in attacked]
            points = tuple(
                Point(
                    epsilon=epsilon,
                    bare=self._accuracy(images),
                    defended=self._accuracy(defended),
                    largest=float(sizes(images - self.images, attack.norm).max()),
                )
                for epsilon, images, defended in zip(budgets, attacked, purified, strict=True)
            )
        pixels = torch.cat(attacked)
        checks = [
            check_epsilon_zero(self.images, attacked[0], clean, purified[0]),
            check_budget(points, attack.norm, float(pixels.min()), float(pixels.max())),
            check_monotone(points),
            check_range(torch.cat([clean, *purified])),
        ]
        code = None
        if isinstance(self.pipeline.purifier, LqVaePurifier):
            own, code = self._code(self.pipeline.purifier, attacked[-1], attack.norm)
            checks = [*own, *checks]
        return Sanity(
            spec=self.spec,
            checks=tuple(checks),
            points=points,
            code=code,
            hashes=self.spec.hashes(),
        )

    def _code(
        self, purifier: LqVaePurifier, attacked: Tensor, norm: Norm
    ) -> tuple[list[Check], CodeFigures]:
        quantizer, model = purifier.quantizer, purifier.model
        penalty = self.pipeline.penalty or Penalty()
        size = sizes(attacked - self.images, norm)
        noisy = same_norm_noise(self.images, size, norm, generator=self._generator())
        with torch.no_grad():
            latents = self._latents(purifier, self.all_images)
            bits = quantizer.bits(latents)
            decoded = in_batches(model.hard_decoder, bits)
            again = quantizer.bits(self._latents(purifier, decoded))
            own, hard = latents[: self.spec.n], decoded[: self.spec.n]
            soft = in_batches(model.soft_decoder, quantizer.soft(own))
            agreeing = int((self._answers(hard) == self._answers(soft)).sum())
            adversarial, noise = (
                lipschitz_ratios(self.images, moved, own, self._latents(purifier, moved))
                for moved in (attacked, noisy)
            )
        norms = gradient_norms(model, self.images, penalty, generator=self._generator())
        stable, kept = check_round_trip(bits, again)
        used, plus = check_dead(bits)
        checks = [
            check_values(bits, quantizer),
            check_walls(quantizer),
            check_soft(quantizer, latents),
            used,
            check_decoders(self.images, hard, soft, agreeing),
            check_gradients(norms, penalty),
            check_lipschitz(adversarial, noise, penalty),
            stable,
        ]
        return checks, CodeFigures(
            walls=quantizer.walls,
            curve=soft_curve(quantizer),
            kept=rounded(kept),
            plus=rounded(plus),
            gradients=rounded(norms),
            penalty=penalty,
            adversarial=rounded(adversarial),
            noise=rounded(noise),
        )

    def _attacked(self, epsilon: float, tell: OnStep | None) -> Tensor:
        parameters = {**dict(self.spec.parameters), "epsilon": epsilon}
        spec = replace(self.spec, parameters=tuple(sorted(parameters.items())))
        images = crafted_images(
            spec, self.pipeline.classifier, self.images, self.labels, on_step=tell
        )
        if tell is not None:
            tell(Step(1, 1))  # kept images report nothing
        return images

    def _latents(self, purifier: LqVaePurifier, images: Tensor) -> Tensor:
        return latents_of(purifier, images, self.spec.seed)

    def _purified(self, images: Tensor) -> Tensor:
        return purified_images(self.pipeline.purifier, images, self.spec.seed)

    def _answers(self, images: Tensor) -> NDArray[np.int64]:
        return said(self.pipeline.classifier, images)

    def _accuracy(self, images: Tensor) -> Accuracy:
        right = self._answers(images) == self.labels.cpu().numpy()
        return Accuracy(correct=int(right.sum()), n=len(images))

    def _generator(self) -> Generator:
        return generator_for(self.images.device, self.spec.seed)


def sizes(change: Tensor, norm: Norm) -> Tensor:
    """The size of each perturbation (n, c, h, w) in a norm that has a budget (n,)."""
    flat = change.flatten(1)
    return flat.norm(dim=1) if norm == "l2" else flat.abs().amax(1)
