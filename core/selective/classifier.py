"""The selective classifier made of a Gaussian-mixture VAE and two limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from core.checkpoints import CheckpointError, find_row, load_model
from core.contrast import CONTRASTS
from core.models.gm_vae import GmVae
from core.selective.thresholds import (
    BOTH,
    NOT_REPRODUCED,
    TOO_FAR,
    Statistics,
    Thresholds,
    reconstruction_errors,
)
from core.types import Selection

STATISTICS = "statistics"
"""Where a manifest row keeps them among its figures."""


@dataclass(frozen=True, eq=False)
class Judgement:
    """Everything a Gaussian-mixture VAE finds out about some images.

    Attributes:
        latents: f(x), (n, d).
        distances: Squared Mahalanobis distances to the means, (n, k).
        reconstructions: g(f(x)), (n, c, h, w) in [0, 1].
        errors: Summed squared errors of them, (n,).
        accepted: Whether each is within both limits, (n,), bool.
        reasons: Keys of ``REASONS``, empty where accepted.
    """

    latents: Tensor
    distances: Tensor
    reconstructions: Tensor
    errors: Tensor
    accepted: Tensor
    reasons: tuple[str, ...]

    @property
    def classes(self) -> Tensor:
        """The class of the nearest mean, (n,), whether it is accepted or not."""
        return self.distances.argmin(1)

    @property
    def nearest(self) -> Tensor:
        """Squared Mahalanobis distance to the nearest mean, (n,)."""
        return self.distances.amin(1)


@dataclass(frozen=True, eq=False)
class GmVaeClassifier:
    """A Gaussian-mixture VAE that rejects what is far from every class or not reproduced.

    Attributes:
        model: The trained mixture.
        statistics: Of its training images; their variance is the unit of the latent limit.
        thresholds: The two limits.
        contrast: Sharpness of the soft threshold through which a second look sees an image, where
            the data set has one; see ``reclassify``. The first look knows none.
    """

    model: GmVae
    statistics: Statistics
    thresholds: Thresholds
    contrast: float = 0.0

    def __call__(self, images: Tensor) -> Selection:
        """Judge images (n, c, h, w) in [0, 1]; the logits are minus half the squared distances.

        Raises:
            ValueError: The images are of another shape than the model's.
        """
        found = self.judge(images)
        return Selection(-found.distances / 2, found.accepted, found.reasons)

    def answers(self, images: Tensor) -> Tensor:
        """Class, and whether it is given, of images (n, c, h, w): (n, 2), int64."""
        found = self.judge(images)
        return torch.stack([found.classes, found.accepted.long()], dim=1)

    def judge(self, images: Tensor, thresholds: Thresholds | None = None) -> Judgement:
        """Judge images (n, c, h, w) in [0, 1], with a gradient to them if they ask for one.

        Args:
            images: Of the model's shape; may be none at all.
            thresholds: Other limits than the classifier's own.

        Raises:
            ValueError: The images are of another shape than the model's.
        """
        self.check(images)
        latents = self.model.encode(images)[0]
        made: Tensor = self.model.decoder(latents)
        distances, errors = self.distances(latents), reconstruction_errors(made, images)
        accepted, reasons = self.verdict(distances, errors, thresholds)
        return Judgement(latents, distances, made, errors, accepted, reasons)

    def measure(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """What the limits are held against: distances (n, k) and errors (n,), with gradients."""
        latents = self.model.encode(images)[0]
        return self.distances(latents), reconstruction_errors(self.model.decoder(latents), images)

    def distances(self, latents: Tensor) -> Tensor:
        """Squared Mahalanobis distances (n, k) of latents (n, d) to the means."""
        return self.model.distances(latents).clamp(min=0) / self.statistics.variance

    def verdict(
        self, distances: Tensor, errors: Tensor, thresholds: Thresholds | None = None
    ) -> tuple[Tensor, tuple[str, ...]]:
        """Who is accepted (n,), and why others are not, from distances (n, k) and errors (n,)."""
        limits = thresholds or self.thresholds
        near, like = distances.amin(1) <= limits.latent, errors <= limits.output
        words = {(True, True): "", (False, True): TOO_FAR, (True, False): NOT_REPRODUCED}
        pairs = zip(near.tolist(), like.tolist(), strict=True)
        return near & like, tuple(words.get(pair, BOTH) for pair in pairs)

    def check(self, images: Tensor) -> None:
        """Refuse images of another shape.

        Raises:
            ValueError: They are.
        """
        if images.dim() != 4 or tuple(images.shape[1:]) != self.model.image_shape:
            known = "x".join(map(str, self.model.image_shape))
            seen = "x".join(map(str, images.shape[1:]))
            raise ValueError(f"this Gaussian-mixture VAE takes images of {known}, got {seen}")


def load_selective(
    dataset: str,
    name: str = "gm_vae",
    *,
    latent: float | None = None,
    output: float | None = None,
    device: torch.device | None = None,
) -> GmVaeClassifier:
    """A trained selective classifier with its limits.

    Args:
        dataset: A row of ``DATASETS``.
        name: A checkpoint of a Gaussian-mixture VAE.
        latent: tau_enc, a squared Mahalanobis distance; None: as the paper sets it.
        output: tau_dec, a summed squared error; None: ``DEVIATIONS`` above the usual one.
        device: Where to compute; None: ``pick_device``.

    Raises:
        CheckpointError: See ``load_model``; also when the checkpoint is no Gaussian-mixture VAE.
        ValueError: A limit is negative.
    """
    row = find_row(dataset, name)
    if row.model != "gm_vae":
        raise CheckpointError(
            f"checkpoint {name!r} of {dataset} is no selective classifier: it rejects nothing"
        )
    model = load_model(dataset, name, device)
    assert isinstance(model, GmVae)
    statistics = _stored(row.figures, row.train_command)
    usual = Thresholds.calibrated(statistics, model.latent_size)
    limits = Thresholds(
        latent=usual.latent if latent is None else latent,
        output=usual.output if output is None else output,
    )
    return GmVaeClassifier(model, statistics, limits, CONTRASTS.get(dataset, 0.0))


def _stored(figures: Mapping[str, Any], command: str) -> Statistics:
    try:
        return Statistics(**figures[STATISTICS])
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f"the manifest lacks the training statistics that the thresholds are set by ({error}); "
            f"restore it with `git checkout checkpoints/manifest.json` or run `{command}`"
        ) from error
