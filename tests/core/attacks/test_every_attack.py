"""What holds for every row of ATTACKS."""

import copy
import random
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Generator, Tensor, nn

from core.attacks import ATTACKS, Attack, AttackResult, controls, make_attack
from core.types import Cancelled, Step

TOLERANCE = 1e-5
CONTROLS = ("noise", "noise_l2")


def same(one: AttackResult, other: AttackResult) -> bool:
    return all(
        torch.equal(getattr(one, part), getattr(other, part))
        for part in ("images", "logits", "success", "l0", "l2", "linf")
    )


def random_states() -> tuple[bytes, bytes, object]:
    numpy_state = np.random.get_state()[1]  # noqa: NPY002 - the global state is what is watched
    return (
        torch.get_rng_state().numpy().tobytes(),
        np.asarray(numpy_state).tobytes(),
        random.getstate(),
    )


def test_stays_in_budget_and_range(attack: Attack, tiny) -> None:
    result = attack(tiny.net, tiny.images, tiny.labels)
    for images in [result.images, *(result.trajectory if result.trajectory is not None else ())]:
        assert images.shape == tiny.images.shape
        assert images.min() >= 0
        assert images.max() <= 1
        change = (images - tiny.images).flatten(1)
        size = change.abs().amax(1) if attack.norm == "linf" else change.norm(dim=1)
        assert (size <= attack.budget + TOLERANCE).all()


def test_measures_what_it_returns(attack: Attack, tiny) -> None:
    result = attack(tiny.net, tiny.images, tiny.labels)
    change = (result.images - tiny.images).abs().flatten(1)
    assert torch.equal(result.logits, tiny.net(result.images))
    assert torch.equal(result.success, result.logits.argmax(1) != tiny.labels)
    torch.testing.assert_close(result.l2, change.norm(dim=1))
    assert torch.equal(result.linf, change.amax(dim=1))
    assert torch.equal(result.l0, (change > 1e-6).sum(dim=1))
    assert not any(value.requires_grad for value in vars(result).values() if value is not None)


def test_fools_the_classifier(name: str, attack: Attack, tiny) -> None:
    fooled = attack(tiny.net, tiny.images, tiny.labels).success.float().mean()
    assert fooled <= 0.5 if name in CONTROLS else fooled > 0
    if name not in (*CONTROLS, "one_pixel"):
        assert fooled >= 0.9


def test_reaches_targets(name: str, attack: Attack, tiny) -> None:
    if not attack.targetable:
        with pytest.raises(ValueError, match="has no targeted form; leave target out"):
            attack(tiny.net, tiny.images, tiny.labels, target=tiny.target)
        return
    result = attack(tiny.net, tiny.images, tiny.labels, target=tiny.target)
    assert torch.equal(result.success, result.logits.argmax(1) == tiny.target)
    if name != "one_pixel":
        assert result.success.float().mean() >= 0.9


def test_leaves_the_classifier_as_it_was(attack: Attack, tiny) -> None:
    # Trainable and in training mode: what a careless attack would change.
    net = copy.deepcopy(tiny.net).train().requires_grad_()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    attack(net, tiny.images, tiny.labels)
    assert all(module.training for module in net.modules())
    assert all(value.grad is None and value.requires_grad for value in net.parameters())
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_leaves_global_randomness_and_the_images_as_they_were(attack: Attack, tiny) -> None:
    before, images = random_states(), tiny.images.clone()
    attack(tiny.net, tiny.images, tiny.labels)
    assert random_states() == before
    assert torch.equal(tiny.images, images)


def test_is_reproducible_from_a_seed(attack: Attack, tiny) -> None:
    def run(seed: int) -> AttackResult:
        return attack(tiny.net, tiny.images, tiny.labels, generator=Generator().manual_seed(seed))

    assert same(run(5), run(5))
    assert same(attack(tiny.net, tiny.images, tiny.labels), run(0))


@pytest.mark.parametrize("name", ["pgd", "pgd_l2", "square", "one_pixel", "noise", "noise_l2"])
def test_another_seed_gives_other_images(name: str, quick_attacks, tiny) -> None:
    attack = quick_attacks[name]
    one, other = (
        attack(tiny.net, tiny.images, tiny.labels, generator=Generator().manual_seed(seed))
        for seed in (1, 2)
    )
    assert not torch.equal(one.images, other.images)


