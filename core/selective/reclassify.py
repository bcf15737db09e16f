"""What a rejected image is after all: the class from which the decoder comes nearest to it.

The search of Ghosh, Losalka & Black (2019, arXiv 1806.00081), Eq. 9: over the latents, from the
mean of every class, all at once.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.selective.classifier import GmVaeClassifier
from core.selective.thresholds import Thresholds, reconstruction_errors
from core.types import OnStep, Step

STEPS = 100
RATE = 0.05
"""Of Adam, in latent units: the means are 1.41 apart."""


@dataclass(frozen=True, eq=False)
class Reclassification:
    """What a search over the latents found.

    Attributes:
        latents: The latents of the nearest decoded image, (n, d).
        images: That image, (n, c, h, w) in [0, 1].
        errors: Its summed squared error, (n,).
        distances: Squared Mahalanobis distances of the latents to the means, (n, k).
        accepted: Whether each image is given a class, (n,); the others are fooling images.
        reasons: Keys of ``REASONS``, empty where accepted.
        starts: The least error from every start, (n, k).
        path: The least error so far after every step, (steps + 1, n).
    """

    latents: Tensor
    images: Tensor
    errors: Tensor
    distances: Tensor
    accepted: Tensor
    reasons: tuple[str, ...]
    starts: Tensor
    path: Tensor

    @property
    def classes(self) -> Tensor:
        """The class of the nearest mean, (n,)."""
        return self.distances.argmin(1)


def reclassify(
    classifier: GmVaeClassifier,
    images: Tensor,
    *,
    steps: int = STEPS,
    never_reject: bool = False,
    thresholds: Thresholds | None = None,
    on_step: OnStep | None = None,
) -> Reclassification:
    """Search for the latents whose decoded image is nearest, from the mean of every class.

    The best so far of every start is kept, so that no further step makes a result worse.

    Args:
        classifier: Its decoder is searched, and its limits decide.
        images: (n, c, h, w) in [0, 1], n at least 1.
        steps: Steps of Adam, at least 1.
        never_reject: Where no fooling images are to be expected, every image gets a class.
        thresholds: Other limits than the classifier's own.
        on_step: Receives progress with the mean error so far; may raise ``Cancelled``.

    Raises:
        ValueError: The images are of another shape, there are none, or steps are below 1.
    """
    classifier.check(images)
    if steps < 1 or not len(images):
        raise ValueError(f"steps and images must be at least 1, got {steps} and {len(images)}")
    model, n, k = classifier.model, len(images), classifier.model.classes
    wanted = images.detach().repeat_interleave(k, 0)
    latents = model.means.repeat(n, 1).requires_grad_()  # (n k, d), an image's starts together
    optimiser = torch.optim.Adam([latents], lr=RATE)
    best, lowest = latents.detach().clone(), torch.full_like(latents[:, 0], torch.inf)
    path: list[Tensor] = []
    for step in range(steps + 1):
        with torch.enable_grad():
            errors = reconstruction_errors(model.decoder(latents), wanted)
            (latents.grad,) = torch.autograd.grad(errors.sum(), latents)
        better = errors.detach() < lowest
        best = torch.where(better[:, None], latents.detach(), best)
        lowest = torch.where(better, errors.detach(), lowest)
        path.append(lowest.view(n, k).amin(1))
        if on_step is not None and step:
            on_step(Step(index=step, of=steps, values={"error": float(path[-1].mean())}))
        optimiser.step()
    starts = lowest.view(n, k)
    chosen = best.view(n, k, -1)[torch.arange(n, device=images.device), starts.argmin(1)]
    with torch.no_grad():
        made = model.decoder(chosen)
        errors, distances = reconstruction_errors(made, images), classifier.distances(chosen)
    accepted, reasons = classifier.verdict(distances, errors, thresholds)
    if never_reject:
        accepted, reasons = torch.ones_like(accepted), ("",) * n
    return Reclassification(
        chosen, made, errors, distances, accepted, reasons, starts, torch.stack(path)
    )
