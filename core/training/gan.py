"""WGAN-GP (Gulrajani et al., 2017, arXiv 1704.00028): a generator against a critic."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn
from typing_extensions import override

from core.models.gan import Gan
from core.training.losses import Parts
from core.training.phases import Objective, Phase, adam

BETAS = (0.5, 0.9)


@dataclass(frozen=True, kw_only=True)
class WganObjective(Objective):
    """Some updates of the critic, each on images of its own, then one of the generator.

    Attributes:
        critic_steps: Updates of the critic in a step; each sees its share of the batch.
        penalty_weight: Weight of the critic's gradient penalty.
    """

    critic_steps: int = 5
    penalty_weight: float = 10.0

    @override
    def phases(self, model: nn.Module, learning_rate: Tensor | float) -> tuple[Phase, ...]:
        if not isinstance(model, Gan):
            raise ValueError(f"this objective trains a Gan, got {type(model).__name__}")
        critic = tuple(model.critic.parameters())
        critic_optimiser = adam(critic, learning_rate, betas=BETAS)

        def critic_phase(part: int) -> Phase:
            def loss(images: Tensor, _: Tensor, generator: Generator) -> Parts:
                real = images.chunk(self.critic_steps)[part]
                return critic_loss(model, real, generator, self.penalty_weight)

            return Phase(critic, critic_optimiser, loss)

        def generator_loss(images: Tensor, _: Tensor, generator: Generator) -> Parts:
            latents = draw_latents(model, len(images) // self.critic_steps, generator)
            return {"total": -model.critic(model(latents)).mean()}

        weights = tuple(model.generator.parameters())
        return (
            *(critic_phase(part) for part in range(self.critic_steps)),
            Phase(weights, adam(weights, learning_rate, betas=BETAS), generator_loss),
        )

    @override
    def check(self, step: int, values: Mapping[str, float]) -> None:
        """Nothing to watch: what the generator is worth shows in the pictures it can rebuild."""


def draw_latents(model: Gan, count: int, generator: Generator) -> Tensor:
    """Standard normal latents (count, d)."""
    return torch.randn((count, model.latent_size), generator=generator, device=generator.device)


def critic_loss(model: Gan, real: Tensor, generator: Generator, penalty_weight: float) -> Parts:
    """How badly the critic tells real images from made ones, and its gradient's distance from 1.

    Args:
        model: Generator and critic.
        real: Images (n, c, h, w) in [0, 1].
        generator: Draws latents and the points between real and made images.
        penalty_weight: Weight of the penalty on the gradient at those points.
    """
    with torch.no_grad():
        made = model(draw_latents(model, len(real), generator))
    share = torch.rand((len(real), 1, 1, 1), generator=generator, device=real.device)
    between = (share * real + (1 - share) * made).requires_grad_()
    (gradient,) = torch.autograd.grad(model.critic(between).sum(), between, create_graph=True)
    penalty = (gradient.flatten(1).norm(dim=1) - 1).square().mean()
    gap = model.critic(made).mean() - model.critic(real).mean()
    return {
        "total": gap + penalty_weight * penalty,
        "wasserstein": -gap,
        "penalty": penalty,
    }
