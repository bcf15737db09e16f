"""Attacks that know both limits, on a mixture where it is known when they can succeed."""

import math
from dataclasses import replace
from typing import Literal

import pytest
import torch
from torch import Generator, Tensor

from core.selective import BudgetJoint, BudgetResult, GmVaeClassifier, PaperJoint
from core.types import Cancelled, Step
from tests.core.selective.toy import picture, pictures, toy

QUICK = BudgetJoint(epsilon=0.6, steps=20, targets=1)


def generator() -> Generator:
    return Generator().manual_seed(0)


def attacked(attack: BudgetJoint, classifier: GmVaeClassifier) -> BudgetResult:
    images, labels = pictures()
    return attack(classifier, images, labels, pool=pictures(), generator=generator())


def test_a_classifier_that_rejects_nobody_falls_earlier() -> None:
    """A change of 0.5 flips the class; only one of 0.72 comes near enough to the other mean."""
    nobody = toy(latent=math.inf, output=math.inf)
    assert attacked(QUICK, nobody).success.all()
    assert not attacked(QUICK, toy()).success.any()
    found = attacked(replace(QUICK, epsilon=0.9), toy())
    assert found.success.all()
    assert found.judgement.accepted.all()
    assert sum(found.broken_by.values()) == 8
    assert not attacked(replace(QUICK, epsilon=0.4), nobody).success.any()


@pytest.mark.parametrize(("norm", "epsilon"), [("linf", 0.6), ("l2", 2.0)])
def test_the_budget_is_kept_and_a_seed_gives_the_same(
    norm: Literal["linf", "l2"], epsilon: float
) -> None:
    images, _ = pictures()
    attack = replace(QUICK, norm=norm, epsilon=epsilon, starts=("random",), steps=5)
    found = attacked(attack, toy())
    change = (found.images - images).flatten(1)
    size = change.abs().amax(1) if norm == "linf" else change.norm(dim=1)
    assert size.amax() <= epsilon + 1e-5
    assert found.images.amin() >= 0
    assert found.images.amax() <= 1
    assert torch.equal(found.images, attacked(attack, toy()).images)


def test_no_budget_and_limits_of_zero_leave_nothing_to_win() -> None:
    assert not attacked(replace(QUICK, epsilon=0), toy()).success.any()
    assert not attacked(QUICK, toy(latent=0, output=0)).success.any()


def test_an_image_that_is_wrong_from_the_start_counts() -> None:
    images, labels = pictures()
    found = QUICK(toy(), images, (labels + 1) % 4, pool=pictures(), generator=generator())
    assert found.success.all()
    assert torch.equal(found.images, images)


@pytest.mark.parametrize("start", ["image", "random", "target"])
@pytest.mark.parametrize("weighting", ["even", "output", "latent", "hardest"])
def test_every_weighting_and_start_can_win(
    start: Literal["image", "random", "target"], weighting: str
) -> None:
    attack = replace(QUICK, epsilon=0.95, starts=(start,), weightings=(weighting,), steps=40)
    found = attacked(attack, toy())
    assert found.success.all()
    assert found.broken_by == {f"{weighting}, {start}": 8}


def test_what_a_budget_attack_refuses() -> None:
    for changes, words in (
        ({"norm": "l1"}, "norm must be linf or l2"),
        ({"epsilon": -1.0}, "epsilon must be 0 or more"),
        ({"steps": 0}, "must be at least 1"),
        ({"weightings": ("odd",)}, "weightings must be some of"),
        ({"starts": ()}, "starts must be some of"),
    ):
        with pytest.raises(ValueError, match=words):
            replace(QUICK, **changes)
    images, labels = pictures()
    with pytest.raises(ValueError, match="the pool has no image of class 3"):
        QUICK(toy(), images, labels, pool=(images[:3], labels[:3]), generator=generator())
    with pytest.raises(ValueError, match="takes images of 1x8x8"):
        QUICK(toy(), images[..., :4], labels, pool=pictures(), generator=generator())


def test_eq_10_drives_an_image_to_a_class() -> None:
    """A change of 0.72 is enough, and costs 32 x 0.72 squared; only steep terms are worth it."""
    images, labels = pictures()
    targets = (labels + 1) % 4
    found = PaperJoint(a=8, b=8, steps=150).change(toy(), images, labels, targets)
    assert found.success.all()
    assert torch.equal(found.judgement.classes, targets)
    assert found.images.amin() >= 0
    assert found.images.amax() <= 1
    assert (found.images - images).abs().amax() < 0.8
    flat = PaperJoint(steps=150).change(toy(), images, labels, targets)
    assert torch.equal(flat.judgement.classes, targets)
    assert flat.judgement.reasons == ("latent",) * 8


def test_eq_10_looks_for_what_its_equation_says(monkeypatch: pytest.MonkeyPatch) -> None:
    classifier, images = toy(), picture(1, 0, 0, 0)
    seen: list[float] = []
    PaperJoint(a=3, b=2, steps=1).change(
        classifier,
        images,
        torch.tensor([0]),
        torch.tensor([1]),
        on_step=lambda step: seen.append(step.values["loss"]),
    )
    distances, errors = classifier.measure(images)
    limits = classifier.thresholds
    expected = (errors / limits.output) ** 3 + (distances[:, 1] / limits.latent) ** 2
    assert seen == [pytest.approx(float(expected), rel=1e-5)], "nothing is changed at the start"


def test_eq_11_drives_noise_to_a_class() -> None:
    found = PaperJoint(steps=150, rate=0.05).fool(toy(), torch.arange(4), generator=generator())
    assert torch.equal(found.judgement.classes, torch.arange(4))
    assert torch.equal(found.success, found.judgement.accepted)


def test_what_the_papers_attacks_refuse() -> None:
    images, labels = pictures()
    with pytest.raises(ValueError, match="a and b must be above 1"):
        PaperJoint(a=1)
    with pytest.raises(ValueError, match="steps must be at least 1 and rate above 0"):
        PaperJoint(steps=0)
    with pytest.raises(ValueError, match="a target must differ from the label"):
        PaperJoint().change(toy(), images, labels, labels)
    with pytest.raises(ValueError, match="neither may be 0"):
        PaperJoint().change(toy(latent=0), images, labels, (labels + 1) % 4)


@pytest.mark.parametrize("kind", ["budget", "change", "fool"])
def test_every_attack_can_be_cancelled(kind: str) -> None:
    images, labels = pictures()

    def stop(step: Step) -> None:
        raise Cancelled("enough")

    def run() -> Tensor:
        if kind == "budget":
            return QUICK(
                toy(), images, labels, pool=pictures(), generator=generator(), on_step=stop
            ).images
        if kind == "change":
            return PaperJoint().change(toy(), images, labels, (labels + 1) % 4, on_step=stop).images
        return PaperJoint().fool(toy(), labels, generator=generator(), on_step=stop).images

    with pytest.raises(Cancelled):
        run()
