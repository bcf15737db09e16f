from typing import Any

import pytest
import torch
from torch import Tensor

from core.models.hierarchical_vae import HierarchicalVae

TINY: dict[str, Any] = {"sides": (1, 4, 8, 16), "latents": (3, 2, 2, 1), "widths": (4, 4, 6, 8)}


@pytest.fixture
def ladder() -> HierarchicalVae:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = HierarchicalVae(**TINY)
        # Untrained, every posterior equals its prior: move them apart.
        for level in model.levels:
            level.get_parameter("posterior.weight").data.normal_(0, 0.3)
            level.get_parameter("prior.weight").data.normal_(0, 0.3)
    return model.eval().requires_grad_(False)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (1, 20, 30)])
def test_images_go_through_all_levels_and_come_back_in_their_size(
    shape: tuple[int, int, int], generator: torch.Generator
) -> None:
    model = HierarchicalVae(image_shape=shape, **TINY)
    logits, nats = model.through(torch.rand(2, *shape), generator)
    assert logits.shape == (2, *shape)
    assert torch.equal(nats, torch.zeros(2, 4)), "before training nothing is told"


def test_divergence_is_that_of_the_two_normals(
    ladder: HierarchicalVae, images: Tensor, generator: torch.Generator
) -> None:
    _, nats = ladder.through(images, generator)
    features, state = ladder.encode(images), ladder.start(len(images))
    mean, log_deviation = ladder.prior(0, state)
    moved, widened = ladder.change(0, state, features)
    prior = torch.distributions.Normal(mean, log_deviation.exp())
    posterior = torch.distributions.Normal(
        mean + log_deviation.exp() * moved, (log_deviation + widened).exp()
    )
    told = torch.distributions.kl_divergence(posterior, prior).flatten(1).sum(1)
    assert torch.allclose(nats[:, 0], told, atol=1e-4)
    assert (nats > 0).all()


def test_below_a_cut_nothing_is_told_of_the_image(ladder: HierarchicalVae, images: Tensor) -> None:
    told = torch.tensor([1.0, 4.0]).repeat(4)
    pictures, nats = ladder.through(images, torch.Generator().manual_seed(0), told)
    assert (nats[::2, 1:] == 0).all()
    assert (nats[:, 0] > 0).all()
    assert (nats[1::2] > 0).all()
    whole, _ = ladder.through(images, torch.Generator().manual_seed(0))
    assert torch.allclose(pictures[1::2], whole[1::2], atol=1e-5)
    assert not torch.allclose(pictures[::2], whole[::2], atol=1e-3)


@pytest.mark.parametrize(
    ("sides", "latents"),
    [((4, 1, 8, 16), (1, 1, 1, 1)), ((1, 4, 8), (1, 1, 1)), ((1, 4, 8, 16), (1, 1))],
)
def test_levels_go_from_coarse_to_fine_without_a_gap(
    sides: tuple[int, ...], latents: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="levels go from coarse to fine over the sides"):
        HierarchicalVae(sides=sides, latents=latents)


def test_an_image_larger_than_the_canvas_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 32x32, got 64x64"):
        HierarchicalVae(image_shape=(3, 64, 64))
