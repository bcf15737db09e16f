"""An attack on the second look, on a mixture where it is known when it can succeed."""

import math
from dataclasses import replace
from typing import Literal

import pytest
import torch
from torch import Generator, Tensor

from core.selective import BEGINS, GmVaeClassifier, Search, SecondLookAttack, SecondLookResult
from core.selective.settling import Searches
from core.types import Cancelled, Step
from tests.core.selective.toy import picture, pictures, toy

ERROR, NEAR, SHARP = Search(prior=0.0), Search(prior=0.5), Search(prior=0.5, contrast=8.0)
QUICK = SecondLookAttack(epsilon=0.6, search=ERROR, steps=10)


def generator() -> Generator:
    return Generator().manual_seed(0)


def attacked(attack: SecondLookAttack, classifier: GmVaeClassifier) -> SecondLookResult:
    images, labels = pictures()
    return attack(classifier, images, labels, generator=generator())


@pytest.mark.parametrize("search", [ERROR, NEAR, SHARP])
def test_an_image_falls_once_the_budget_reaches_half_way(search: Search) -> None:
    attack = replace(QUICK, search=search)
    found = attacked(attack, toy())
    assert found.success.all()
    assert sum(found.broken_by.values()) == 8
    assert not attacked(replace(attack, epsilon=0.4), toy()).success.any()


@pytest.mark.parametrize("begin", BEGINS)
def test_every_begin_can_win(begin: Literal["image", "random", "picture"]) -> None:
    found = attacked(replace(QUICK, begins=(begin,)), toy())
    assert found.broken_by == {begin: 8}


@pytest.mark.parametrize(("norm", "epsilon"), [("linf", 0.55), ("l2", 2.0)])
def test_the_budget_is_kept_and_a_seed_gives_the_same(
    norm: Literal["linf", "l2"], epsilon: float
) -> None:
    images, _ = pictures()
    attack = replace(QUICK, norm=norm, epsilon=epsilon, begins=("random",), steps=3)
    found = attacked(attack, toy())
    change = (found.images - images).flatten(1)
    size = change.abs().amax(1) if norm == "linf" else change.norm(dim=1)
    assert 0 < size.amax() <= epsilon + 1e-5
    assert found.images.amin() >= 0
    assert found.images.amax() <= 1
    assert torch.equal(found.images, attacked(attack, toy()).images)


def test_an_image_that_is_wrong_from_the_start_counts() -> None:
    images, labels = pictures()
    found = QUICK(toy(), images, (labels + 1) % 4, generator=generator())
    assert found.success.all()
    assert torch.equal(found.images, images)
    assert sum(found.broken_by.values()) == 0


def test_a_first_look_must_be_got_past() -> None:
    """Greys that the two looks read differently: one by their mean, one through the threshold."""
    image, label = picture(0, 0.58, 0, 0), torch.tensor([0])
    image[0, 0, :4, :4].flatten()  # a quarter of 16 pixels, 10 of them white
    image[0, 0, :2, :4] = 1
    image[0, 0, 2, :2] = 1
    alone = replace(QUICK, search=Search(prior=0.0, contrast=8.0))
    both = replace(alone, first=True)
    trusting, nobody = toy(latent=math.inf, output=math.inf), toy(latent=0, output=0)
    assert trusting.judge(image).classes == label
    assert alone.fooled(trusting, image, label).all()
    assert not both.fooled(trusting, image, label).any(), "the first look answers, and is right"
    assert both.fooled(nobody, image, label).all(), "the first look rejects it"
    assert both.fooled(trusting, image, label + 1).all(), "the first look answers, and is wrong"


def test_both_looks_fall_where_one_is_got_past() -> None:
    found = attacked(replace(QUICK, first=True), toy())
    assert found.success.all()
    judged = toy().judge(found.images)
    assert not judged.accepted.any(), "half way between the means nobody is accepted"
    with pytest.raises(ValueError, match="neither may be 0"):
        attacked(replace(QUICK, first=True), toy(latent=0))


@pytest.mark.parametrize("search", [NEAR, SHARP])
def test_the_gradient_is_that_of_searches_which_settle_anew(search: Search) -> None:
    images, labels = picture(0.6, 0.5, 0.1, 0), torch.tensor([0])

    def settled(at: Tensor) -> Searches:
        searches = Searches(toy(), replace(search, prior=0.1), 1)
        searches.settle(at, 600)
        return searches

    leaf = images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(settled(images).lead(leaf, labels).sum(), leaf)
    assert gradient.abs().amax() > 0.1
    for place in ((0, 0, 1, 1), (0, 0, 1, 6)):
        moved = torch.zeros_like(images)
        moved[place] = 0.02
        leads = [settled(at).lead(at, labels) for at in (images + moved, images - moved)]
        assert (leads[0] - leads[1]).item() / 0.04 == pytest.approx(gradient[place].item(), rel=0.1)


def test_what_it_refuses() -> None:
    for changes, words in (
        ({"norm": "l1"}, "norm must be linf or l2"),
        ({"epsilon": -1.0}, "epsilon must be 0 or more"),
        ({"steps": 0}, "steps at least 1"),
        ({"begins": ("odd",)}, "begins must be some of"),
        ({"begins": ()}, "begins must be some of"),
    ):
        with pytest.raises(ValueError, match=words):
            replace(QUICK, **changes)
    images, labels = pictures()
    with pytest.raises(ValueError, match="takes images of 1x8x8"):
        QUICK(toy(), images[..., :4], labels, generator=generator())


def test_it_can_be_cancelled() -> None:
    images, labels = pictures()

    def stop(step: Step) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        QUICK(toy(), images, labels, generator=generator(), on_step=stop)
