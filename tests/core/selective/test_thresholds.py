"""The two limits: chi-square against scipy, statistics of training images, refusals."""

import math

import pytest
import torch
from scipy.stats import chi2
from torch import Tensor

from core.models.gm_vae import GmVae
from core.selective import Statistics, Thresholds, chi_square_coverage, chi_square_limit
from tests.core.selective.toy import STATISTICS, Toy, pictures


@pytest.mark.parametrize("latents", [1, 2, 10, 32, 100])
@pytest.mark.parametrize("coverage", [1e-6, 0.1, 0.5, 0.9, 0.9973, 0.999999])
def test_limits_are_those_of_scipy(latents: int, coverage: float) -> None:
    limit = chi_square_limit(coverage, latents)
    assert limit == pytest.approx(chi2.ppf(coverage, latents), rel=1e-6)
    assert chi_square_coverage(limit, latents) == pytest.approx(coverage, rel=1e-9)
    assert chi_square_coverage(limit, latents) == pytest.approx(chi2.cdf(limit, latents), rel=1e-8)


def test_three_standard_deviations_are_nine_squared() -> None:
    assert chi_square_limit(0.9973002039367398, 1) == pytest.approx(9.0)
    assert chi_square_limit(0.9973, 10) == pytest.approx(26.90, abs=0.01)


def test_the_ends_reject_everybody_and_nobody() -> None:
    assert chi_square_limit(0, 10) == 0
    assert math.isinf(chi_square_limit(1, 10))
    assert chi_square_coverage(math.inf, 10) == 1
    assert chi_square_coverage(0, 10) == 0
    with pytest.raises(ValueError, match=r"coverage must be 0 to 1, got 1\.1"):
        chi_square_limit(1.1, 10)


def test_statistics_are_the_widest_spread_and_the_errors() -> None:
    images, labels = pictures()
    away = torch.tensor([0.3, -0.3] * 4).view(8, 1, 1, 1)
    moved = images.clone()
    moved[..., :4, :4] = (images[..., :4, :4] + away[..., :1, :1]).clamp(0, 1)
    model = Toy()
    found = Statistics.measured(model, moved, labels)
    spread = model.encode(moved)[0] - model.means[labels]
    assert found.variance == pytest.approx(float(spread[:, 0].square().mean()), rel=1e-4)
    assert found.error_mean == 0, "flat quarters are reproduced to the last bit"
    assert found.n == 8
    assert Statistics(**found.as_dict()) == found


def test_the_output_limit_lies_some_deviations_above_the_mean() -> None:
    assert STATISTICS.output_limit() == pytest.approx(0.2 + 3.5 * 0.1)
    assert STATISTICS.output_limit(-5) == 0, "an error is never negative"
    assert math.isinf(STATISTICS.output_limit(math.inf))
    limits = Thresholds.calibrated(STATISTICS, 4, coverage=1, deviations=1)
    assert limits == Thresholds(latent=math.inf, output=STATISTICS.output_limit(1))


@pytest.mark.parametrize(("latent", "output"), [(-1, 1), (1, -1), (math.nan, 1)])
def test_a_limit_below_zero_is_refused(latent: float, output: float) -> None:
    with pytest.raises(ValueError, match="threshold must be 0 or more"):
        Thresholds(latent=latent, output=output)


def test_a_real_model_has_statistics(images: Tensor, labels: Tensor) -> None:
    found = Statistics.measured(GmVae(widths=(4, 8), hidden=16), images, labels)
    assert found.variance > 0
    assert found.error_mean > 0
