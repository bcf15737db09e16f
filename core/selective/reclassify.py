"""What a rejected image is after all: the class from which the decoder comes nearest to it.

The search of Ghosh, Losalka & Black (2019, arXiv 1806.00081), Eq. 9: over the latents, from the
mean of every class, all at once. Theirs goes by the error alone, which leads it between the
classes, where no training image was; ours pays for the way from the mean as well. And where
pictures are nearly black and white it sees them through a soft threshold, or it would reproduce
the greys of an attack.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from core.contrast import contrasted
from core.selective.classifier import GmVaeClassifier
from core.selective.thresholds import Thresholds, reconstruction_errors
from core.types import OnStep, Step

STEPS = 100
RATE = 0.02
"""Of Adam, in latent units, falling to 0 with the steps: the means are 1.41 apart."""

PRIOR = 1.0
"""Weight of the squared Mahalanobis distance to the mean a search began from, beside the summed
squared error. On MNIST that is 121 for a squared latent distance; training, by Eq. 7, has 100.
"""

SEARCHES: Mapping[str, str] = {
    "error": "Least error (paper)",
    "near": "Near a mean",
    "sharp": "Near a mean, through a threshold",
}
"""Ways to search, by what they go by, the paper's first; see ``searches_of``."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """What a search goes by, besides the error.

    Attributes:
        prior: What the way from a mean costs, 0 or more; 0 is the paper's search.
        contrast: Sharpness of the soft threshold through which it sees an image, 0 or more; 0
            leaves it out.

    Raises:
        ValueError: A number is below 0.
    """

    prior: float = PRIOR
    contrast: float = 0.0

    def __post_init__(self) -> None:
        for name in ("prior", "contrast"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must be 0 or more, got {getattr(self, name)}")


def searches_of(classifier: GmVaeClassifier) -> Mapping[str, Search]:
    """The rows of ``SEARCHES`` that a classifier has, the best last."""
    found = {"error": Search(prior=0.0), "near": Search()}
    if classifier.contrast:
        found["sharp"] = Search(contrast=classifier.contrast)
    return found


@dataclass(frozen=True, eq=False)
class Reclassification:
    """What a search over the latents found.

    Attributes:
        seen: The images as the search saw them, (n, c, h, w) in [0, 1].
        latents: The latents of the nearest decoded image, (n, d).
        images: That image, (n, c, h, w) in [0, 1].
        errors: Its summed squared error alone, against what was seen, (n,).
        distances: Squared Mahalanobis distances of the latents to the means, (n, k).
        accepted: Whether each image is given a class, (n,); the others are fooling images. Where
            none are to be expected, every image may get its class.
        reasons: Keys of ``REASONS``, empty where accepted.
        starts: The least cost from every start, error and way from the mean together, (n, k).
        path: The least cost so far after every step, (steps + 1, n).
    """

    seen: Tensor
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
    search: Search | None = None,
    steps: int = STEPS,
    thresholds: Thresholds | None = None,
    on_step: OnStep | None = None,
) -> Reclassification:
    """Search for the latents whose decoded image is nearest, from the mean of every class.

    The best so far of every start is kept, so that no further step makes a result worse.

    Args:
        classifier: Its decoder is searched, and its limits decide.
        images: (n, c, h, w) in [0, 1], n at least 1.
        search: What to go by; None takes the last of ``searches_of``.
        steps: Steps of Adam, at least 1.
        thresholds: Other limits than the classifier's own.
        on_step: Receives progress with the mean cost so far; may raise ``Cancelled``.

    Raises:
        ValueError: The images are of another shape, there are none, or steps are below 1.
    """
    classifier.check(images)
    chosen = search or list(searches_of(classifier).values())[-1]
    if steps < 1 or not len(images):
        raise ValueError(f"steps and images must be at least 1, got {steps} and {len(images)}")
    model, n, k = classifier.model, len(images), classifier.model.classes
    seen = contrasted(images.detach(), chosen.contrast)
    wanted = seen.repeat_interleave(k, 0)
    means = model.means.repeat(n, 1)  # (n k, d), an image's starts together
    latents = means.clone().requires_grad_()
    toll = chosen.prior / classifier.statistics.variance
    optimiser = torch.optim.Adam([latents], lr=RATE)
    best, lowest = latents.detach().clone(), torch.full_like(latents[:, 0], torch.inf)
    path: list[Tensor] = []
    for step in range(steps + 1):
        with torch.enable_grad():
            errors = reconstruction_errors(model.decoder(latents), wanted)
            costs = errors + toll * (latents - means).square().sum(1)
            (latents.grad,) = torch.autograd.grad(costs.sum(), latents)
        better = costs.detach() < lowest
        best = torch.where(better[:, None], latents.detach(), best)
        lowest = torch.where(better, costs.detach(), lowest)
        path.append(lowest.view(n, k).amin(1))
        if on_step is not None and step:
            on_step(Step(index=step, of=steps, values={"cost": float(path[-1].mean())}))
        optimiser.param_groups[0]["lr"] = RATE * (1 - step / (steps + 1))
        optimiser.step()
    starts = lowest.view(n, k)
    nearest = best.view(n, k, -1)[torch.arange(n, device=images.device), starts.argmin(1)]
    with torch.no_grad():
        made = model.decoder(nearest)
        errors, distances = reconstruction_errors(made, seen), classifier.distances(nearest)
    accepted, reasons = classifier.verdict(distances, errors, thresholds)
    return Reclassification(
        seen, nearest, made, errors, distances, accepted, reasons, starts, torch.stack(path)
    )
