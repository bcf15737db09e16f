"""Defense-GAN's search looked at: the way of one picture, and the errors that betray attacks."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from core.analysis.latent_search import (
    DETECTED,
    Detection,
    detect,
    detection_file,
    search_way,
    store_detection,
    stored_detection,
)
from core.defenses import DefenseGanPurifier
from core.models.gan import Gan
from core.types import LabError, Step


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
    one = Detection(
        dataset="mnist",
        attack="fgsm",
        parameters={"epsilon": 0.3},
        search_steps=10,
        search_starts=1,
        clean=(0.1, 0.2, 0.3),
        attacked=(0.4, 0.5, 0.6),
    )
    false, true, area = one.roc()
    assert area == 1
    assert (false[-1], true[-1]) == (1, 1)
    assert one.roc()[0] is not false


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