def test_takes_any_callable_and_one_image(attack: Attack, tiny) -> None:
    one = attack(lambda images: tiny.net(images), tiny.images[:1], tiny.labels[:1])
    assert same(one, attack(tiny.net, tiny.images[:1], tiny.labels[:1]))


def test_takes_colour_images(attack: Attack, tiny) -> None:
    def grey(images: Tensor) -> Tensor:
        logits: Tensor = tiny.net(images.mean(dim=1, keepdim=True))
        return logits

    images = tiny.images.expand(-1, 3, -1, -1)[:2]
    result = attack(grey, images, tiny.labels[:2])
    assert result.images.shape == (2, 3, 16, 16)
    assert (result.l0 <= 256).all()


def test_trajectory_goes_from_the_clean_to_the_returned_images(attack: Attack, tiny) -> None:
    result = attack(tiny.net, tiny.images, tiny.labels)
    if result.trajectory is not None:
        assert result.trajectory.shape[1:] == tiny.images.shape
        assert torch.equal(result.trajectory[0], tiny.images)
        torch.testing.assert_close(result.trajectory[-1], result.images)


def test_epsilon_zero_gives_the_clean_images(name: str, attack: Attack, tiny) -> None:
    if attack.epsilon is None:
        pytest.skip("looks for the smallest perturbation")
    result = make_attack(name, epsilon=0.0)(tiny.net, tiny.images[:2], tiny.labels[:2])
    assert torch.equal(result.images, tiny.images[:2])


def test_reports_progress_to_the_end(attack: Attack, tiny) -> None:
    steps: list[Step] = []
    attack(tiny.net, tiny.images, tiny.labels, on_step=steps.append)
    assert bool(steps) == attack.iterative
    if steps:
        indices = [step.index for step in steps]
        assert indices == sorted(indices)
        assert indices[0] >= 1
        assert {step.of for step in steps} == {indices[-1]}
        assert len(steps) >= 2


def test_cancelling_ends_it_and_leaves_nothing_behind(attack: Attack, tiny) -> None:
    def cancel(step: Step) -> None:
        raise Cancelled("enough")

    if not attack.iterative:
        pytest.skip("over in one step")
    before = random_states()
    with pytest.raises(Cancelled, match="enough"):
        attack(tiny.net, tiny.images, tiny.labels, on_step=cancel)
    assert random_states() == before
    again = attack(tiny.net, tiny.images, tiny.labels)
    assert again.images.shape == tiny.images.shape


def test_eight_threads_on_one_model_give_what_one_gives(
    quick_attacks: Mapping[str, Attack], tiny
) -> None:
    images, labels = tiny.images[:3], tiny.labels[:3]

    def run(names: list[str]) -> dict[str, AttackResult]:
        return {name: quick_attacks[name](tiny.net, images, labels) for name in names}

    names = list(ATTACKS)
    expected = run(names)
    # Each thread starts elsewhere in the table, so that different attacks meet.
    orders = [names[2 * thread :] + names[: 2 * thread] for thread in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for results in pool.map(run, orders):
            for name, result in results.items():
                assert same(result, expected[name]), name


def test_menus_find_what_they_need(name: str) -> None:
    attack_class = ATTACKS[name]
    assert attack_class.title
    assert attack_class.summary.endswith(".")
    assert attack_class.norm in ("linf", "l2", "l0")
    attack = attack_class()
    for field in controls(attack_class):
        metadata, value = field.metadata, getattr(attack, field.name)
        assert metadata["help"].endswith(".")
        if metadata["choices"]:
            assert value in metadata["choices"]
        elif value is not None and not isinstance(value, bool):
            assert metadata["low"] <= value <= metadata["high"]
            assert metadata["step"] > 0
            assert type(metadata["step"]) is type(value)


def test_the_paper_s_attacks_come_first() -> None:
    first = ["fgsm", "bim", "pgd", "pgd_l2", "deepfool", "cw", "square", "jsma", "noise"]
    assert list(ATTACKS)[: len(first)] == first
    assert len({row.title for row in ATTACKS.values()}) == len(ATTACKS)
