"""How a latent space is used: the bits of a code, the levels of a ladder."""

from typing import Any

import torch
from torch import Tensor

from core.defenses import LqVaePurifier
from core.devices import generator_for, in_batches
from core.models.hierarchical_vae import HierarchicalVae


def code_figures(purifier: LqVaePurifier, images: Tensor) -> dict[str, Any]:
    """How the bits of a code are used."""
    with torch.no_grad():
        bits = in_batches(purifier.code, images)
    plus = (bits > 0).float().mean(0)
    entropy = -(torch.xlogy(plus, plus) + torch.xlogy(1 - plus, 1 - plus)) / torch.log(
        torch.tensor(2.0)
    )
    return {
        "bits": bits.shape[1],
        "plus_share": round(plus.mean().item(), 4),
        "mean_bit_entropy": round(entropy.mean().item(), 4),
        "dead_bits": int(((plus < 0.001) | (plus > 0.999)).sum()),
    }


def level_nats(model: HierarchicalVae, images: Tensor) -> list[float]:
    """What every level tells of an image (n, c, h, w): the mean divergence from its prior."""
    generator = generator_for(images.device, 0)
    with torch.no_grad():
        nats = in_batches(lambda part: model.through(part, generator)[1], images)
    return [round(mean, 3) for mean in nats.mean(0).tolist()]
