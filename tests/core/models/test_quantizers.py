import math
from typing import Any

import pytest
import torch

from core.models.quantizers import QUANTIZERS, BandQuantizer, Quantizer, UniformQuantizer


@pytest.fixture(params=QUANTIZERS)
def quantizer(request: pytest.FixtureRequest) -> Quantizer:
    return QUANTIZERS[request.param]()


def test_bits_change_exactly_at_the_walls(quantizer: Quantizer) -> None:
    for wall in quantizer.walls:
        at = torch.tensor([wall])
        below = torch.nextafter(at, torch.tensor(-math.inf))
        above = torch.nextafter(at, torch.tensor(math.inf))
        changed = quantizer.bits(below) != quantizer.bits(above)
        assert changed.sum() == 1, "cells side by side differ in one bit"
        assert quantizer.bits(at)[changed] == 1, "a tie counts as +1"


def test_bits_change_nowhere_else(quantizer: Quantizer) -> None:
    latents = torch.linspace(-3, 3, 60_001)
    codes = quantizer.bits(latents.unsqueeze(1))
    assert codes.shape == (60_001, quantizer.bits_per_latent)
    assert (codes.diff(dim=0) != 0).sum() == len(quantizer.walls)


def test_cells_and_bits_are_one(quantizer: Quantizer) -> None:
    walls = torch.tensor(quantizer.walls)
    latents = torch.cat([torch.linspace(-1, 1, 1_001), walls]).unsqueeze(1)
    cells = quantizer.cells(latents)
    assert set(cells.flatten().tolist()) == set(range(len(quantizer.walls) + 1))
    words = torch.tensor(quantizer.codewords, dtype=torch.float32)
    assert torch.equal(quantizer.bits(latents), words[cells.squeeze(1)])


def test_bits_of_one_latent_lie_side_by_side() -> None:
    latents = torch.tensor([[-0.5, -0.05], [0.05, 0.5]])
    bits = UniformQuantizer(bits_each=2, step=0.1).bits(latents)
    assert bits.tolist() == [[-1, -1, -1, 1], [1, 1, 1, -1]]
    assert UniformQuantizer().cells(latents).tolist() == [[0, 1], [2, 3]]


@pytest.mark.parametrize("bits_each", [1, 2, 3, 4])
def test_uniform_levels_are_equally_wide_and_differ_from_each_other(bits_each: int) -> None:
    quantizer = UniformQuantizer(bits_each=bits_each, step=0.2)
    assert len(set(quantizer.codewords)) == 2**bits_each == len(quantizer.walls) + 1
    gaps = torch.tensor(quantizer.walls).diff()
    assert torch.allclose(gaps, torch.full_like(gaps, 0.2))
    assert sum(quantizer.walls) == pytest.approx(0)


@pytest.mark.parametrize("arguments", [{"bits_each": 0}, {"bits_each": 5}, {"step": 0.0}])
def test_impossible_levels_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        UniformQuantizer(**arguments)


def test_soft_bits_agree_in_sign_and_stay_within_the_hard_ones(quantizer: Quantizer) -> None:
    latents = torch.linspace(-3, 3, 1_001)
    soft, hard = quantizer.soft(latents), quantizer.bits(latents)
    assert soft.shape == hard.shape
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
