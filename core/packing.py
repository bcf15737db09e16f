"""How weights lie in a file: matrices and kernels rounded to one byte a weight."""

from collections.abc import Mapping

import torch
from torch import Tensor

SCALE = ".scale"
"""Ends the name of what a rounded matrix is multiplied with, row by row."""

LEVELS = 127


def pack_weights(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What goes into the file: each row of a matrix as 255 levels and a step, the rest as float16.

    Args:
        state: A model's state, float32.
    """
    packed: dict[str, Tensor] = {}
    for name, values in state.items():
        kept = values.detach().cpu().float()
        if kept.dim() < 2:
            packed[name] = kept.half().contiguous()
            continue
        largest = kept.abs().amax(dim=tuple(range(1, kept.dim())), keepdim=True)
        scale = largest.clamp_min(torch.finfo(torch.float32).tiny) / LEVELS
        packed[name] = (kept / scale).round().to(torch.int8).contiguous()
        packed[name + SCALE] = scale.contiguous()
    return packed


def unpack_weights(packed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The float32 state that a file holds; one that was not rounded to bytes is taken as it is."""
    return {
        name: values.float() * packed[name + SCALE]
        if values.dtype == torch.int8
        else values.float()
        for name, values in packed.items()
        if not name.endswith(SCALE)
    }
