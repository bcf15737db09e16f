"""Checks of the code itself: its values, its walls, its soft version, its use, its stability."""

import torch
from torch import Tensor

from core.analysis.checks import Check, percent, signed
from core.models.quantizers import Quantizer

AWAY = 0.1
"""Latents nearer to a wall than this share of the latent noise are too near for the soft check."""

DEAD = 0.001
"""A bit with one value on fewer than this share of the images is dead."""


def check_values(bits: Tensor, quantizer: Quantizer) -> Check:
    """Whether codes hold nothing but -1 and +1, and a latent exactly on a wall gives +1.

    Args:
        bits: Codes (n, d * b) of images.
        quantizer: What made them.
    """
    others = int(((bits != 1) & (bits != -1)).sum())
    ties = [wall for wall, bit in _ties(quantizer) if bit != 1]
    if others:
        reason = f"{others:,} of {bits.numel():,} values are neither −1 nor +1."
    elif ties:
        reason = (
            "A latent exactly on a wall must give +1, but the changing bit is not +1 at "
            f"{', '.join(signed(wall) for wall in ties)}."
        )
    else:
        reason = (
            f"All {bits.numel():,} values are −1 or +1, and a latent exactly on a wall "
            f"({', '.join(signed(wall) for wall in quantizer.walls)}) gives +1."
        )
    return Check(
        name="values",
        title="Codes hold only −1 and +1",
        passed=not others and not ties,
        value=f"{others:,} other values",
        reason=reason,
        n=len(bits),
    )


def check_walls(quantizer: Quantizer) -> Check:
    """Whether bits change at the walls, one bit at each, and nowhere else."""
    walls = quantizer.walls
    edges = torch.tensor(walls, dtype=torch.float64)
    reach = 6 * quantizer.noise_scale
    middles = [walls[0] - reach, *((edges[1:] + edges[:-1]) / 2).tolist(), walls[-1] + reach]
    expected = torch.tensor(quantizer.codewords, dtype=torch.float32)
    wrong = int((_code(quantizer, torch.tensor(middles)) != expected).any(1).sum())
    ends = torch.tensor(walls, dtype=torch.float32)
    below, above = (torch.nextafter(ends, torch.tensor(end)) for end in (-torch.inf, torch.inf))
    changes = (_code(quantizer, below) != _code(quantizer, above)).sum(1)
    odd = [
        signed(wall) for wall, change in zip(walls, changes.tolist(), strict=True) if change != 1
    ]
    if odd:
        reason = f"Not exactly one bit changes at {', '.join(odd)}, where a wall is drawn."
    elif wrong:
        reason = f"{wrong} of {len(expected)} cells between the walls give another code than named."
    else:
        reason = (
            "One step of float32 across a wall changes exactly one bit, and every cell gives the "
            "code it is named by: a drawn wall is the true threshold."
        )
    return Check(
        name="walls",
        title="Every wall flips one bit",
        passed=not odd and not wrong,
        value=f"{len(walls) - len(odd)} of {len(walls)} walls",
        reason=reason,
        n=0,
    )


def check_round_trip(bits: Tensor, again: Tensor) -> tuple[Check, Tensor]:
    """How many bits survive decoding and encoding again; measured, not demanded.

    Args:
        bits: Codes (n, d * b) of images.
        again: Codes of the pictures decoded from them.

    Returns:
        The figure, and the share of kept bits for each image (n,).
    """
    kept = (bits == again).float().mean(1)
    whole = int((kept == 1).sum())
    check = Check(
        name="round_trip",
        title="Re-encoding keeps the code",
        passed=None,
        value=f"{percent(kept.mean().item())} of the bits",
        reason=(
            f"Decoded and encoded again, {whole:,} of {len(bits):,} images keep all their bits, "
            f"the least stable one {percent(kept.min().item())}. No training asks for it, so it "
            "is measured and not demanded."
        ),
        n=len(bits),
    )
    return check, kept


def check_soft(quantizer: Quantizer, latents: Tensor) -> Check:
    """Whether the soft quantizer is on the side of the hard bit, but close to a wall.

    Args:
        quantizer: Gives both.
        latents: Latents (n, d) of images.
    """
    margin = AWAY * quantizer.noise_scale
    soft, hard = quantizer.soft(latents), quantizer.bits(latents)
    walls = torch.tensor(quantizer.walls, device=latents.device)
    distance = (latents.unsqueeze(-1) - walls).abs().amin(-1)  # (n, d)
    away = (distance > margin).repeat_interleave(quantizer.bits_per_latent, dim=1)
    total = max(1, int(away.sum()))
    wrong = int((away & (soft * hard <= 0)).sum())
    gap = float((soft - hard).abs()[away].mean()) if away.any() else 0.0
    if wrong:
        reason = (
            f"{wrong:,} of {total:,} soft bits further than {margin:g} from every wall have "
            "another sign than the hard bit, so the encoder was trained on another code than the "
            "one that is used."
        )
    else:
        reason = (
            f"Further than {margin:g} from a wall both have the same sign everywhere. Their mean "
            f"gap is {gap:.2f} of 2: the soft bit never quite reaches ±1."
        )
    return Check(
        name="soft",
        title="Soft and hard quantizer agree away from the walls",
        passed=wrong == 0,
        value=f"{percent(1 - wrong / total)} of the bits",
        reason=reason,
        n=len(latents),
    )


def check_dead(bits: Tensor) -> tuple[Check, Tensor]:
    """Whether every bit is used by some images and not by others.

    Args:
        bits: Codes (n, d * b) of clean images.

    Returns:
        The verdict, and the share of +1 of each bit (d * b,).
    """
    plus = (bits > 0).float().mean(0)
    dead = int(((plus < DEAD) | (plus > 1 - DEAD)).sum())
    low, high = percent(plus.min().item()), percent(plus.max().item())
    if dead:
        reason = (
            f"{dead} of {len(plus)} bits have the same value on more than {percent(1 - DEAD)} of "
            f"{len(bits):,} images: they say nothing about the picture."
        )
    else:
        reason = (
            f"Each of the {len(plus)} bits takes both values on {len(bits):,} images: "
            f"the rarest is +1 on {low} of them, the commonest on {high}."
        )
    check = Check(
        name="dead",
        title="No bit is dead",
        passed=dead == 0,
        value=f"{dead} of {len(plus)} bits",
        reason=reason,
        n=len(bits),
    )
    return check, plus


def _ties(quantizer: Quantizer) -> list[tuple[float, float]]:
    """Every wall with the value, exactly there, of the bit that changes at it."""
    words = quantizer.codewords
    codes = _code(quantizer, torch.tensor(quantizer.walls, dtype=torch.float32))
    return [
        (wall, float(code[bit]))
        for wall, code, below, above in zip(quantizer.walls, codes, words, words[1:], strict=False)
        for bit in range(len(below))
        if below[bit] != above[bit]
    ]


def _code(quantizer: Quantizer, values: Tensor) -> Tensor:
    """The bits (p, b) of single latent values (p,)."""
    return quantizer.bits(values.unsqueeze(1).float())
