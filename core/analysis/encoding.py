"""Many images through a classifier or a purifier, in batches, with random draws of their own."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.defenses import LqVaePurifier
from core.devices import batch_for, generator_for, in_batches
from core.types import Classifier, OnStep, Purifier, part_of, purify_in_steps


def batch_size(images: Tensor) -> int:
    """How many images go through a model at once on the device they lie on."""
    return batch_for(images.device)


@torch.no_grad()
def said(classifier: Classifier, images: Tensor) -> NDArray[np.int64]:
    """The class the classifier gives to each image (n,)."""
    logits = in_batches(classifier, images, batch_size=batch_size(images))
    answers: NDArray[np.int64] = logits.argmax(1).cpu().numpy()
    return answers


@torch.no_grad()
def purified_images(
    purifier: Purifier, images: Tensor, seed: int, on_step: OnStep | None = None
) -> Tensor:
    """Purified images (n, c, h, w); a random purifier decodes the code of ``latents_of``.

    Args:
        purifier: The defense.
        images: (n, c, h, w) in [0, 1].
        seed: Of its draws.
        on_step: Progress of a purifier that can tell of any; may raise ``Cancelled``.
    """
    generator = generator_for(images.device, seed)
    size = batch_size(images)
    batches, done = -(-len(images) // size), 0

    def purify(batch: Tensor) -> Tensor:
        nonlocal done
        told = part_of(on_step, min(done, batches - 1), batches)
        done += 1
        return purify_in_steps(purifier, batch, generator, told)

    return in_batches(purify, images, batch_size=size)


@torch.no_grad()
def latents_of(purifier: LqVaePurifier, images: Tensor, seed: int) -> Tensor:
    """The latents (n, d) that the purifier quantizes, with the draws of that seed."""
    generator = generator_for(images.device, seed)
    return in_batches(
        lambda batch: purifier.latents(batch, generator), images, batch_size=batch_size(images)
    )


@torch.no_grad()
def redrawn_latents(purifier: LqVaePurifier, images: Tensor, seed: int) -> Tensor:
    """Latents (n, d) with the model's latent noise, also where its inference leaves it off."""
    generator = generator_for(images.device, seed)

    def draw(batch: Tensor) -> Tensor:
        mean, log_var = purifier.model.encode(batch)
        noise = torch.randn(mean.shape, generator=generator, device=mean.device)
        return purifier.model.noisy_latents(mean, log_var, noise)

    return in_batches(draw, images, batch_size=batch_size(images))
