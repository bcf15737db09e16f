"""What single methods promise beyond the contract of all."""

import threading
from typing import Any

import pytest
import torch
import torchattacks
from torch import Tensor
from torch.nn import functional

from core.attacks import Norm, make_attack, project, same_norm_noise, torchattacks_adapter
from core.types import Cancelled, Step
from tests.core.attacks.tiny import Tiny, quick, seeded


def test_pgd_has_a_frame_for_every_step_and_fills_the_budget(tiny: Tiny) -> None:
    result = make_attack("pgd", epsilon=0.2, steps=7)(tiny.net, tiny.images, tiny.labels)
    assert result.trajectory is not None
    assert len(result.trajectory) == 8
    torch.testing.assert_close(result.linf, torch.full((12,), 0.2))


@pytest.mark.parametrize("targeted", [False, True])
def test_our_pgd_equals_torchattacks_on_the_same_start(targeted: bool, tiny: Tiny) -> None:
    # Close to its target the classifier is so sure that theirs loses signs to rounding.
    steps = 5 if targeted else 12
    ours = make_attack("pgd", epsilon=0.1, steps=steps, step_size=0.02)(
        tiny.net,
        tiny.images,
        tiny.labels,
        target=tiny.target if targeted else None,
        generator=seeded(4),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        theirs = torchattacks.PGD(tiny.net, eps=0.1, alpha=0.02, steps=steps)
        if targeted:
            theirs.targeted = True
            theirs._target_map_function = lambda images, labels: tiny.target
        expected = theirs(tiny.images, tiny.labels)
    torch.testing.assert_close(ours.images, expected, atol=1e-6, rtol=0)


def test_bim_is_pgd_from_the_clean_image(tiny: Tiny) -> None:
    bim = make_attack("bim", steps=6)(tiny.net, tiny.images, tiny.labels)
    pgd = make_attack("pgd", steps=6, random_start=False)(tiny.net, tiny.images, tiny.labels)
    assert torch.equal(bim.images, pgd.images)


@pytest.mark.parametrize(("name", "epsilon"), [("pgd", 0.03), ("pgd_l2", 0.3)])
def test_restarts_keep_the_worst_per_image(name: str, epsilon: float, tiny: Tiny) -> None:
    one, six = (
        make_attack(name, epsilon=epsilon, steps=2, step_size=epsilon / 8, restarts=restarts)(
            tiny.net, tiny.images, tiny.labels
        )
        for restarts in (1, 6)
    )
    loss_of_one, loss_of_six = (
        functional.cross_entropy(result.logits, tiny.labels, reduction="none")
        for result in (one, six)
    )
    left = ~one.success
    assert left.any()
    assert (six.success >= one.success).all()
    assert (loss_of_six >= loss_of_one)[left].all()
    assert (loss_of_six > loss_of_one)[left].any()
    # An image that the first start fools keeps it.
    assert torch.equal(six.images[one.success], one.images[one.success])
    assert six.trajectory is not None
    assert torch.equal(six.trajectory[-1], six.images)


@pytest.mark.parametrize(
    ("name", "targeted"),
    [("deepfool", False), ("deepfool", True), ("cw", False), ("cw", True), ("fab", False)],
)
def test_minimum_norm_attacks_fool_all_with_less_than_fgsm(
    name: str, targeted: bool, tiny: Tiny
) -> None:
    target = tiny.target if targeted else None
    result = quick(name)(tiny.net, tiny.images, tiny.labels, target=target)
    fgsm = make_attack("fgsm")(tiny.net, tiny.images, tiny.labels)
    assert result.success.all()
    assert (result.l2 < fgsm.l2 / 2).all()


@pytest.mark.parametrize("name", ["deepfool", "cw", "jsma", "fab", "square"])
def test_an_image_that_is_already_misread_stays(name: str, tiny: Tiny) -> None:
    result = quick(name)(tiny.net, tiny.images, tiny.target)
    assert result.success.all()
    assert torch.equal(result.images, tiny.images)
    if result.trajectory is not None:
        assert all(torch.equal(frame, tiny.images) for frame in result.trajectory)


def test_an_l2_budget_holds_deepfool_too(tiny: Tiny) -> None:
    result = make_attack("deepfool", epsilon=0.1)(tiny.net, tiny.images, tiny.labels)
    assert (result.l2 <= 0.1 + 1e-6).all()


def test_cw_returns_the_clean_image_when_nothing_fools(tiny: Tiny) -> None:
    attack = make_attack("cw", searches=1, steps=2, learning_rate=1e-6)
    result = attack(tiny.net, tiny.images, tiny.labels)
    assert not result.success.any()
    assert torch.equal(result.images, tiny.images)


def test_cw_confidence_asks_for_a_margin(tiny: Tiny) -> None:
    attack = make_attack("cw", searches=3, steps=40, learning_rate=0.05, confidence=2.0)
    logits = attack(tiny.net, tiny.images, tiny.labels).logits
    own = logits.gather(1, tiny.labels.unsqueeze(1))
    others = logits.scatter(1, tiny.labels.unsqueeze(1), -torch.inf).amax(1, keepdim=True)
    assert (others - own >= 2 - 1e-4).all()


@pytest.mark.parametrize("theta", [1.0, -1.0])
def test_jsma_changes_few_values_and_in_one_direction(theta: float, tiny: Tiny) -> None:
    result = make_attack("jsma", theta=theta, gamma=0.1)(tiny.net, tiny.images, tiny.labels)
    assert (result.l0 <= 0.1 * 16 * 16).all()
    assert ((result.images - tiny.images) * theta >= 0).all()
    assert result.success.any()


@pytest.mark.parametrize("name", ["fgsm", "pgd", "pgd_l2", "deepfool", "cw", "jsma"])
def test_black_and_white_pixels_can_move(name: str, tiny: Tiny) -> None:
    # Pixels on the edge of the range lose their gradient when an attack clips inside its loss.
    images = (tiny.images > 0.5).float()
    labels = tiny.net(images).argmax(dim=1)
    settings: dict[str, Any] = {"epsilon": 4.0} if name == "pgd_l2" else {}
    result = make_attack(name, **settings)(tiny.net, images, labels)
    assert result.success.float().mean() >= 0.8
    assert (result.l0 > 0).all()


def test_projection_keeps_to_the_ball_after_the_clip() -> None:
    generator = seeded(0)
    clean = torch.rand((50, 3, 5, 5), generator=generator).round(decimals=1)
    far = clean + torch.randn(clean.shape, generator=generator)
    ball, cube = project(far, clean, 0.7, "l2"), project(far, clean, 0.1, "linf")
    assert ((ball - clean).flatten(1).norm(dim=1) <= 0.7 + 1e-6).all()
    assert ((cube - clean).abs() <= 0.1 + 1e-6).all()
    assert all(part.min() >= 0 and part.max() <= 1 for part in (ball, cube))
    assert torch.equal(project(clean, clean, 0.7, "l2"), clean)


def test_uniform_noise_is_smaller_than_sign_noise(tiny: Tiny) -> None:
    sign, uniform = (
        make_attack("noise", kind=kind)(tiny.net, tiny.images, tiny.labels)
        for kind in ("sign", "uniform")
    )
    assert (uniform.l2 < sign.l2).all()
    assert (uniform.linf <= 0.3 + 1e-6).all()


@pytest.mark.parametrize("norm", ["linf", "l2", "l0"])
def test_same_norm_noise_has_the_size_of_another_perturbation(norm: Norm, tiny: Tiny) -> None:
    size = torch.arange(1, 13) * (10 if norm == "l0" else 0.02)
    images = torch.full((12, 1, 16, 16), 0.5)  # far from 0 and 1, so that nothing is clipped
    change = (same_norm_noise(images, size, norm) - images).flatten(1)
    measured = {
        "linf": change.abs().amax(1),
        "l2": change.norm(dim=1),
        "l0": (change != 0).sum(1).float(),
    }
    torch.testing.assert_close(measured[norm], size.float())
    assert same_norm_noise(tiny.images, 9 * size, norm).max() <= 1


def test_same_norm_noise_refuses_another_norm(tiny: Tiny) -> None:
    with pytest.raises(ValueError, match=r"norm must be one of \['linf', 'l2', 'l0'\], got 'l1'"):
        same_norm_noise(tiny.images, torch.ones(12), "l1")  # type: ignore[arg-type]


def test_waiting_for_another_attack_of_torchattacks_can_be_cancelled(tiny: Tiny) -> None:
    def cancel(step: Step) -> None:
        raise Cancelled("no patience")

    with torchattacks_adapter._LOCK, pytest.raises(Cancelled, match="no patience"):
        quick("square")(tiny.net, tiny.images, tiny.labels, on_step=cancel)
    assert not torchattacks_adapter._LOCK.locked()


def test_our_own_attacks_do_not_wait_for_torchattacks(tiny: Tiny) -> None:
    done = threading.Event()

    def attack() -> None:
        make_attack("fgsm")(tiny.net, tiny.images, tiny.labels)
        done.set()

    with torchattacks_adapter._LOCK:
        threading.Thread(target=attack).start()
        assert done.wait(10)


def test_a_random_classifier_is_attacked_through_its_own_draws(tiny: Tiny) -> None:
    generator = seeded(1)

    def noisy(images: Tensor) -> Tensor:
        noise = 0.02 * torch.randn(images.shape, generator=generator)
        logits: Tensor = tiny.net(images + noise)
        return logits

    result = make_attack("eot_pgd", steps=5, draws=4)(noisy, tiny.images, tiny.labels)
    assert result.success.float().mean() >= 0.9


def test_deepfool_goes_round_pixels_that_cannot_move() -> None:
    slope = torch.full((1, 1, 8, 8), 0.05)
    slope[:, :, :4] = -1.0  # the steep way leads below black

    def classifier(images: Tensor) -> Tensor:
        score = (images * slope).flatten(1).sum(1) - 0.5
        return torch.stack([torch.zeros_like(score), score], dim=1)

    result = make_attack("deepfool")(
        classifier, torch.zeros(1, 1, 8, 8), torch.zeros(1, dtype=torch.int64)
    )
    assert result.success.all()
    assert (result.images[:, :, :4] == 0).all()


def test_the_margin_leads_to_a_target_too(tiny: Tiny) -> None:
    target = (tiny.labels + 1) % tiny.net(tiny.images).shape[1]
    attack = make_attack("pgd", epsilon=1.0, steps=40, loss="margin")
    result = attack(tiny.net, tiny.images, tiny.labels, target=target)
    assert result.success.float().mean() > 0.5
    with pytest.raises(ValueError, match="loss must be one of"):
        make_attack("pgd", loss="hope")
