"""Curves of a selective classifier: risk over coverage, and how well each limit tells attacks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.analysis.latent_search import rates
from core.selective import Thresholds

MOST_POINTS = 200
"""Points a stored curve is thinned to; its ends are kept."""

REJECTIONS = (0.01, 0.02, 0.05)
"""Shares of clean images given up, at which the error under attack is told."""

SCORES = ("latent", "output", "both")


@dataclass(frozen=True, eq=False, kw_only=True)
class Found:
    """What the limits are held against, for some images.

    Attributes:
        nearest: Squared Mahalanobis distances to the nearest mean (n,).
        errors: Summed squared errors of reconstruction (n,).
        right: Whether the nearest mean is that of the label (n,).
    """

    nearest: NDArray[np.float64]
    errors: NDArray[np.float64]
    right: NDArray[np.bool_]

    def scores(self, thresholds: Thresholds) -> Mapping[str, NDArray[np.float64]]:
        """By row of ``SCORES``, how far each image (n,) is beyond a limit: above 1 is rejected.

        Raises:
            ValueError: A limit is 0 or infinite, so nothing can be told in its units.
        """
        for limit in (thresholds.latent, thresholds.output):
            if not 0 < limit < np.inf:
                raise ValueError(f"a curve needs limits above 0 and below infinity, got {limit}")
        latent, output = self.nearest / thresholds.latent, self.errors / thresholds.output
        return {"latent": latent, "output": output, "both": np.maximum(latent, output)}


@dataclass(frozen=True, kw_only=True)
class RiskCoverage:
    """Both limits tightened together, from nobody answered to everybody.

    Attributes:
        coverage: Share of images that are answered.
        risk: Share of the answers that are wrong.
        area: Area below the curve: the mean risk over all coverages.
    """

    coverage: tuple[float, ...]
    risk: tuple[float, ...]
    area: float


def risk_coverage(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> RiskCoverage:
    """The curve of images (n,) that are answered in the order of their scores, the lowest first.

    Raises:
        ValueError: There are no images.
    """
    if not len(scores):
        raise ValueError("a curve needs at least one image")
    order = np.argsort(scores, kind="stable")
    answered = np.arange(1, len(scores) + 1)
    risk = np.cumsum(~right[order]) / answered
    kept = _thinned(len(scores))
    return RiskCoverage(
        coverage=_listed(answered[kept] / len(scores)),
        risk=_listed(risk[kept]),
        area=round(float(risk.mean()), 6),
    )


@dataclass(frozen=True, kw_only=True)
class Roc:
    """How well a score tells attacked images from clean ones.

    Attributes:
        false_rates: Share of clean images above a threshold.
        true_rates: Share of attacked ones above it.
        area: Area below the curve of the two.
    """

    false_rates: tuple[float, ...]
    true_rates: tuple[float, ...]
    area: float


def roc(clean: NDArray[np.float64], attacked: NDArray[np.float64]) -> Roc:
    """The curve from the scores of clean images (n,) and of attacked ones (m,)."""
    false, true, area = rates(clean.tolist(), attacked.tolist())
    kept = _thinned(len(false))
    return Roc(
        false_rates=tuple(false[i] for i in kept),
        true_rates=tuple(true[i] for i in kept),
        area=area,
    )


def errors_at(
    clean: NDArray[np.float64],
    attacked: NDArray[np.float64],
    right: NDArray[np.bool_],
    rejections: Sequence[float] = REJECTIONS,
) -> Mapping[float, int]:
    """Wrong answers under attack, when that share of the clean images is given up.

    Args:
        clean: Scores of clean images (n,).
        attacked: Scores of attacked ones (m,).
        right: Whether those are right (m,).
        rejections: Shares of the clean images that are rejected.
    """
    return {
        share: int((~right & (attacked <= np.quantile(clean, 1 - share))).sum())
        for share in rejections
    }


def _thinned(count: int) -> NDArray[np.int64]:
    places = np.linspace(0, count - 1, min(count, MOST_POINTS)).round()
    return np.asarray(places, dtype=np.int64)


def _listed(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(values.round(5).tolist())
