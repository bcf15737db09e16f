"""What an attack refuses, and how it says so."""

from dataclasses import FrozenInstanceError

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from core.attacks import make_attack, project
from core.types import LabError
from tests.core.attacks.tiny import Tiny, quick

IMAGES = torch.full((2, 1, 16, 16), 0.5)
LABELS = torch.tensor([0, 1])


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (IMAGES[0], r"shape \(n, c, h, w\), got torch.float32 of shape \(1, 16, 16\)"),
        (IMAGES.long(), r"images must be floating point .* got torch.int64"),
        (IMAGES[:0], r"at least one image, got shape \(0, 1, 16, 16\)"),
        (IMAGES + 0.6, r"must lie in \[0, 1\], got values from 1.1 to 1.1"),
        (IMAGES - 0.6, r"must lie in \[0, 1\]"),
        (IMAGES * torch.nan, r"must lie in \[0, 1\], got values from nan"),
    ],
)
def test_images(images: Tensor, message: str, tiny: Tiny) -> None:
    with pytest.raises(ValueError, match=message):
        make_attack("fgsm")(tiny.net, images, LABELS)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (LABELS[:1], r"labels must be int64 of shape \(2,\), got torch.int64 of shape \(1,\)"),
        (LABELS.float(), r"labels must be int64 .* got torch.float32"),
        (LABELS + 3, r"labels must lie in 0 to 3, got \[3, 4\]"),
        (LABELS - 1, r"labels must lie in 0 to 3, got \[-1, 0\]"),
    ],
)
def test_labels(labels: Tensor, message: str, tiny: Tiny) -> None:
    with pytest.raises(ValueError, match=message):
        make_attack("fgsm")(tiny.net, IMAGES, labels)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (LABELS, r"target must differ from the label"),
        (LABELS[:1], r"target must be int64 of shape \(2,\)"),
        (LABELS + 9, r"target must lie in 0 to 3"),
    ],
)
def test_target(target: Tensor, message: str, tiny: Tiny) -> None:
    with pytest.raises(ValueError, match=message):
        make_attack("fgsm")(tiny.net, IMAGES, LABELS, target=target)


def test_what_is_no_classifier() -> None:
    with pytest.raises(ValueError, match=r"logits of shape \(2, k\), got \(2, 1, 16, 16\)"):
        make_attack("fgsm")(lambda images: images, IMAGES, LABELS)


@pytest.mark.parametrize("name", ["fgsm", "pgd", "deepfool", "cw", "jsma", "mi_fgsm", "fab"])
def test_a_classifier_without_gradient(name: str, tiny: Tiny) -> None:
    def thresholded(images: Tensor) -> Tensor:
        logits: Tensor = tiny.net((images > 0.5).float())
        return logits

    labels = thresholded(tiny.images).argmax(dim=1)
    with pytest.raises(LabError, match=r"passes no gradient .* such as square"):
        make_attack(name)(thresholded, tiny.images, labels)


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("fgms", {}, r"unknown attack 'fgms'; choose from \['fgsm', 'bim'"),
        ("fgsm", {"steps": 3}, r"fgsm has no parameter \['steps'\]; choose from \['epsilon'\]"),
        ("fgsm", {"epsilon": -0.1}, r"epsilon must be at least 0, got -0.1"),
        ("fgsm", {"epsilon": None}, r"epsilon must be a number, got None"),
        ("fgsm", {"epsilon": float("nan")}, r"epsilon must be a number, got nan"),
        ("fgsm", {"epsilon": "0.1"}, r"epsilon must be a number, got '0.1'"),
        ("deepfool", {"epsilon": -1.0}, r"epsilon must be at least 0"),
        ("jsma", {"epsilon": 0.3}, r"JSMA counts pixels; leave epsilon out"),
        ("jsma", {"theta": -1.5}, r"theta must be at least -1, got -1.5"),
        ("pgd", {"steps": 0}, r"steps must be at least 1, got 0"),
        ("pgd", {"steps": 2.5}, r"steps must be a whole number, got 2.5"),
        ("pgd", {"restarts": True}, r"restarts must be a whole number, got True"),
        ("pgd", {"random_start": 1}, r"random_start must be True or False, got 1"),
        ("apgd", {"loss": "mse"}, r"loss must be one of \['ce', 'dlr'\], got 'mse'"),
    ],
)
def test_parameters(name: str, parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_attack(name, **parameters)


def test_epsilon_is_used_as_it_is_given_and_fixed() -> None:
    attack = make_attack("pgd", epsilon=8 / 255)
    assert attack.epsilon == 8 / 255
    assert attack != make_attack("pgd", epsilon=0.0314)
    assert make_attack("pgd", epsilon=0.00004).epsilon == 0.00004
    assert hash(attack) == hash(make_attack("pgd", epsilon=8 / 255))
    with pytest.raises(FrozenInstanceError):
        attack.epsilon = 0.1  # type: ignore[misc]


def test_project_has_no_l0_ball() -> None:
    with pytest.raises(ValueError, match=r"norm must be 'linf' or 'l2' for a finite epsilon"):
        project(IMAGES, IMAGES, 0.1, "l0")


def test_square_l2_on_images_it_cannot_tile(tiny: Tiny) -> None:
    def stretched(images: Tensor) -> Tensor:
        logits: Tensor = tiny.net(functional.interpolate(images, size=(16, 16)))
        return logits

    with pytest.raises(LabError, match=r"needs square images, 25 pixels .* got 12x12"):
        make_attack("square_l2")(stretched, IMAGES[:1, :, :12, :12], LABELS[:1])


@pytest.mark.parametrize(
    ("name", "parameters", "classes", "least"),
    [("apgd", {"loss": "dlr"}, 2, 3), ("apgd_l2", {"loss": "dlr"}, 2, 3), ("apgd_t", {}, 3, 4)],
)
def test_the_logit_ratio_of_too_few_classes(
    name: str, parameters: dict[str, object], classes: int, least: int, tiny: Tiny
) -> None:
    calls = 0

    def few(images: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        logits: Tensor = tiny.net(images)
        return logits[:, :classes]

    attack = make_attack(name, **parameters)
    message = f"compares the logits of {least} classes, and this classifier tells apart {classes}"
    with pytest.raises(LabError, match=message):
        attack(few, IMAGES, LABELS)
    assert attack.least_classes == least
    assert calls == 1  # only to see how many classes there are


@pytest.mark.parametrize("name", ["apgd", "fab_t", "pgd"])
def test_two_classes_are_enough_for_the_others(name: str, tiny: Tiny) -> None:
    def two(images: Tensor) -> Tensor:
        logits: Tensor = tiny.net(images)
        return logits[:, :2]

    images = tiny.images[:4]
    result = quick(name)(two, images, two(images).argmax(1))
    assert result.success.all()
