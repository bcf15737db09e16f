"""Carlini and Wagner's search: what stopping early saves, and what it must not change."""

import pytest
import torch
from torch import Tensor

from core.attacks import AttackResult, make_attack
from core.types import Classifier, Step
from tests.core.attacks.tiny import Tiny

SETTINGS = {"searches": 4, "steps": 150, "learning_rate": 0.05}


class Counted:
    """A classifier that counts the images it is shown."""

    def __init__(self, classifier: Classifier) -> None:
        self.classifier, self.seen = classifier, 0

    def __call__(self, images: Tensor) -> Tensor:
        self.seen += len(images)
        return self.classifier(images)


def attack(
    tiny: Tiny, chosen: slice = slice(None), *, labels: Tensor | None = None, **settings: object
) -> tuple[AttackResult, int]:
    net = Counted(tiny.net)
    labels = tiny.labels if labels is None else labels
    cw = make_attack("cw", **{**SETTINGS, **settings})
    return cw(net, tiny.images[chosen], labels[chosen]), net.seen


def test_stopping_early_asks_less_and_finds_as_much(tiny: Tiny) -> None:
    early, few = attack(tiny)
    late, many = attack(tiny, abort_early=False)
    assert many == 12 * (4 * 150 + 3)
    assert few < 0.9 * many
    assert torch.equal(early.success, late.success)
    assert early.l2.mean() <= 1.01 * late.l2.mean()


@pytest.mark.parametrize("abort_early", [True, False])
def test_an_image_does_not_depend_on_its_neighbours(abort_early: bool, tiny: Tiny) -> None:
    def images_of(chosen: slice) -> Tensor:
        result, _ = attack(tiny, chosen, searches=2, steps=60, abort_early=abort_early)
        return result.images

    together = images_of(slice(None))
    alone = torch.cat([images_of(slice(i, i + 1)) for i in range(0, 12, 3)])
    torch.testing.assert_close(alone, together[::3], atol=1e-4, rtol=0)


def test_misread_images_are_not_searched(tiny: Tiny) -> None:
    labels = torch.cat([tiny.target[:6], tiny.labels[6:]])
    result, seen = attack(tiny, labels=labels, abort_early=False)
    assert torch.equal(result.images[:6], tiny.images[:6])
    assert seen == 3 * 12 + 6 * 4 * 150
    _, seen = attack(tiny, labels=tiny.target)
    assert seen == 3 * 12


def test_more_searches_never_find_larger_changes(tiny: Tiny) -> None:
    sizes = [attack(tiny, searches=searches)[0].l2 for searches in (1, 2, 4)]
    assert (sizes[1] <= sizes[0]).all()
    assert (sizes[2] <= sizes[1]).all()
    assert sizes[2].mean() < sizes[0].mean()


def test_the_trajectory_walks_and_stays_where_an_image_was_dropped(tiny: Tiny) -> None:
    result, _ = attack(tiny, searches=1, steps=200)
    assert result.trajectory is not None
    assert result.trajectory.shape == (21, 12, 1, 16, 16)
    assert torch.equal(result.trajectory[0], tiny.images)
    assert torch.equal(result.trajectory[-1], result.images)
    moves = (result.trajectory[1:-1] - result.trajectory[:-2]).flatten(2).norm(dim=2)  # (18, 12)
    still = moves == 0
    assert not still[0].any()
    assert still.any()
    # Once dropped, an image does not move again.
    assert torch.equal(still, still.cummax(dim=0).values)


def test_progress_ends_even_if_all_images_are_dropped_early(tiny: Tiny) -> None:
    steps: list[Step] = []
    make_attack("cw", **SETTINGS)(tiny.net, tiny.images, tiny.labels, on_step=steps.append)
    assert steps[-1].index == steps[-1].of == 5 * 150  # one more search polishes
    assert len(steps) < 4 * 150
