"""How far the encoder's latents move when the image moves: gradient norms and measured ratios.

Lengths of images are taken in the LQ-VAE authors' pixel range [-1, 1], as their gradient penalty
takes them (arXiv 1903.09940): one unit of [0, 1] is two of theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from core.checkpoints import CheckpointRow
from core.models.lq_vae import LqVae

AUTHORS_NORM = 0.1
"""K of the authors' loss, which a recipe that names none takes."""

RANGE = 2.0
"""Length of the authors' pixel range."""


@dataclass(frozen=True, kw_only=True)
class Penalty:
    """What the gradient penalty of a training pulled, and where to.

    Attributes:
        norm: K, the gradient norm it was pulled to.
        weight: How much the penalty counted in the loss.
        random_projection: The gradient of a random +-1 projection of the latents was pulled,
            instead of that of their sum.
    """

    norm: float = AUTHORS_NORM
    weight: float = 10.0
    random_projection: bool = False


def penalty_of(row: CheckpointRow) -> Penalty:
    """The gradient penalty a checkpoint was trained with, from its manifest row."""
    recipe = row.training.get("recipe", {})
    loss: Mapping[str, object] = recipe.get("objective_arguments", {}).get("loss", {})
    start = Penalty()
    return Penalty(
        norm=float(str(loss.get("penalty_norm", start.norm))),
        weight=float(str(loss.get("penalty_weight", start.weight))),
        random_projection=bool(loss.get("random_projection", start.random_projection)),
    )


def gradient_norms(
    model: LqVae, images: Tensor, penalty: Penalty, *, generator: Generator | None = None
) -> Tensor:
    """The norm that the gradient penalty pulls to K, for each image.

    Args:
        model: The LQ-VAE whose encoder is measured; it is left as it was.
        images: Images (n, c, h, w) in [0, 1].
        penalty: What is measured: the sum of the latent means, or a random projection of them.
        generator: Draws the projection; None: a new one seeded with 0.

    Returns:
        Norms (n,), per unit of the range [-1, 1].
    """
    seen = images.detach().clone().requires_grad_()
    mean, _ = model.encode(seen)
    if penalty.random_projection:
        generator = generator or Generator(images.device).manual_seed(0)
        draws = torch.rand(mean.shape, generator=generator, device=mean.device)
        mean = mean * torch.where(draws < 0.5, -1.0, 1.0)
    (gradient,) = torch.autograd.grad(mean.sum(), seen)
    norms: Tensor = gradient.flatten(1).norm(dim=1) / RANGE
    return norms


def lipschitz_ratios(
    images: Tensor, moved: Tensor, latents: Tensor, latents_moved: Tensor
) -> Tensor:
    """How far the latents move for the distance the images move, pair by pair.

    Args:
        images: Images (n, c, h, w) in [0, 1].
        moved: The same images after a change (n, c, h, w).
        latents: Latents of the first (n, d).
        latents_moved: Latents of the second (n, d).

    Returns:
        Euclidean lengths' ratio for every pair whose image moved (at most n,), per unit of the
        range [-1, 1]; pairs of equal images have none.
    """
    change = RANGE * (moved - images).flatten(1).norm(dim=1)
    shift = (latents_moved - latents).norm(dim=1)
    ratios: Tensor = shift[change > 0] / change[change > 0]
    return ratios
