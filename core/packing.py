"""How weights lie in a file: as float16, or with matrices rounded to one byte a weight."""

from collections.abc import Mapping

import torch
from torch import Tensor

STORAGES = ("float16", "int8")

SCALE = ".scale"
"""Ends the name of what a rounded matrix is multiplied with, row by row."""

LEVELS = 127


def pack_weights(state: Mapping[str, Tensor], storage: str) -> dict[str, Tensor]:
    """What goes into the file.

    Args:
        state: A model's state, float32.
        storage: ``float16``; or ``int8``, which keeps each row of a matrix or kernel as 255 levels
            and their float32 step, and the rest as float16.

    Raises:
        ValueError: Another storage.
    """
    if storage not in STORAGES:
        raise ValueError(f"weights are stored as {' or '.join(STORAGES)}, not as {storage!r}")
    packed: dict[str, Tensor] = {}
    for name, values in state.items():
        kept = values.detach().cpu().float()
        if storage == "float16" or kept.dim() < 2:
            packed[name] = kept.half().contiguous()
            continue
        largest = kept.abs().amax(dim=tuple(range(1, kept.dim())), keepdim=True)
        scale = largest.clamp_min(torch.finfo(torch.float32).tiny) / LEVELS
        packed[name] = (kept / scale).round().to(torch.int8).contiguous()
        packed[name + SCALE] = scale.contiguous()
    return packed


def unpack_weights(packed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The float32 state that a file holds, whichever way it was stored."""
    return {
        name: values.float() * packed[name + SCALE]
        if values.dtype == torch.int8
        else values.float()
        for name, values in packed.items()
        if not name.endswith(SCALE)
    }
