"""A soft threshold on the pixels, for pictures that are nearly black and white."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

CONTRASTS: Mapping[str, float] = {"mnist": 8.0}
"""Sharpness of the threshold, by data set; greys that mean something have none."""


def contrasted(images: Tensor, sharpness: float) -> Tensor:
    """Pixels in [0, 1] pushed towards black or white, flat at both ends; at 0 as they are."""
    if not sharpness:
        return images
    curve = torch.tanh(sharpness * (images - 0.5)) / math.tanh(sharpness / 2)
    return (curve + 1) / 2
