"""The targeted and the Linf rows of AutoAttack."""

import pytest
import torch

from core.attacks import make_attack
from core.attacks.auto_attack import AutoPgdTargeted, FabTargeted
from tests.core.attacks.tiny import Tiny, quick


@pytest.mark.parametrize("attack", [AutoPgdTargeted(), FabTargeted()])
def test_all_wrong_classes_are_tried_up_to_nine(attack: AutoPgdTargeted | FabTargeted) -> None:
    # Theirs tries one class fewer than it is told.
    assert [attack.arguments(k)["n_classes"] - 1 for k in (4, 10, 100)] == [3, 9, 9]
    fewer = type(attack)(targets=2)
    assert [fewer.arguments(k)["n_classes"] - 1 for k in (2, 4, 10)] == [1, 2, 2]
    assert fewer.queries(5, 10) < attack.queries(5, 10)


def test_trying_all_classes_fools_at_least_as_many_as_trying_one(tiny: Tiny) -> None:
    one, all_three = (
        make_attack("apgd_t", epsilon=0.05, steps=8, targets=targets)(
            tiny.net, tiny.images, tiny.labels
        )
        for targets in (1, 3)
    )
    assert (all_three.success >= one.success).all()
    assert torch.equal(all_three.images[~all_three.success], tiny.images[~all_three.success])


def test_fab_linf_finds_smaller_largest_changes_than_fab(tiny: Tiny) -> None:
    linf, l2 = (quick(name)(tiny.net, tiny.images, tiny.labels) for name in ("fab_linf", "fab"))
    assert linf.success.all()
    assert linf.linf.mean() < 0.5 * l2.linf.mean()
    assert l2.l2.mean() < linf.l2.mean()


def test_fab_targeted_stays_in_its_budget_or_gives_the_clean_image(tiny: Tiny) -> None:
    smallest = quick("fab_linf")(tiny.net, tiny.images, tiny.labels).linf
    epsilon = round(float(smallest.median()), 4)
    result = make_attack("fab_t", epsilon=epsilon, steps=8)(tiny.net, tiny.images, tiny.labels)
    assert result.success.any()
    assert not result.success.all()
    assert (result.linf[result.success] > 0).all()
    assert (result.linf[~result.success] == 0).all()
