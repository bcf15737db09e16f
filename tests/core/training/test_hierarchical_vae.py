"""Training of a ladder of latents, on a tiny one."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from core.models.hierarchical_vae import HierarchicalVae
from core.training import Recipe, Training
from core.training.hierarchical_vae import HierarchicalVaeObjective
from core.types import LabError

CPU = torch.device("cpu")
LADDER = Recipe(
    model="hierarchical_vae",
    arguments={"sides": [1, 4, 8, 16], "latents": [3, 2, 2, 1], "widths": [4, 4, 6, 8]},
    objective="hierarchical_vae",
    objective_arguments={"warm_up": 20, "kl_weights": [0.5, 1, 1, 1]},
    steps=50,
    batch_size=4,
    learning_rate=3e-3,
    precision="float32",
)


@pytest.mark.parametrize("deviation", [None, 0.3])
def test_the_error_falls_and_every_level_tells_something(
    deviation: float | None, images: Tensor, labels: Tensor
) -> None:
    settings = {**LADDER.objective_arguments, "deviation": deviation, "mirrored": True}
    training = Training(replace(LADDER, objective_arguments=settings), images, labels, device=CPU)
    (phase,) = training.phases
    before = phase.loss(images, labels, training.generator)
    training.run()
    after = phase.loss(images, labels, training.generator)
    assert after["error"] < before["error"]
    assert [before[f"kl_{level}"] for level in range(4)] == [0] * 4
    assert all(after[f"kl_{level}"] > 0 for level in range(4))


def test_so_many_images_are_told_by_their_upper_levels_alone() -> None:
    generator = torch.Generator().manual_seed(0)
    told = HierarchicalVaeObjective(cut_share=0.6)._told(4000, 4, generator)
    shares = [(told == levels).float().mean().item() for levels in (1, 2, 3, 4)]
    assert shares == pytest.approx([0.2, 0.2, 0.2, 0.4], abs=0.03)


def test_a_dead_level_ends_the_run() -> None:
    objective = HierarchicalVaeObjective(warm_up=500)
    alive = {"kl_0": 9.0, "kl_1": 0.5}
    objective.check(2_000, alive)
    objective.check(1_000, {**alive, "kl_1": 0.0})
    with pytest.raises(LabError, match="kl_1: a level says nothing after 1500 steps"):
        objective.check(1_500, {**alive, "kl_1": 0.0})


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="deviation must be above 0"):
        HierarchicalVaeObjective(deviation=0.0)
    with pytest.raises(ValueError, match="cut_share must be 0 to 1"):
        HierarchicalVaeObjective(cut_share=1.5)
    with pytest.raises(ValueError, match="the model has 5 levels, kl_weights has 2"):
        HierarchicalVaeObjective(kl_weights=(1, 1)).phases(HierarchicalVae(), 1e-3)
    with pytest.raises(ValueError, match="trains a HierarchicalVae, got Linear"):
        HierarchicalVaeObjective().phases(nn.Linear(2, 2), 1e-3)
