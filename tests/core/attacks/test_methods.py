"""What single methods promise beyond the contract of all."""

import threading

import pytest
import torch
import torchattacks
from torch import Generator, Tensor

from core.attacks import ATTACKS, make_attack, project, same_norm_noise, torchattacks_adapter
from core.attacks.cw import CarliniWagner
from core.types import Cancelled, Step


def test_pgd_takes_steps_plus_one_frames_and_fills_the_budget(tiny) -> None:
    result = ATTACKS["pgd"](epsilon=0.2, steps=7)(tiny.net, tiny.images, tiny.labels)
    assert result.trajectory is not None
    assert len(result.trajectory) == 8
    torch.testing.assert_close(result.linf, torch.full((12,), 0.2))


@pytest.mark.parametrize("targeted", [False, True])
def test_our_pgd_equals_torchattacks_on_the_same_start(tiny, targeted: bool) -> None:
    ours = ATTACKS["pgd"](epsilon=0.1, steps=12, step_size=0.02)(
        tiny.net,
        tiny.images,
        tiny.labels,
        target=tiny.target if targeted else None,
        generator=Generator().manual_seed(4),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        theirs = torchattacks.PGD(tiny.net, eps=0.1, alpha=0.02, steps=12)
        if targeted:
            theirs.targeted = True
            theirs._target_map_function = lambda images, labels: tiny.target
        expected = theirs(tiny.images, tiny.labels)
    torch.testing.assert_close(ours.images, expected, atol=1e-6, rtol=0)


def test_bim_is_pgd_from_the_clean_image(tiny) -> None:
    bim = make_attack("bim", steps=6)(tiny.net, tiny.images, tiny.labels)
    pgd = make_attack("pgd", steps=6, random_start=False)(tiny.net, tiny.images, tiny.labels)
    assert torch.equal(bim.images, pgd.images)


@pytest.mark.parametrize("name", ["pgd", "pgd_l2"])
def test_restarts_keep_the_worst_per_image(name: str, tiny) -> None:
    settings = {"epsilon": 0.03 if name == "pgd" else 0.3, "steps": 2}
    found = [
        make_attack(name, restarts=restarts, **settings)(tiny.net, tiny.images, tiny.labels)
        for restarts in (1, 6)
    ]
    losses = [
        torch.nn.functional.cross_entropy(one.logits, tiny.labels, reduction="none")
        for one in found
    ]
    assert 0 < found[0].success.sum() < 12
    assert (found[1].success >= found[0].success).all()
    assert (losses[1] >= losses[0])[~found[0].success].all()
    assert (losses[1] > losses[0])[~found[0].success].any()
    # An image that the first start fools keeps it.
    kept = found[0].success
    assert torch.equal(found[1].images[kept], found[0].images[kept])
    assert found[1].trajectory is not None
    assert torch.equal(found[1].trajectory[-1], found[1].images)


@pytest.mark.parametrize("name", ["deepfool", "cw", "fab"])
@pytest.mark.parametrize("targeted", [False, True])
def test_minimum_norm_attacks_fool_all_with_less_than_fgsm(
    name: str, quick_attacks, tiny, targeted: bool
) -> None:
    attack = quick_attacks[name]
    if targeted and not attack.targetable:
        pytest.skip("has no targeted form")
    target = tiny.target if targeted else None
    result = attack(tiny.net, tiny.images, tiny.labels, target=target)
    fgsm = make_attack("fgsm")(tiny.net, tiny.images, tiny.labels)
    assert result.success.all()
    assert (result.l2 < fgsm.l2 / 2).all()


@pytest.mark.parametrize("name", ["deepfool", "cw", "jsma", "fab", "square"])
def test_an_image_that_is_already_misread_stays(name: str, quick_attacks, tiny) -> None:
    wrong = (tiny.labels + 1) % 4
    result = quick_attacks[name](tiny.net, tiny.images, wrong)
    assert result.success.all()
    torch.testing.assert_close(result.images, tiny.images, atol=1e-5, rtol=0)


def test_an_l2_budget_holds_deepfool_too(tiny) -> None:
    result = make_attack("deepfool", epsilon=0.1)(tiny.net, tiny.images, tiny.labels)
    assert (result.l2 <= 0.1 + 1e-6).all()


def test_cw_returns_the_clean_image_when_nothing_fools(tiny) -> None:
    attack = CarliniWagner(searches=1, steps=2, learning_rate=1e-6)
    result = attack(tiny.net, tiny.images, tiny.labels)
    assert not result.success.any()
    assert torch.equal(result.images, tiny.images)


def test_cw_confidence_asks_for_a_margin(tiny) -> None:
    attack = make_attack("cw", searches=3, steps=40, learning_rate=0.05, confidence=2.0)
    logits = attack(tiny.net, tiny.images, tiny.labels).logits
    own = logits.gather(1, tiny.labels.unsqueeze(1))
    others = logits.scatter(1, tiny.labels.unsqueeze(1), -torch.inf).amax(1, keepdim=True)
    assert (others - own >= 2 - 1e-4).all()


@pytest.mark.parametrize("theta", [1.0, -1.0])
def test_jsma_changes_few_values_and_in_one_direction(theta: float, tiny) -> None:
    result = make_attack("jsma", theta=theta, gamma=0.1)(tiny.net, tiny.images, tiny.labels)
    change = result.images - tiny.images
    assert (result.l0 <= 0.1 * 256).all()
    assert (change * theta >= 0).all()
    assert result.success.any()


def test_black_and_white_pixels_can_move(tiny) -> None:
    # Pixels on the edge of the range lose their gradient when an attack clips inside its loss.
    images = (tiny.images > 0.5).float()
    labels = tiny.net(images).argmax(dim=1)
    for name in ("fgsm", "pgd", "pgd_l2", "deepfool", "cw", "jsma"):
        result = ATTACKS[name]()(tiny.net, images, labels)
        assert result.success.all(), name


def test_projection_keeps_to_the_ball_after_the_clip() -> None:
    generator = Generator().manual_seed(0)
    clean = torch.rand((50, 3, 5, 5), generator=generator).round(decimals=1)
    far = clean + torch.randn(clean.shape, generator=generator)
    ball = project(far, clean, 0.7, "l2")
    assert ((ball - clean).flatten(1).norm(dim=1) <= 0.7 + 1e-6).all()
    assert ball.min() >= 0
    assert ball.max() <= 1
    cube = project(far, clean, 0.1, "linf")
    assert ((cube - clean).abs() <= 0.1 + 1e-6).all()
    inside = project(clean, clean, 0.7, "l2")
    assert torch.equal(inside, clean)


def test_uniform_noise_is_smaller_than_sign_noise(tiny) -> None:
    sign, uniform = (
        make_attack("noise", kind=kind)(tiny.net, tiny.images, tiny.labels)
        for kind in ("sign", "uniform")
    )
    assert (uniform.l2 < sign.l2).all()
    assert (uniform.linf <= 0.3 + 1e-6).all()


@pytest.mark.parametrize("norm", ["linf", "l2", "l0"])
def test_same_norm_noise_has_the_size_of_another_perturbation(norm: str, tiny) -> None:
    size = torch.arange(1, 13) * (10 if norm == "l0" else 0.02)
    images = torch.full((12, 1, 16, 16), 0.5)  # far from 0 and 1, so that nothing is clipped
    noisy = same_norm_noise(images, size, norm)  # type: ignore[arg-type]
    change = (noisy - images).flatten(1)
    measured = {
        "linf": change.abs().amax(1),
        "l2": change.norm(dim=1),
        "l0": (change != 0).sum(1).float(),
    }[norm]
    torch.testing.assert_close(measured, size.float())
    assert same_norm_noise(tiny.images, 9 * size, norm).max() <= 1  # type: ignore[arg-type]


def test_same_norm_noise_refuses_another_norm(tiny) -> None:
    with pytest.raises(ValueError, match=r"norm must be one of \['linf', 'l2', 'l0'\], got 'l1'"):
        same_norm_noise(tiny.images, torch.ones(12), "l1")  # type: ignore[arg-type]


def test_waiting_for_another_attack_of_torchattacks_can_be_cancelled(quick_attacks, tiny) -> None:
    def cancel(step: Step) -> None:
        raise Cancelled("no patience")

    with torchattacks_adapter._LOCK, pytest.raises(Cancelled, match="no patience"):
        quick_attacks["square"](tiny.net, tiny.images, tiny.labels, on_step=cancel)
    assert not torchattacks_adapter._LOCK.locked()


def test_a_lock_does_not_hold_up_our_own_attacks(tiny) -> None:
    done = threading.Event()

    def attack() -> None:
        make_attack("fgsm")(tiny.net, tiny.images, tiny.labels)
        done.set()

    with torchattacks_adapter._LOCK:
        threading.Thread(target=attack).start()
        assert done.wait(10)


def test_a_random_classifier_draws_its_own_numbers(tiny) -> None:
    generator = Generator().manual_seed(1)

    def noisy(images: Tensor) -> Tensor:
        noise = 0.02 * torch.randn(images.shape, generator=generator)
        logits: Tensor = tiny.net(images + noise)
        return logits

    result = make_attack("eot_pgd", steps=5, draws=4)(noisy, tiny.images, tiny.labels)
    assert result.success.float().mean() >= 0.9
