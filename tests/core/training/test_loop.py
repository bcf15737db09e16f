"""The loop on a tiny model: it learns, resumes exactly, and refuses what it must."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from core.training import RECIPES, Recipe, train
from core.types import Cancelled, LabError, Step

CPU = torch.device("cpu")
TINY = {"latent_size": 8, "widths": [4, 8], "hidden": 16}
RECIPE = Recipe(
    model="lq_vae",
    arguments=TINY,
    objective="lq_vae",
    objective_arguments={"passes": "joint", "loss": {"input_noise": 0.2, "code_flips": 0.1}},
    steps=100,
    batch_size=4,
    learning_rate=3e-3,
    averaging=0.9,
    precision="float32",
)
SEQUENTIAL = replace(
    RECIPE, objective_arguments={"passes": "sequential"}, averaging=0.0, schedule="staircase"
)

PATCHES = replace(
    RECIPE,
    model="vae",
    arguments={"image_shape": [1, 8, 8], "latent_size": 8, "widths": [4, 8], "hidden": 16},
    objective="vae",
    objective_arguments={"beta": 0.01},
)


@pytest.mark.parametrize(
    ("recipe", "error"),
    [(RECIPE, "hard"), (SEQUENTIAL, "hard"), (PATCHES, "error")],
    ids=["joint", "sequential", "patches"],
)
def test_training_lowers_the_error(
    recipe: Recipe, error: str, images: Tensor, labels: Tensor
) -> None:
    reports: list[Step] = []
    train(recipe, (images, labels), device=CPU, on_step=reports.append)
    assert [step.index for step in reports] == [50, 100]
    assert reports[-1].values[error] < reports[0].values[error]


@pytest.mark.parametrize(
    "recipe", [RECIPE, SEQUENTIAL, PATCHES], ids=["joint", "sequential", "patches"]
)
def test_a_killed_run_goes_on_to_the_same_weights(
    recipe: Recipe, images: Tensor, labels: Tensor, tmp_path: Path
) -> None:
    data = (images, labels)
    whole, _ = train(recipe, data, device=CPU)

    state = tmp_path / "run.pt"
    from core.training import Training

    first = Training(recipe, *data, device=CPU, state_file=state)

    def kill(step: Step) -> None:
        raise Cancelled("killed")

    with pytest.raises(Cancelled):
        first.run(kill, save_every_seconds=0.0)
    resumed, _ = train(recipe, data, device=CPU, state_file=state)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_the_same_seed_gives_the_same_model(images: Tensor, labels: Tensor) -> None:
    recipe = replace(
        RECIPE, model="b", arguments={}, objective="classifier", objective_arguments={}, steps=4
    )
    before = torch.get_rng_state()
    one, _ = train(recipe, (images, labels), device=CPU)
    torch.rand(3)
    two, _ = train(recipe, (images, labels), device=CPU)
    assert all(
        torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True)
    ), "dropout draws from a fork of its own"
    torch.set_rng_state(before)


def test_the_global_random_state_is_left_alone(images: Tensor, labels: Tensor) -> None:
    before = torch.get_rng_state()
    train(replace(RECIPE, steps=2), (images, labels), device=CPU)
    assert torch.equal(before, torch.get_rng_state())


def test_a_state_of_other_settings_is_refused(
    images: Tensor, labels: Tensor, tmp_path: Path
) -> None:
    state = tmp_path / "run.pt"
    train(replace(RECIPE, steps=2), (images, labels), device=CPU, state_file=state)
    with pytest.raises(LabError, match=r"belongs to other settings.*--restart"):
        train(replace(RECIPE, steps=3), (images, labels), device=CPU, state_file=state)


def test_a_staircase_can_go_on_for_longer(images: Tensor, labels: Tensor, tmp_path: Path) -> None:
    data, state = (images, labels), tmp_path / "run.pt"
    whole, _ = train(replace(SEQUENTIAL, steps=6), data, device=CPU)
    train(replace(SEQUENTIAL, steps=4), data, device=CPU, state_file=state)
    longer, _ = train(replace(SEQUENTIAL, steps=6), data, device=CPU, state_file=state)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, longer.state_dict()[name]), name
    with pytest.raises(LabError, match="already at step 6 of the 4 asked for"):
        train(replace(SEQUENTIAL, steps=4), data, device=CPU, state_file=state)


def test_a_damaged_state_is_said(images: Tensor, labels: Tensor, tmp_path: Path) -> None:
    state = tmp_path / "run.pt"
    state.write_bytes(b"half a file")
    with pytest.raises(LabError, match="cannot be read; delete"):
        train(RECIPE, (images, labels), device=CPU, state_file=state)


def test_a_collapsed_code_stops_the_run() -> None:
    from core.training.objectives import LqVaeObjective

    objective = LqVaeObjective()
    objective.check(1_000, {"plus_share": 0.4})
    with pytest.raises(LabError, match=r"the code collapsed: 0\.5% of its bits"):
        objective.check(1_000, {"plus_share": 0.005})


def test_too_few_images_are_refused(images: Tensor, labels: Tensor) -> None:
    with pytest.raises(LabError, match="2 training images are fewer than one batch of 4"):
        train(RECIPE, (images[:2], labels[:2]), device=CPU)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"objective": "none"}, "unknown objective 'none'; choose from"),
        ({"schedule": "none"}, "unknown schedule 'none'"),
        ({"precision": "int8"}, "precision must be"),
        ({"steps": 0}, "at least 1"),
    ],
)
def test_recipes_check_their_values(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(RECIPE, **change)  # type: ignore[arg-type]


def test_every_recipe_builds_its_model_and_phases() -> None:
    from core.models import MODELS
    from core.training.objectives import OBJECTIVES

    for key, recipe in RECIPES.items():
        model = MODELS[recipe.model](**recipe.arguments)
        phases = OBJECTIVES[recipe.objective](**recipe.objective_arguments).phases(model, 1e-3)
        trained = {id(p) for phase in phases for p in phase.parameters}
        assert trained == {id(p) for p in model.parameters()}, key


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_the_captured_step_learns_on_cuda(images: Tensor, labels: Tensor) -> None:
    reports: list[Step] = []
    train(RECIPE, (images, labels), device=torch.device("cuda"), on_step=reports.append)
    assert reports[-1].values["hard"] < reports[0].values["hard"]
