"""Training of the Gaussian-mixture VAE (Ghosh, Losalka & Black, 2019, arXiv 1806.00081)."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional
from typing_extensions import override

from core.models.gm_vae import GmVae
from core.training.losses import Parts, random_crops, with_noise
from core.training.phases import Objective, Phase, adam, grown_share

TURN, STRETCH, SHEAR, MOVE = 0.26, 0.15, 0.2, 0.15
"""Largest changes of a distorted image: radians, share of its size, and of its half side."""

SURE = 1.0
"""How much nearer the nearest mean must be than the next, in squared distance, to be believed; the
means themselves are 2 apart."""


@dataclass(frozen=True, kw_only=True)
class GmVaeObjective(Objective):
    """Reconstruction, and a pull of f(x) to the mean of its class: the paper's Eq. 7.

    An image whose label is -1 is pulled to the mixture of all classes instead, by Eq. 3: in the
    units of Eq. 7, the prior of a class is a normal of variance 1 / (2 alpha).

    Attributes:
        alpha: Weight of the squared distance to the mean, against the summed squared error.
        shifted: Images are seen moved by up to so many pixels, black coming in at the border.
        noise: Largest amplitude of the random-sign noise on what the encoder sees, in [0, 1] pixel
            units; what it is held to stays clean. The paper tells of none.
        consistency: Weight, as a share of alpha, of a term that the paper does not have: an image
            turned, stretched, sheared and moved at random is pulled to its class, or, without a
            label, to the mean that it was clearly nearest to before; 0 leaves it out.
        warm_up: Steps over which the pull of images without a label grows from 0.
    """

    alpha: float = 50.0
    shifted: int = 0
    noise: float = 0.0
    consistency: float = 0.0
    warm_up: int = 0

    @override
    def phases(self, model: nn.Module, learning_rate: Tensor | float) -> tuple[Phase, ...]:
        if not isinstance(model, GmVae):
            raise ValueError(f"this objective trains a GmVae, got {type(model).__name__}")
        parameters = tuple(model.parameters())
        optimiser = adam(parameters, learning_rate)

        def loss(images: Tensor, labels: Tensor, generator: Generator) -> Parts:
            trust = grown_share(optimiser, parameters[0], self.warm_up)
            return self.loss(model, images, labels, generator, trust)

        return (Phase(parameters, optimiser, loss),)

    @override
    def check(self, step: int, values: Mapping[str, float]) -> None:
        """Nothing to watch: a bad mixture shows in its accuracy."""

    def loss(
        self, model: GmVae, images: Tensor, labels: Tensor, generator: Generator, trust: Tensor
    ) -> Parts:
        """The loss and its parts.

        Args:
            model: The mixture.
            images: (n, c, h, w) in [0, 1].
            labels: (n,), -1 where there is none.
            generator: Draws what is random.
            trust: Weight of what images without a label are pulled to, 0 to 1.
        """
        seen = images
        if self.shifted:
            padded = functional.pad(images, [self.shifted] * 4)
            seen = random_crops(padded, images.shape[-1], generator)
        given = with_noise(seen, self.noise, generator) if self.noise else seen
        mean, variance = model.encode(given)
        noise = torch.randn(mean.shape, generator=generator, device=mean.device)
        made = model.decoder(mean + variance.sqrt() * noise)
        error = (made - seen).square().flatten(1).sum(1)
        distances = model.distances(mean)
        known = labels >= 0
        own = _picked(distances, labels.clamp(min=0))
        mixture = -(-self.alpha * distances).logsumexp(1) / self.alpha
        prior = torch.where(known, own, trust * mixture)
        total = (error + self.alpha * prior).mean()
        if model.log_var_head is not None:
            # Eq. 1 keeps the entropy that a constant variance drops: E log P(z) then takes the
            # variance as it takes the distance.
            entropy = 0.5 * variance.log().sum(1)
            total = total + (self.alpha * variance.sum(1) - entropy).mean()
        if self.consistency:
            changed = model.distances(model.encode(distorted(seen, generator))[0])
            total = total + self.alpha * self.consistency * self._kept(
                changed, distances.detach(), labels, trust
            )
        right = (distances.argmin(1) == labels).float()
        return {
            "total": total,
            "error": error.mean(),
            "prior": prior.mean(),
            "accuracy": (right * known).sum() / known.sum().clamp(min=1),
        }

    @staticmethod
    def _kept(changed: Tensor, before: Tensor, labels: Tensor, trust: Tensor) -> Tensor:
        """Mean squared distance of distorted images to their class, or to what stands for it."""
        nearest = before.topk(2, dim=1, largest=False)
        sure = (nearest.values[:, 1] - nearest.values[:, 0] > SURE).float()
        known = labels >= 0
        wanted = torch.where(known, labels, nearest.indices[:, 0])
        weight = torch.where(known, torch.ones_like(sure), trust * sure)
        return (weight * _picked(changed, wanted)).mean()


def distorted(images: Tensor, generator: Generator) -> Tensor:
    """Images (n, c, h, w), each turned, stretched, sheared and moved by some random amount."""
    draws = torch.rand((6, len(images)), generator=generator, device=images.device) * 2 - 1
    angle, wide, high = TURN * draws[0], 1 + STRETCH * draws[1], 1 + STRETCH * draws[2]
    sine, cosine = angle.sin(), angle.cos()
    rows = [
        [wide * cosine, SHEAR * draws[3] - sine, MOVE * draws[4]],
        [sine, high * cosine, MOVE * draws[5]],
    ]
    maps = torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)  # (n, 2, 3)
    grid = functional.affine_grid(maps, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)


def _picked(distances: Tensor, classes: Tensor) -> Tensor:
    """Of distances (n, k) those to some classes (n,)."""
    return distances.gather(1, classes[:, None]).squeeze(1)
