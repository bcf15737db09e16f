"""What the checks of a quantizer found: verdicts, and the figures behind them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from torch import Tensor

from core.analysis.attack_checks import Point
from core.analysis.attacked_spec import AttackedSpec
from core.analysis.checks import Check
from core.analysis.lipschitz import Penalty
from core.models.quantizers import Quantizer

Shares: TypeAlias = tuple[float, ...]

CURVE = 241
"""Latent values at which the quantizer is drawn."""


@dataclass(frozen=True, kw_only=True)
class SoftCurve:
    """The quantizer itself: what it makes of single latent values.

    Attributes:
        latents: Ascending values (p,).
        hard: The bits of each, one row a bit (b, p).
        soft: The soft bits of each (b, p).
    """

    latents: Shares
    hard: tuple[Shares, ...]
    soft: tuple[Shares, ...]


@dataclass(frozen=True, kw_only=True)
class CodeFigures:
    """What only a purifier with a code has; every list is over images unless said otherwise.

    Attributes:
        walls: The latent values at which a bit changes.
        curve: The quantizer over single latent values.
        kept: Share of the bits that survive decoding and encoding again.
        plus: Share of +1 of each bit.
        gradients: Gradient norm of the encoder, as the training's penalty takes it.
        penalty: What that penalty pulled, and where to.
        adversarial: Lipschitz ratios of clean and adversarial pairs.
        noise: Lipschitz ratios of clean images and random noise of the attack's size.
    """

    walls: Shares
    curve: SoftCurve
    kept: Shares
    plus: Shares
    gradients: Shares
    penalty: Penalty
    adversarial: Shares
    noise: Shares


@dataclass(frozen=True, kw_only=True)
class Sanity:
    """All checks of one pipeline, and the figures behind them.

    Attributes:
        spec: What was checked, with the attack at its largest budget.
        checks: One verdict after the other.
        points: The attack at each budget, ascending from 0.
        code: Figures of the code; None without one.
        hashes: sha256 of the checkpoints used, by name.
    """

    spec: AttackedSpec
    checks: tuple[Check, ...]
    points: tuple[Point, ...]
    code: CodeFigures | None = None
    hashes: Mapping[str, str] = field(default_factory=dict)


def soft_curve(quantizer: Quantizer) -> SoftCurve:
    """Hard and soft bits over single latent values, from well below all walls to well above."""
    reach = 6 * quantizer.noise_scale
    values = torch.linspace(quantizer.walls[0] - reach, quantizer.walls[-1] + reach, CURVE)
    hard, soft = (function(values.unsqueeze(1)).T for function in (quantizer.bits, quantizer.soft))
    return SoftCurve(
        latents=rounded(values),
        hard=tuple(rounded(row) for row in hard),
        soft=tuple(rounded(row) for row in soft),
    )


def rounded(values: Tensor) -> Shares:
    """Values (p,) as plain numbers of five decimals."""
    return tuple(round(value, 5) for value in values.tolist())
