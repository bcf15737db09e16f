"""Training on attacks, and a generator against its critic, on tiny models."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from core.models.gan import Gan
from core.training import Recipe, Training
from core.training.adversarial import AdversarialObjective
from core.training.gan import WganObjective, critic_loss
from core.training.phases import warmth
from core.types import Cancelled, LabError, Step

CPU = torch.device("cpu")
ROBUST = Recipe(
    model="e",
    objective="adversarial",
    objective_arguments={"attack": "pgd", "epsilon": 0.2, "steps": 3, "warm_up": 10},
    steps=100,
    batch_size=4,
    learning_rate=3e-3,
    precision="float32",
)
GAN = Recipe(
    model="gan",
    arguments={"latent_size": 4, "widths": [4, 4, 2]},
    objective="wgan",
    objective_arguments={"critic_steps": 2},
    steps=50,
    batch_size=4,
    learning_rate=1e-3,
    precision="float32",
)


@pytest.mark.parametrize("attack", ["fgsm", "pgd"])
def test_training_on_attacks_makes_robust(attack: str, images: Tensor, labels: Tensor) -> None:
    recipe = replace(ROBUST, objective_arguments={**ROBUST.objective_arguments, "attack": attack})
    training = Training(recipe, images, labels, device=CPU, held_out=(images, labels))
    training.run()
    first, last = training.history[0], training.history[-1]
    assert [row["step"] for row in training.history] == list(range(2, 101, 2))
    assert last["clean"] == 1
    assert last[attack] > max(first[attack], 0.7)


def test_what_was_watched_survives_a_kill(images: Tensor, labels: Tensor, tmp_path: Path) -> None:
    state = tmp_path / "run.pt"
    begun = Training(
        ROBUST, images, labels, device=CPU, state_file=state, held_out=(images, labels)
    )

    def kill(step: Step) -> None:
        raise Cancelled("killed")

    with pytest.raises(Cancelled):
        begun.run(kill, save_every_seconds=0.0)
    resumed = Training(
        ROBUST, images, labels, device=CPU, state_file=state, held_out=(images, labels)
    )
    resumed.run()
    steps = [row["step"] for row in resumed.history]
    assert steps == sorted(set(steps))
    assert steps[0] == 2
    assert steps[-1] == 100


def test_a_warm_up_grows_to_the_whole() -> None:
    weights = nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.Adam([weights])
    found = []
    for _ in range(6):
        found.append(round(float(warmth(optimiser, weights, 4)), 4))
        weights.grad = torch.ones(1)
        optimiser.step()
    assert found == [0, 0.25, 0.5, 0.75, 1, 1]
    assert float(warmth(torch.optim.Adam([weights]), weights, 0)) == 1


def test_an_unknown_attack_is_refused() -> None:
    with pytest.raises(ValueError, match="attack must be one of"):
        AdversarialObjective(attack="cw", epsilon=0.1)


def test_a_critic_learns_to_tell_and_a_generator_moves(images: Tensor, labels: Tensor) -> None:
    training = Training(GAN, images, labels, device=CPU)
    before = {name: value.clone() for name, value in training.model.state_dict().items()}
    reports: list[Step] = []
    training.run(reports.append)
    assert reports[-1].values["wasserstein"] > 0
    changed = {
        name.split(".")[0]
        for name, value in training.model.state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert changed == {"generator", "critic"}


def test_the_penalty_pulls_the_critics_slope_to_one(images: Tensor) -> None:
    model = Gan(latent_size=4, widths=(4, 4, 2))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weights in model.critic.parameters():
            weights.zero_()
    # A critic that is flat everywhere has slope 0, one less than it should.
    assert critic_loss(model, images, generator, 10.0)["penalty"].item() == pytest.approx(1)


def test_a_gan_objective_refuses_other_models() -> None:
    with pytest.raises(ValueError, match="trains a Gan, got Linear"):
        WganObjective().phases(nn.Linear(2, 2), 1e-3)


def test_too_few_images_are_said(images: Tensor, labels: Tensor) -> None:
    with pytest.raises(LabError, match="fewer than one batch of 4"):
        Training(GAN, images[:3], labels[:3], device=CPU)
