"""The two limits of a Gaussian-mixture VAE, and the training statistics they are set by.

The latent limit is a quantile of the chi-square distribution, as in the paper (Ghosh, Losalka &
Black, 2019, arXiv 1806.00081); its unit is the spread that f(x) really has around the means.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from scipy.special import chdtr, gammaincinv
from torch import Tensor

from core.devices import in_batches
from core.models.gm_vae import GmVae

COVERAGE = 0.9973
"""Share of a normal distribution within three standard deviations."""

DEVIATIONS = 3.5
"""Standard deviations above the mean at which the reconstruction error counts as too large.

The paper does not say how many. The errors are skewed: beyond three lie 1.1 % of MNIST's training
images, eight times the share of a normal distribution, nearly all of them read right.
"""

TOO_FAR, NOT_REPRODUCED, BOTH = "latent", "output", "both"
REASONS: Mapping[str, str] = {
    TOO_FAR: "too far from every class",
    NOT_REPRODUCED: "not reproduced by the decoder",
    BOTH: "too far from every class, not reproduced",
}
"""Why an image is rejected: the code, and what it says."""


def chi_square_coverage(limit: float, latents: int) -> float:
    """Share of squared distances below ``limit``, where they are sums of ``latents`` squares.

    Args:
        limit: At least 0; may be infinite.
        latents: Degrees of freedom, at least 1.
    """
    return float(chdtr(latents, limit))


def chi_square_limit(coverage: float, latents: int) -> float:
    """The squared distance below which that share lies: the inverse of ``chi_square_coverage``.

    Args:
        coverage: 0 gives 0 and 1 gives infinity.
        latents: Degrees of freedom, at least 1.

    Raises:
        ValueError: The coverage is no share.
    """
    if not 0 <= coverage <= 1:
        raise ValueError(f"coverage must be 0 to 1, got {coverage}")
    return float(2 * gammaincinv(latents / 2, coverage))


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """What the training images are like, by which the limits are set.

    Attributes:
        variance: Of f(x) around the mean of its class, in the direction in which it varies most:
            a sphere with this unit holds what an ellipsoid of the true spread does.
        error_mean: Mean of the summed squared error of reconstruction.
        error_deviation: Its standard deviation.
        n: Training images it was measured on.
    """

    variance: float
    error_mean: float
    error_deviation: float
    n: int

    @classmethod
    def measured(cls, model: GmVae, images: Tensor, labels: Tensor) -> "Statistics":
        """Those of training images (n, c, h, w) in [0, 1] with labels (n,)."""

        def both(batch: Tensor) -> Tensor:
            latents = model.encode(batch)[0]
            errors = reconstruction_errors(model.decoder(latents), batch)
            return torch.cat([latents, errors[:, None]], dim=1)

        with torch.no_grad():
            found = in_batches(both, images).double()
        away, errors = found[:, :-1] - model.means[labels], found[:, -1]
        spread = away.T @ away / len(away)  # (d, d)
        return cls(
            variance=_rounded(torch.linalg.eigvalsh(spread)[-1].item()),
            error_mean=_rounded(errors.mean().item()),
            error_deviation=_rounded(errors.std().item()),
            n=len(images),
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the manifest."""
        return asdict(self)

    def output_limit(self, deviations: float = DEVIATIONS) -> float:
        """The reconstruction error that many standard deviations above the mean, 0 at least."""
        return max(0.0, self.error_mean + deviations * self.error_deviation)


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """An image beyond either limit is rejected.

    Attributes:
        latent: tau_enc, the largest squared Mahalanobis distance to the nearest mean; infinity
            rejects nobody.
        output: tau_dec, the largest summed squared error of reconstruction; infinity likewise.

    Raises:
        ValueError: A limit is negative or no number.
    """

    latent: float
    output: float

    def __post_init__(self) -> None:
        for name, limit in (("latent", self.latent), ("output", self.output)):
            if not limit >= 0:
                raise ValueError(f"the {name} threshold must be 0 or more, got {limit}")

    @classmethod
    def calibrated(
        cls,
        statistics: Statistics,
        latents: int,
        *,
        coverage: float = COVERAGE,
        deviations: float = DEVIATIONS,
    ) -> "Thresholds":
        """The usual limits: the paper's rule for the latents, ours for the error.

        Args:
            statistics: Of the training images.
            latents: Number of latents d.
            coverage: Share of the chi-square distribution that the latent limit keeps.
            deviations: Standard deviations that the output limit lies above the mean error.
        """
        return cls(
            latent=chi_square_limit(coverage, latents),
            output=statistics.output_limit(deviations),
        )


def reconstruction_errors(made: Tensor, images: Tensor) -> Tensor:
    """Summed squared error (n,) of reconstructions of images (n, c, h, w)."""
    return (made - images).square().flatten(1).sum(1)


def _rounded(value: float) -> float:
    """Six digits that count: what is stored is what is used."""
    return float(f"{value:.6g}")
