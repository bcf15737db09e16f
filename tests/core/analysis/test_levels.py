"""Levels of one image, effects over many, and the search for a schedule."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from core.analysis.level_effects import (
    LevelEffect,
    effects_file,
    level_effects,
    store_effects,
    stored_effects,
)
from core.analysis.level_search import accuracy_of, fooling_images, search_schedule
from core.analysis.levels import LevelSpec, alone, levels_alone, names_of, through_levels
from core.defenses import MlvgmPurifier
from core.types import LabError
from tests.core.defenses.test_mlvgm import Spy

KEPT = (0.0, 0.0)


def brighter_half(images: Tensor) -> Tensor:
    """Logits (n, 2): is the upper or the lower half brighter?"""
    upper, lower = images[..., :14, :].flatten(1), images[..., 14:, :].flatten(1)
    return 20 * torch.stack([upper.mean(1), lower.mean(1)], 1)


def test_one_image_is_drawn_several_times(images: Tensor) -> None:
    spec = LevelSpec(shares=(0.0, 0.5), draws=4)
    found = through_levels(brighter_half, Spy(), images[0], spec)
    pictures = torch.stack([torch.from_numpy(draw.image) for draw in found.draws])
    assert len(found.draws) == 4
    assert torch.allclose(torch.from_numpy(found.average.image), pictures.mean(0), atol=1e-6)
    removed = pictures[0] - images[0]
    assert torch.allclose(torch.from_numpy(found.removed), removed, atol=1e-6)
    assert found.votes(0) == sum(draw.prediction == 0 for draw in found.draws)
    again = through_levels(brighter_half, Spy(), images[0], spec)
    assert (again.draws[0].image == found.draws[0].image).all()


def test_a_level_alone_is_drawn_anew(images: Tensor) -> None:
    assert [alone(index, 3) for index in range(2)] == [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0)]
    coarse, fine = levels_alone(brighter_half, Spy(), images[0], LevelSpec(shares=(), draws=2))
    # The first level of this generator is the mean light alone, the second all the rest.
    assert len({round(float(draw.image.std()), 3) for draw in fine.draws}) == 2
    assert abs(float(coarse.removed.std()) - float(fine.removed.std())) > 0.05


def test_levels_are_named_by_their_place_and_side() -> None:
    assert names_of(((32, 1, 1), (8, 4, 4))) == ("1: whole", "2: 4×4")


def test_the_level_with_the_answer_in_it_decides_it(images: Tensor, checkpoint_copy: Path) -> None:
    rows = level_effects(brighter_half, Spy(), images, named=("mnist", "a", "ab" * 32))
    assert [row.level for row in rows] == [0, 1]
    assert rows[0].changed == 0, "the mean light decides nothing"
    assert rows[1].changed > 0
    assert rows[1].share.n == len(images)
    store_effects(rows)
    store_effects([LevelEffect(**{**vars(rows[0]), "dataset": "cifar10"})])
    assert [row.dataset for row in stored_effects()] == ["cifar10", "mnist", "mnist"]
    effects_file().write_text('{"levels": [{"changed": 3}]}')
    with pytest.raises(LabError, match="damaged"):
        stored_effects()


def test_the_search_finds_where_the_best_is() -> None:
    best = (0.2, 0.7, 0.9)

    def score(shares: tuple[float, ...]) -> float:
        return 1 - sum((one - other) ** 2 for one, other in zip(shares, best, strict=True))

    found = search_schedule(score, 3, tries=15)
    shares, value = max(found, key=lambda one: one[1])
    assert len(found) == 15
    assert max(one for _, one in found[:5]) < value
    assert shares == pytest.approx(best, abs=0.25)
    with pytest.raises(ValueError, match="tries must be above 5, got 5"):
        search_schedule(score, 3, tries=5)


def test_images_to_search_on_fool_what_keeps_all_of_them(images: Tensor) -> None:
    labels = brighter_half(images).argmax(1)
    keeping = MlvgmPurifier(Spy(), KEPT)
    attacked, clean, right = fooling_images(brighter_half, keeping, (images, labels), 0.5, 3)
    assert len(attacked) == len(clean) == len(right) == 3
    assert accuracy_of(brighter_half, keeping, clean, right) == 1
    assert accuracy_of(brighter_half, keeping, attacked, right) == 0
    with pytest.raises(LabError, match=r"FGSM at 0\.001 fools the classifier on none of 8 images"):
        fooling_images(brighter_half, keeping, (images, labels), 0.001, 3)
