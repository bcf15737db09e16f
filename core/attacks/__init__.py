"""``ATTACKS``: every attack by name; menus, sliders and tests are derived from it."""

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any

from core.attacks.adaptive import Adaptive, AdaptiveL2
from core.attacks.auto_attack import (
    AutoPgd,
    AutoPgdL2,
    AutoPgdTargeted,
    Fab,
    FabLinf,
    FabTargeted,
)
from core.attacks.base import (
    Attack,
    AttackResult,
    Norm,
    control,
    epsilon_text,
    project,
    warnings_of,
)
from core.attacks.cw import CarliniWagner
from core.attacks.deepfool import DeepFool
from core.attacks.fgsm import Fgsm
from core.attacks.flips import GreedyFlips, GreedyFlipsL0
from core.attacks.fooling import FoolingImages
from core.attacks.hop_skip_jump import HopSkipJump, HopSkipJumpLinf
from core.attacks.iterative import Bim, Pgd, PgdL2
from core.attacks.jsma import Jsma
from core.attacks.noise import Noise, NoiseL2, same_norm_noise
from core.attacks.one_step_bpda import OneStepBpda
from core.attacks.third_party import EotPgd, MomentumFgsm, OnePixel, Square, SquareL2

ATTACKS: Mapping[str, type[Attack]] = {
    "fgsm": Fgsm,
    "bim": Bim,
    "pgd": Pgd,
    "pgd_l2": PgdL2,
    "deepfool": DeepFool,
    "cw": CarliniWagner,
    "square": Square,
    "jsma": Jsma,
    "noise": Noise,
    "mi_fgsm": MomentumFgsm,
    "apgd": AutoPgd,
    "apgd_l2": AutoPgdL2,
    "apgd_t": AutoPgdTargeted,
    "eot_pgd": EotPgd,
    "fab": Fab,
    "fab_linf": FabLinf,
    "fab_t": FabTargeted,
    "square_l2": SquareL2,
    "one_pixel": OnePixel,
    "noise_l2": NoiseL2,
    "one_step_bpda": OneStepBpda,
    "fooling": FoolingImages,
    "adaptive": Adaptive,
    "adaptive_l2": AdaptiveL2,
    "flips": GreedyFlips,
    "flips_l0": GreedyFlipsL0,
    "hop_skip_jump": HopSkipJump,
    "hop_skip_jump_linf": HopSkipJumpLinf,
}

__all__ = [
    "ATTACKS",
    "Attack",
    "AttackResult",
    "Norm",
    "control",
    "controls",
    "epsilon_text",
    "make_attack",
    "project",
    "same_norm_noise",
    "warnings_of",
]


def make_attack(name: str, **parameters: object) -> Attack:
    """The attack of that name with these hyper-parameters.

    Raises:
        ValueError: Unknown name or hyper-parameter, or a value out of its range.
    """
    if name not in ATTACKS:
        raise ValueError(f"unknown attack {name!r}; choose from {list(ATTACKS)}")
    attack_class: Any = ATTACKS[name]
    known = [field.name for field in fields(attack_class)]
    unknown = sorted(parameters.keys() - set(known))
    if unknown:
        raise ValueError(f"{name} has no parameter {unknown}; choose from {known}")
    attack: Attack = attack_class(**parameters)
    return attack


def controls(attack_class: type[Attack]) -> tuple[Field[Any], ...]:
    """The fields a menu offers: each has ``name``, ``default`` and the metadata of ``control``."""
    return tuple(field for field in fields(attack_class) if "help" in field.metadata)
