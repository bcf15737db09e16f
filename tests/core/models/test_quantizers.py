import math

import pytest
import torch

from core.models.quantizers import QUANTIZERS, BandQuantizer, Quantizer


@pytest.fixture(params=QUANTIZERS)
def quantizer(request: pytest.FixtureRequest) -> Quantizer:
    return QUANTIZERS[request.param]()


def test_bits_change_exactly_at_the_walls(quantizer: Quantizer) -> None:
    for wall in quantizer.walls:
        at = torch.tensor([wall])
        below = torch.nextafter(at, torch.tensor(-math.inf))
        above = torch.nextafter(at, torch.tensor(math.inf))
        assert quantizer.bits(at) == 1, "a tie counts as +1"
        assert {quantizer.bits(below).item(), quantizer.bits(above).item()} == {-1, 1}


def test_bits_change_nowhere_else(quantizer: Quantizer) -> None:
    latents = torch.linspace(-3, 3, 60_001)
    changes = (quantizer.bits(latents).diff() != 0).sum()
    assert changes == len(quantizer.walls)


def test_soft_bits_agree_in_sign_and_stay_within_the_hard_ones(quantizer: Quantizer) -> None:
    latents = torch.linspace(-3, 3, 1_001)
    soft, hard = quantizer.soft(latents), quantizer.bits(latents)
    away = soft.abs() > 1e-3
    assert torch.equal(soft[away].sign(), hard[away])
    assert soft.abs().max() <= 1


def test_a_higher_temperature_widens_the_gradient(quantizer: Quantizer) -> None:
    latents = torch.full((1,), 0.9, requires_grad=True)
    slopes = []
    for temperature in (1.0, 8.0):
        (slope,) = torch.autograd.grad(quantizer.soft(latents, temperature).sum(), latents)
        slopes.append(slope.abs().item())
    assert slopes[1] > slopes[0]


def test_band_is_the_authors_function() -> None:
    band = BandQuantizer()
    values = band.soft(torch.tensor([0.0, 0.1, 0.15, 0.2, 1.0]))
    expected = torch.tensor([0.833, 0.0, -0.862, -0.938, -0.998])
    assert torch.allclose(values, expected, atol=1e-3)
    assert band.noise_scale == pytest.approx(0.05)
