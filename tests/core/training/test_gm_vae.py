"""Gaussian-mixture VAEs: the loss's parts, hidden labels, what a distortion does."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from core.models.gm_vae import GmVae
from core.training import RECIPES, Recipe, train
from core.training.batching import Epochs, batches_of, hidden, labelled_rows
from core.training.gm_vae import GmVaeObjective, distorted
from core.types import LabError, Step

CPU = torch.device("cpu")
TINY = {"widths": [4, 8], "hidden": 16}
RECIPE = Recipe(
    model="gm_vae",
    arguments=TINY,
    objective="gm_vae",
    objective_arguments={"alpha": 20.0, "shifted": 1},
    steps=100,
    batch_size=4,
    learning_rate=3e-3,
    averaging=0.9,
    precision="float32",
)
SEMI = replace(
    RECIPE,
    objective_arguments={"alpha": 20.0, "consistency": 0.5, "warm_up": 10},
    labels_per_class=1,
)
VARIABLE = replace(RECIPE, arguments={**TINY, "variable": True})


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def model() -> GmVae:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return GmVae(widths=(4, 8), hidden=16)


@pytest.mark.parametrize("recipe", [RECIPE, SEMI, VARIABLE], ids=["all", "semi", "variable"])
def test_training_gathers_images_at_the_means(
    recipe: Recipe, images: Tensor, labels: Tensor
) -> None:
    reports: list[Step] = []
    trained, _ = train(recipe, (images, labels), device=CPU, on_step=reports.append)
    assert reports[-1].values["prior"] < reports[0].values["prior"]
    assert reports[-1].values["error"] < reports[0].values["error"]
    assert isinstance(trained, GmVae)
    assert trained(images).shape == (8, 10)


def test_an_image_without_a_label_is_pulled_to_the_mixture(model: GmVae) -> None:
    images, whole = torch.rand((2, 1, 28, 28), generator=generator()), torch.ones(())
    objective = GmVaeObjective(alpha=20.0)
    distances = model.distances(model.encode(images)[0])
    parts = objective.loss(model, images, torch.tensor([-1, -1]), generator(), whole)
    mixture = -torch.log(torch.exp(-20 * distances.double()).sum(1)) / 20
    assert parts["prior"].item() == pytest.approx(mixture.mean().item(), rel=1e-4)
    assert parts["accuracy"] == 0, "there is nothing to be right about"
    parts = objective.loss(model, images, torch.tensor([3, -1]), generator(), whole)
    expected = (distances[0, 3] + mixture[1]) / 2
    assert parts["prior"].item() == pytest.approx(expected.item(), rel=1e-4)
    parts = objective.loss(model, images, torch.tensor([3, -1]), generator(), 0 * whole)
    assert parts["prior"].item() == pytest.approx(distances[0, 3].item() / 2, rel=1e-4)


def test_only_clear_images_are_believed() -> None:
    before = torch.tensor([[0.1, 1.9, 2.0], [0.9, 1.1, 2.0], [0.1, 1.9, 2.0]])
    changed = torch.tensor([[0.5, 1.5, 1.5], [0.5, 1.5, 1.5], [0.5, 1.5, 1.7]])
    labels = torch.tensor([-1, -1, 2])
    kept = GmVaeObjective._kept(changed, before, labels, torch.ones(()))
    assert kept.item() == pytest.approx((0.5 + 0 + 1.7) / 3)
    assert GmVaeObjective._kept(changed, before, labels, torch.zeros(())).item() == pytest.approx(
        1.7 / 3
    )


def test_a_variance_of_its_own_costs_what_eq_1_says() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = GmVae(widths=(4, 8), hidden=16, variable=True)
    images, labels = torch.rand((3, 1, 28, 28), generator=generator()), torch.tensor([0, 1, 2])
    parts = GmVaeObjective(alpha=20.0).loss(model, images, labels, generator(), torch.ones(()))
    _, variance = model.encode(images)
    extra = (20 * variance - 0.5 * variance.log()).sum(1).mean()
    constant = parts["error"] + 20 * parts["prior"]
    assert parts["total"].item() == pytest.approx((constant + extra).item(), rel=1e-5)


def test_half_of_every_batch_has_labels_and_nobody_sees_the_others() -> None:
    labels = torch.arange(3).repeat(20)
    rows = labelled_rows(labels, 2)
    assert rows.tolist() == [0, 1, 2, 3, 4, 5], "the first of the file"
    seen = hidden(labels, 2)
    assert (seen >= 0).sum() == 6
    assert torch.equal(hidden(labels, 0), labels)
    known, every = batches_of(labels, 8, 0, 2)
    for step in range(20):
        assert set(known.batch(step).tolist()) <= set(rows.tolist())
        assert len(known.batch(step)) == len(every.batch(step)) == 4
    epoch = torch.cat([every.batch(step) for step in range(len(every))])
    assert sorted(epoch.tolist()) == list(range(60))


def test_a_class_with_too_few_images_is_named() -> None:
    with pytest.raises(LabError, match="class 1 has 1 training images, fewer than the 2 labels"):
        labelled_rows(torch.tensor([0, 0, 1]), 2)
    with pytest.raises(LabError, match="3 training images are fewer than one batch of 4"):
        Epochs(torch.arange(3), 4, 0)
    with pytest.raises(ValueError, match="labels_per_class must be 0 or more"):
        replace(RECIPE, labels_per_class=-1)


def test_distorted_images_keep_their_range_and_differ(images: Tensor) -> None:
    changed = distorted(images, generator())
    assert changed.shape == images.shape
    assert changed.amin() >= 0
    assert changed.amax() <= 1
    assert not torch.allclose(changed, images)
    assert torch.equal(changed, distorted(images, generator()))


def test_noise_is_seen_but_not_to_be_reproduced(
    model: GmVae, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = 0.4 + 0.2 * torch.rand((4, 1, 28, 28), generator=generator())
    labels, objective = torch.tensor([0, 1, 2, 3]), GmVaeObjective(noise=0.3)
    seen: list[Tensor] = []
    encode = model.encode

    def watched(batch: Tensor) -> tuple[Tensor, Tensor]:
        seen.append(batch)
        return encode(batch)

    monkeypatch.setattr(model, "encode", watched)
    parts = objective.loss(model, images, labels, generator(), torch.ones(()))
    change = (seen[0] - images).abs().flatten(1)
    assert torch.allclose(change.amax(1), change.amin(1)), "one amplitude an image"
    assert 0 < change.amax() <= 0.3
    assert parts["error"].item() == pytest.approx(
        (model.decoder(encode(seen[0])[0]) - images).square().flatten(1).sum(1).mean().item(),
        rel=0.05,
    )


def test_the_recipes_keep_the_whole_noise_as_the_latents_grow() -> None:
    for (_, name), recipe in RECIPES.items():
        if recipe.model == "gm_vae":
            model = GmVae(**recipe.arguments)
            assert model.variance * model.latent_size == pytest.approx(1 / 300), name


def test_fewer_latents_than_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="one-hot means of 10 classes need as many latents"):
        GmVae(latent_size=8)
    with pytest.raises(ValueError, match="variance must be above 0"):
        GmVae(variance=0.0)
    with pytest.raises(ValueError, match="trains a GmVae, got Linear"):
        GmVaeObjective().phases(torch.nn.Linear(2, 2), 0.1)
