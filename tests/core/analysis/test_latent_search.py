"""Defense-GAN's search looked at: the way of one picture, and the errors that betray attacks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from core.analysis.encoding import purified_images
from core.analysis.latent_search import (
    DETECTED,
    detect,
    detection_file,
    rates,
    search_way,
    store_detection,
    stored_detection,
)
from core.analysis.lineup import make_lineup
from core.analysis.runs import RunSpec
from core.analysis.triplets import make_triplet
from core.defenses import DefenseGanPurifier
from core.models.gan import Gan
from core.types import Cancelled, LabError, Step


@pytest.fixture
def purifier() -> DefenseGanPurifier:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Gan(latent_size=6, widths=(8, 4, 4)).eval().requires_grad_(False)
    return DefenseGanPurifier(model, search_steps=20, search_starts=2)


def classifier(images: Tensor) -> Tensor:
    halves = images[:, :, :14].flatten(1).mean(1), images[:, :, 14:].flatten(1).mean(1)
    return 10 * torch.stack([*halves, halves[0] * 0, halves[0] * 0], dim=1)


def test_a_way_keeps_pictures_answers_and_errors(
    purifier: DefenseGanPurifier, images: Tensor
) -> None:
    steps: list[Step] = []
    way = search_way(classifier, purifier, images[0], images[1], on_step=steps.append)
    assert way.steps == (0, 10, 20)
    assert way.images.shape == (3, 1, 28, 28)
    assert way.probabilities.shape == (3, 4)
    assert way.path.shape == way.clean_path.shape == (21,)
    error = float(((torch.from_numpy(way.images[-1]) - images[1]) ** 2).mean())
    assert error == pytest.approx(float(way.path[-1]), abs=1e-6)
    assert [(step.index, step.of) for step in steps] == [(index, 40) for index in range(1, 41)]


def test_an_error_that_is_larger_on_attacks_gives_a_full_area() -> None:
    false, true, area = rates((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    assert area == 1
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    assert rates((0.1, 0.2), (0.1, 0.2))[2] == 0.5


def test_detection_is_stored_and_read_again(
    purifier: DefenseGanPurifier, images: Tensor, labels: Tensor, checkpoint_copy: Path
) -> None:
    assert stored_detection("mnist") == ()
    found = detect("mnist", classifier, purifier, images, labels % 4)
    assert [(one.attack, dict(one.parameters)) for one in found] == [
        (attack, dict(parameters)) for attack, parameters in DETECTED
    ]
    assert all(len(one.clean) == len(one.attacked) == len(images) for one in found)
    assert np.isfinite(found[0].clean).all()
    assert store_detection(found) == detection_file("mnist")
    assert stored_detection("mnist") == found


def test_a_damaged_file_is_said(checkpoint_copy: Path) -> None:
    detection_file("mnist").parent.mkdir(parents=True)
    detection_file("mnist").write_text("{")
    with pytest.raises(LabError, match="damaged"):
        stored_detection("mnist")


def test_a_lineup_and_a_triplet_tell_how_far_a_search_is(
    purifier: DefenseGanPurifier, images: Tensor
) -> None:
    spec = RunSpec(dataset="mnist", classifier="a", index=0, attack="fgsm")
    steps: list[Step] = []
    lineup = make_lineup(classifier, {"defense_gan": purifier}, images[0], 0, spec, steps.append)
    (entry,) = lineup.entries
    assert entry.purified.image.shape == (1, 28, 28)
    fractions = [step.index / step.of for step in steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert len(steps) >= 40

    steps.clear()
    defended = replace(spec, defense="defense_gan")
    triplet = make_triplet(classifier, purifier, images[0], 0, defended, steps.append)
    assert triplet.purified is not None
    assert np.array_equal(triplet.purified.image, entry.purified.image)
    assert steps[-1].index == steps[-1].of


def test_a_search_over_many_images_can_be_cancelled(
    purifier: DefenseGanPurifier, images: Tensor
) -> None:
    steps: list[Step] = []

    def stop(step: Step) -> None:
        steps.append(step)
        if len(steps) == 3:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        purified_images(purifier, images, 0, stop)
    assert len(steps) == 3
    whole = purified_images(purifier, images, 0, steps.append)
    assert torch.equal(whole, purified_images(purifier, images, 0))
