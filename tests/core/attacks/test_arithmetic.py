"""No attack is blinded by arithmetic, and none is silent about a gradient that is worth nothing."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from core.attacks import ATTACKS, Attack, make_attack
from core.attacks.problem import log_odds
from core.attacks.torchattacks_adapter import unsaturated
from core.types import LabError
from tests.core.attacks.tiny import Tiny, quick

SURE = 100.0
"""What logits are multiplied with to make a classifier sure to the last bit of float32."""

ONE_STEP = ("fgsm", "mi_fgsm", "eot_pgd", "apgd", "bim")
GRADIENT = [
    name
    for name, row in ATTACKS.items()
    if not row.gradient_free and name not in ("fooling", "flips")
]
"""Fooling images starts from noise, and flips needs a threshold: both have tests of their own."""


def scaled(tiny: Tiny, factor: float) -> Callable[[Tensor], Tensor]:
    def classifier(images: Tensor) -> Tensor:
        logits: Tensor = factor * tiny.net(images)
        return logits

    return classifier


def exact_sign(tiny: Tiny, images: Tensor, factor: float) -> Tensor:
    """Sign of the gradient of the cross-entropy in float64, its positive factor left out."""
    net = copy.deepcopy(tiny.net).double()
    leaf = images.double().requires_grad_()
    (gradient,) = torch.autograd.grad(log_odds(factor * net(leaf), tiny.labels).sum(), leaf)
    return gradient.sign()


def agreement(one: Tensor, other: Tensor) -> float:
    return ((one - other).abs() < 1e-4).float().mean().item()


def test_the_scaled_classifier_is_sure_beyond_float32(tiny: Tiny) -> None:
    logits = scaled(tiny, SURE)(tiny.images)
    assert (logits.softmax(1).amax(1) == 1).all()
    cross_entropy = torch.nn.functional.cross_entropy(logits, tiny.labels, reduction="none")
    assert (cross_entropy == 0).all(), "a naive loss has nothing left to climb"


@pytest.mark.parametrize("factor", [1.0, SURE])
def test_one_step_goes_where_the_float64_gradient_points(factor: float, tiny: Tiny) -> None:
    result = make_attack("fgsm", epsilon=0.1)(scaled(tiny, factor), tiny.images, tiny.labels)
    expected = (tiny.images + 0.1 * exact_sign(tiny, tiny.images, factor)).clamp(0, 1)
    assert agreement(result.images, expected.float()) > 0.999


@pytest.mark.parametrize("factor", [1.0, SURE])
def test_the_stretched_step_does_too(factor: float, tiny: Tiny) -> None:
    result = make_attack("one_step_bpda")(scaled(tiny, factor), tiny.images, tiny.labels)
    moved = tiny.images + 0.15 * exact_sign(tiny, tiny.images, factor)
    low, high = moved.amin((1, 2, 3), keepdim=True), moved.amax((1, 2, 3), keepdim=True)
    assert agreement(result.images, ((moved - low) / (high - low)).float()) > 0.999


@pytest.mark.parametrize("name", [name for name in GRADIENT if name != "cw"])
def test_a_sure_classifier_falls_like_any_other(name: str, tiny: Tiny) -> None:
    result = quick(name)(scaled(tiny, SURE), tiny.images, tiny.labels)
    assert result.success.float().mean() >= 0.9
    assert not result.zero_gradient.any()
    assert not result.warnings


@pytest.mark.parametrize(
    "attack",
    [
        make_attack("deepfool"),
        make_attack("pgd", epsilon=0.1, steps=10, loss="margin"),
        make_attack("pgd_l2", epsilon=1.0, steps=10, loss="margin"),
    ],
    ids=["deepfool", "pgd margin", "pgd_l2 margin"],
)
def test_scale_free_attacks_do_not_notice_the_scale(attack: Attack, tiny: Tiny) -> None:
    plain = attack(tiny.net, tiny.images, tiny.labels)
    sure = attack(scaled(tiny, SURE), tiny.images, tiny.labels)
    assert torch.equal(plain.success, sure.success)
    assert agreement(plain.images, sure.images) > 0.999


def test_rewritten_logits_keep_answer_order_and_direction(tiny: Tiny) -> None:
    logits = torch.tensor([[900.0, 3, -1, 2], [2.0, 1, 0, -3], [1.0, 5, 2, 2]])
    labels = torch.zeros(3, dtype=torch.int64)
    leaf = logits.double().requires_grad_()
    rewritten = unsaturated(leaf, labels)
    assert torch.equal(rewritten.argmax(1), logits.argmax(1))
    loss = torch.nn.functional.cross_entropy(rewritten, labels, reduction="none")
    assert (loss > 0).all()
    (slope,) = torch.autograd.grad(loss.sum(), leaf)
    (wanted,) = torch.autograd.grad(log_odds(leaf, labels).sum(), leaf)
    assert slope.abs().amax(1).min() > 0
    torch.testing.assert_close(
        torch.nn.functional.normalize(slope), torch.nn.functional.normalize(wanted)
    )
    odds = log_odds(torch.tensor([[-d, 0.0] for d in range(-40, 40)]), torch.zeros(80).long())
    order = log_odds(
        unsaturated(
            torch.tensor([[-float(d), 0.0] for d in range(-40, 40)]), torch.zeros(80).long()
        ),
        torch.zeros(80).long(),
    )
    assert (odds.diff() > 0).all()
    assert (order.diff() > 0).all(), "who is nearer to being fooled stays nearer"


@pytest.mark.parametrize("name", GRADIENT)
def test_gradients_that_are_no_numbers_are_said(name: str, tiny: Tiny) -> None:
    def broken(images: Tensor) -> Tensor:
        logits: Tensor = tiny.net(images)
        return logits + 0 * (logits - logits.detach()).square().sum(1, keepdim=True).sqrt()

    result = quick(name)(broken, tiny.images, tiny.labels)
    assert result.broken_gradient.all()
    assert any("12 of 12 images had a gradient that is not a finite" in w for w in result.warnings)
    assert torch.isfinite(result.images).all()


@pytest.mark.parametrize("name", GRADIENT)
def test_gradients_of_zero_are_said(name: str, tiny: Tiny) -> None:
    def flat(images: Tensor) -> Tensor:
        logits: Tensor = tiny.net((images > 0.5).float()) + 0 * images.sum()
        return logits

    labels = flat(tiny.images).argmax(1)
    result = quick(name)(flat, tiny.images, labels)
    assert result.zero_gradient.all()
    assert any("12 of 12 images had a gradient of exactly zero" in w for w in result.warnings)


def test_one_blind_image_is_told_from_the_others(tiny: Tiny) -> None:
    def classifier(images: Tensor) -> Tensor:
        logits: Tensor = tiny.net(images)
        return torch.cat([logits[:1].detach() + 0 * logits[:1], logits[1:]])

    result = make_attack("pgd", steps=4)(classifier, tiny.images, tiny.labels)
    assert result.zero_gradient.tolist() == [True] + [False] * 11


def test_answers_that_stop_being_numbers_are_no_success(tiny: Tiny) -> None:
    def brittle(images: Tensor) -> Tensor:
        logits: Tensor = tiny.net(images)
        return torch.where((images - tiny.images).abs().amax() > 0, torch.nan, 1.0) * logits

    result = make_attack("fgsm")(brittle, tiny.images, tiny.labels)
    assert not result.success.any()
    assert any("logits that are not finite" in warning for warning in result.warnings)


@pytest.mark.parametrize("name", ATTACKS)
def test_callers_that_switched_gradients_off_are_served(name: str, tiny: Tiny) -> None:
    images, labels = tiny.images[:2], tiny.labels[:2]
    expected = quick(name)(tiny.net, images, labels)
    with torch.no_grad():
        result = quick(name)(tiny.net, images, labels)
    assert torch.equal(result.images, expected.images)
    assert not result.images.requires_grad


@pytest.mark.parametrize("name", ATTACKS)
def test_inference_mode_has_a_sentence(name: str, tiny: Tiny) -> None:
    with (
        torch.inference_mode(),
        pytest.raises(LabError, match=r"inference_mode\(\) forbids: call them outside"),
    ):
        quick(name)(tiny.net, tiny.images, tiny.labels)


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("kind", ["float16", "float64", "channels_last", "strided"])
def test_any_float_type_and_layout_gives_what_float32_gives(
    name: str, kind: str, tiny: Tiny
) -> None:
    images, labels = tiny.images[:2].half().float(), tiny.labels[:2]
    given = {
        "float16": images.half(),
        "float64": images.double(),
        "channels_last": images.to(memory_format=torch.channels_last),
        "strided": images.transpose(2, 3).contiguous().transpose(2, 3),
    }[kind]
    result = quick(name)(tiny.net, given, labels)
    expected = quick(name)(tiny.net, images, labels)
    assert result.images.dtype == torch.float32
    assert result.images.is_contiguous()
    assert torch.equal(result.images, expected.images)


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize(
    ("classifier", "message"),
    [
        (lambda net: lambda x: net(x) * torch.nan, r"no finite numbers for 2 of 2 images"),
        (
            lambda net: lambda x: net(x).softmax(1),
            r"returns probabilities .* leave its softmax out",
        ),
        (lambda net: lambda x: net(x)[:, :1], r"at least 2 classes, got 1 column"),
        (lambda net: lambda x: net(x).argmax(1), r"logits of shape \(2, k\), got \(2,\)"),
        (lambda net: lambda x: net(x).long(), r"floating-point logits, got torch.int64"),
        (lambda net: lambda x: (net(x), None), r"tensor of logits \(n, k\), got tuple"),
        (lambda net: lambda x: net(x)[:1], r"logits of shape \(2, k\), got \(1, 4\)"),
    ],
)
def test_what_is_no_classifier_is_said(
    name: str,
    classifier: Callable[[torch.nn.Module], Callable[[Tensor], Tensor]],
    message: str,
    tiny: Tiny,
) -> None:
    with pytest.raises(ValueError, match=message):
        quick(name)(classifier(tiny.net), tiny.images[:2], tiny.labels[:2])


@pytest.mark.parametrize("name", [name for name in ATTACKS if name != "fooling"])
def test_constant_answers_are_said_or_leave_the_images(name: str, tiny: Tiny) -> None:
    def constant(images: Tensor) -> Tensor:
        return torch.tensor([[3.0, 1.0, 0.0, -1.0]]).expand(len(images), 4)

    labels = torch.zeros(2, dtype=torch.int64)
    if ATTACKS[name].gradient_free:
        assert not quick(name)(constant, tiny.images[:2], labels).success.any()
    else:
        with pytest.raises(LabError, match="passes no gradient"):
            quick(name)(constant, tiny.images[:2], labels)


@pytest.mark.parametrize(
    "name", [name for name, row in ATTACKS.items() if row().epsilon is not None]
)
@pytest.mark.parametrize("epsilon", [1e-9, 8 / 255, 1.5])
def test_budgets_are_exact(name: str, epsilon: float, tiny: Tiny) -> None:
    settings = {field: value for field, value in vars(quick(name)).items() if field != "epsilon"}
    attack = make_attack(name, epsilon=epsilon, **settings)
    assert attack.epsilon == epsilon
    result = attack(tiny.net, tiny.images[:2], tiny.labels[:2])
    size = result.linf if attack.norm == "linf" else result.l2
    assert (size <= epsilon + 1e-7 + 1e-6 * epsilon).all(), "rounding of float32 and no more"
