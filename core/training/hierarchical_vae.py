"""Training of a hierarchical VAE: reconstruction, and the divergence of every level."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional
from typing_extensions import override

from core.models.hierarchical_vae import HierarchicalVae
from core.training.losses import Parts, half_mirrored
from core.training.phases import Objective, Phase, adam, grown_share
from core.types import LabError

DEAD = 0.05
"""Nats below which a level says nothing of the image."""


@dataclass(frozen=True, kw_only=True)
class HierarchicalVaeObjective(Objective):
    """The evidence lower bound, in nats a pixel value, with care that every level is used.

    Attributes:
        deviation: Of the normal likelihood of a pixel in [0, 1]; None takes Bernoulli's, for
            images that are nearly black and white.
        kl_weights: Weight of every level's divergence, coarse to fine; None weighs all by 1.
        free_nats: Divergence that costs a level nothing.
        cut_share: Share of the images that are to be decoded from their upper levels alone, down
            to one drawn anew; the levels below it are drawn from their priors. That is a lower
            bound as well, with a posterior that equals the prior there, and it makes the upper
            levels say what they can.
        warm_up: Steps over which the divergence gains its weight.
        mirrored: Half of the images, drawn anew in every step, are seen in the mirror.
    """

    deviation: float | None = None
    kl_weights: Sequence[float] | None = None
    free_nats: float = 1.0
    cut_share: float = 0.3
    warm_up: int = 0
    mirrored: bool = False

    def __post_init__(self) -> None:
        if self.deviation is not None and self.deviation <= 0:
            raise ValueError(f"deviation must be above 0, got {self.deviation}")
        if not 0 <= self.cut_share <= 1:
            raise ValueError(f"cut_share must be 0 to 1, got {self.cut_share}")

    @override
    def phases(self, model: nn.Module, learning_rate: Tensor | float) -> tuple[Phase, ...]:
        if not isinstance(model, HierarchicalVae):
            raise ValueError(f"this objective trains a HierarchicalVae, got {type(model).__name__}")
        levels = len(model.level_shapes)
        weights = tuple(self.kl_weights or (1.0,) * levels)
        if len(weights) != levels:
            raise ValueError(f"the model has {levels} levels, kl_weights has {len(weights)}")
        parameters = tuple(model.parameters())
        optimiser = adam(parameters, learning_rate)

        def loss(images: Tensor, _: Tensor, generator: Generator) -> Parts:
            seen = half_mirrored(images, generator) if self.mirrored else images
            told = self._told(len(seen), levels, generator)
            logits, nats = model.through(seen, generator, told)
            divergences = self._by_level(nats, told)
            error = self._error(logits, seen)
            weighed = sum(
                weight * part.clamp_min(self.free_nats)
                for weight, part in zip(weights, divergences, strict=True)
            )
            share = grown_share(optimiser, parameters[0], self.warm_up)
            return {
                "total": (error + share * weighed) / seen[0].numel(),
                "error": error,
                **{f"kl_{index}": part for index, part in enumerate(divergences)},
            }

        return (Phase(parameters, optimiser, loss),)

    @override
    def check(self, step: int, values: Mapping[str, float]) -> None:
        """A level without divergence is dead: nothing of the image is in it."""
        dead = [name for name in values if name.startswith("kl_") and values[name] < DEAD]
        if step >= self.warm_up + 1_000 and dead:
            raise LabError(
                f"{', '.join(dead)}: a level says nothing after {step} steps. Raise free_nats or "
                "lower that level's weight in kl_weights and train again."
            )

    def _told(self, n: int, levels: int, generator: Generator) -> Tensor:
        """By image the number of levels it is decoded from, 1 to all (n,)."""
        device = generator.device
        whole = torch.rand(n, generator=generator, device=device) >= self.cut_share
        drawn = 1 + (torch.rand(n, generator=generator, device=device) * (levels - 1)).floor()
        return torch.where(whole, float(levels), drawn)

    @staticmethod
    def _by_level(nats: Tensor, told: Tensor) -> tuple[Tensor, ...]:
        """The mean divergence of every level, over the images that it tells of."""
        levels = torch.arange(nats.shape[1], device=nats.device)
        seen = (levels < told[:, None]).float().sum(0).clamp_min(1)
        return (nats.sum(0) / seen).unbind()

    def _error(self, logits: Tensor, images: Tensor) -> Tensor:
        """Minus the mean log likelihood of an image in nats, but for a constant."""
        if self.deviation is None:
            lost = functional.binary_cross_entropy_with_logits(logits, images, reduction="sum")
        else:
            lost = (logits.sigmoid() - images).square().sum() / (2 * self.deviation**2)
        return lost / len(images)
