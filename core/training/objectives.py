"""``OBJECTIVES``: what one training step does to a model, as a list of phases.

A phase owns some parameters, their optimiser and a loss. Most models have one phase; LQ-VAE's
Algorithm 1 has three that follow one another with fresh noise.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional
from typing_extensions import override

from core.models.lq_vae import LqVae
from core.models.vae import Vae
from core.training.adversarial import AdversarialObjective
from core.training.gan import WganObjective
from core.training.gm_vae import GmVaeObjective
from core.training.hierarchical_vae import HierarchicalVaeObjective
from core.training.losses import (
    LqVaeLoss,
    Parts,
    VaeLoss,
    cross_entropy,
    half_mirrored,
    random_crops,
)
from core.training.phases import Objective, Phase, adam, rms_prop
from core.types import LabError


@dataclass(frozen=True, kw_only=True)
class ClassifierObjective(Objective):
    """Cross-entropy on clean images with Adam.

    Attributes:
        mirrored: Half of the images, drawn anew in every step, are seen in the mirror.
        shifted: Images are seen moved by up to so many pixels, black coming in at the border.
        weight_decay: Decay of the weights, uncoupled from the gradient.
    """

    mirrored: bool = False
    shifted: int = 0
    weight_decay: float = 0.0

    @override
    def phases(self, model: nn.Module, learning_rate: Tensor | float) -> tuple[Phase, ...]:
        parameters = tuple(model.parameters())

        def loss(images: Tensor, labels: Tensor, generator: Generator) -> Parts:
            return cross_entropy(model, self._seen(images, generator), labels)

        optimiser = adam(parameters, learning_rate, weight_decay=self.weight_decay)
        return (Phase(parameters, optimiser, loss),)

    def _seen(self, images: Tensor, generator: Generator) -> Tensor:
        if self.shifted:
            padded = functional.pad(images, [self.shifted] * 4)
            images = random_crops(padded, images.shape[-1], generator)
        return half_mirrored(images, generator) if self.mirrored else images

    @override
    def check(self, step: int, values: Mapping[str, float]) -> None:
        """Nothing to watch: a bad classifier shows in its accuracy."""


@dataclass(frozen=True, kw_only=True)
class LqVaeObjective(Objective):
    """LQ-VAE's Algorithm 1.

    Attributes:
        passes: ``sequential``: encoder, soft decoder, hard decoder one after the other, each with
            fresh noise, already-updated weights and RMSProp, as in the authors' code. ``joint``:
            one pass and one Adam for all, which costs about half.
        loss: Keyword arguments of ``LqVaeLoss``.
    """

    passes: str = "sequential"
    loss: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.passes not in ("sequential", "joint"):
            raise ValueError(f"passes must be sequential or joint, got {self.passes!r}")

    @override
    def phases(self, model: nn.Module, learning_rate: Tensor | float) -> tuple[Phase, ...]:
        if not isinstance(model, LqVae):
            raise ValueError(f"this objective trains an LqVae, got {type(model).__name__}")
        build = self._joint if self.passes == "joint" else self._sequential
        return build(model, learning_rate, LqVaeLoss(**self.loss))

    @override
    def check(self, step: int, values: Mapping[str, float]) -> None:
        """A code whose bits are nearly all alike has collapsed and carries no picture."""
        share = values["plus_share"]
        if step >= 1_000 and not 0.02 < share < 0.98:
            raise LabError(
                f"the code collapsed: {share:.1%} of its bits are +1 after {step} steps. "
                "Lower the latent noise or the weight of the KL term and train again."
            )

    @staticmethod
    def _joint(model: LqVae, learning_rate: Tensor | float, loss: LqVaeLoss) -> tuple[Phase, ...]:
        parameters = tuple(model.parameters())

        def joint(images: Tensor, _: Tensor, generator: Generator) -> Parts:
            soft = loss.encoder(model, images, generator)
            hard = loss.hard_decoder(model, images, soft["bits"], generator)
            return {**soft, **hard, "total": soft["total"] + hard["total"]}

        return (Phase(parameters, adam(parameters, learning_rate), joint),)

    @staticmethod
    def _sequential(
        model: LqVae, learning_rate: Tensor | float, loss: LqVaeLoss
    ) -> tuple[Phase, ...]:
        soft_decoder = tuple(model.soft_decoder.parameters())
        hard_decoder = tuple(model.hard_decoder.parameters())
        decoders = {id(parameter) for parameter in (*soft_decoder, *hard_decoder)}
        encoder = tuple(p for p in model.parameters() if id(p) not in decoders)

        def encoder_loss(images: Tensor, _: Tensor, generator: Generator) -> Parts:
            return loss.encoder(model, images, generator)

        def soft_loss(images: Tensor, _: Tensor, generator: Generator) -> Parts:
            with torch.no_grad():
                latents = loss.sample(model, images, generator)
            return loss.soft_decoder(model, images, latents, generator)

        def hard_loss(images: Tensor, _: Tensor, generator: Generator) -> Parts:
            with torch.no_grad():
                bits = model.quantizer.bits(loss.sample(model, images, generator))
            return loss.hard_decoder(model, images, bits, generator)

        return tuple(
            Phase(parameters, rms_prop(parameters, learning_rate), phase_loss)
            for parameters, phase_loss in (
                (encoder, encoder_loss),
                (soft_decoder, soft_loss),
                (hard_decoder, hard_loss),
            )
        )


@dataclass(frozen=True, kw_only=True)
class VaeObjective(Objective):
    """A VAE of whole images, or of patches cut at random from them.

    Attributes:
        loss: Keyword arguments of ``VaeLoss``.
        beta: Weight of the divergence where both terms are sums, as ``VaeLoss.of_sums`` has it;
            None takes ``loss`` as it is.
    """

    loss: Mapping[str, Any] = field(default_factory=dict)
    beta: float | None = None

    def __post_init__(self) -> None:
        if self.beta is not None and self.loss:
            raise ValueError("give the weights of the loss or beta, not both")

    @override
    def phases(self, model: nn.Module, learning_rate: Tensor | float) -> tuple[Phase, ...]:
        if not isinstance(model, Vae):
            raise ValueError(f"this objective trains a Vae, got {type(model).__name__}")
        parameters = tuple(model.parameters())
        side = model.image_shape[-1]
        if self.beta is None:
            vae_loss = VaeLoss(**self.loss)
        else:
            pixels = math.prod(model.image_shape)
            vae_loss = VaeLoss.of_sums(beta=self.beta, pixels=pixels, latents=model.latent_size)

        def loss(images: Tensor, _: Tensor, generator: Generator) -> Parts:
            whole = images.shape[-1] == side
            patches = images if whole else random_crops(images, side, generator)
            return vae_loss(model, patches, generator)

        return (Phase(parameters, adam(parameters, learning_rate), loss),)

    @override
    def check(self, step: int, values: Mapping[str, float]) -> None:
        """Nothing to watch: a posterior that collapsed shows in the error of the pictures."""


OBJECTIVES: Mapping[str, type[Any]] = {
    "classifier": ClassifierObjective,
    "adversarial": AdversarialObjective,
    "lq_vae": LqVaeObjective,
    "vae": VaeObjective,
    "wgan": WganObjective,
    "hierarchical_vae": HierarchicalVaeObjective,
    "gm_vae": GmVaeObjective,
}
