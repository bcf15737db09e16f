"""What holds for every row of ATTACKS."""

import copy
import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Tensor

from core.attacks import ATTACKS, Attack, AttackResult, controls, make_attack
from core.types import Cancelled, Step
from tests.core.attacks.tiny import Tiny, quick, seeded

TOLERANCE = 1e-5
CONTROLS = ("noise", "noise_l2")
NOTHING_TO_FLIP = "flips"
"""The tiny classifier begins with no threshold; see ``test_flips``."""


@pytest.fixture(params=ATTACKS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def attack(name: str) -> Attack:
    return quick(name)


def same(one: AttackResult, other: AttackResult) -> bool:
    return all(
        torch.equal(getattr(one, part), getattr(other, part))
        for part in ("images", "logits", "success", "l0", "l2", "linf")
    )


def random_states() -> tuple[bytes, bytes, object]:
    # The global state is what is watched.
    _, numpy_words, *_ = np.random.get_state(legacy=True)  # noqa: NPY002
    return (
        torch.get_rng_state().numpy().tobytes(),
        np.asarray(numpy_words).tobytes(),
        random.getstate(),
    )


def test_stays_in_budget_and_range(attack: Attack, tiny: Tiny) -> None:
    result = attack(tiny.net, tiny.images, tiny.labels)
    for images in [result.images, *([] if result.trajectory is None else result.trajectory)]:
        assert images.shape == tiny.images.shape
        assert images.min() >= 0
        assert images.max() <= 1
        change = (images - tiny.images).flatten(1)
        size = change.abs().amax(1) if attack.norm == "linf" else change.norm(dim=1)
        assert (size <= attack.budget + TOLERANCE).all()


def test_measures_what_it_returns(attack: Attack, tiny: Tiny) -> None:
    result = attack(tiny.net, tiny.images, tiny.labels)
    change = (result.images - tiny.images).abs().flatten(1)
    assert torch.equal(result.logits, tiny.net(result.images))
    assert torch.equal(result.success, result.logits.argmax(1) != tiny.labels)
    torch.testing.assert_close(result.l2, change.norm(dim=1))
    assert torch.equal(result.linf, change.amax(dim=1))
    assert torch.equal(result.l0, (change > 1e-6).sum(dim=1))
    assert not any(value.requires_grad for value in vars(result).values() if value is not None)


def test_fools_the_classifier(name: str, attack: Attack, tiny: Tiny) -> None:
    fooled = attack(tiny.net, tiny.images, tiny.labels).success.float().mean()
    if name in (*CONTROLS, NOTHING_TO_FLIP):
        assert fooled <= 0.5
    else:
        assert fooled >= (0.05 if name == "one_pixel" else 0.9)


def test_reaches_targets(name: str, attack: Attack, tiny: Tiny) -> None:
    if not attack.targetable:
        with pytest.raises(ValueError, match="has no targeted form; leave target out"):
            attack(tiny.net, tiny.images, tiny.labels, target=tiny.target)
        return
    result = attack(tiny.net, tiny.images, tiny.labels, target=tiny.target)
    assert torch.equal(result.success, result.logits.argmax(1) == tiny.target)
    assert result.success.float().mean() >= (0 if name in ("one_pixel", NOTHING_TO_FLIP) else 0.9)


def test_leaves_the_classifier_as_it_was(attack: Attack, tiny: Tiny) -> None:
    # Trainable and in training mode: what a careless attack would change.
    net = copy.deepcopy(tiny.net).train().requires_grad_()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    attack(net, tiny.images, tiny.labels)
    assert all(module.training for module in net.modules())
    assert all(value.grad is None and value.requires_grad for value in net.parameters())
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_leaves_global_randomness_and_images_as_they_were(attack: Attack, tiny: Tiny) -> None:
    before, images = random_states(), tiny.images.clone()
    attack(tiny.net, tiny.images, tiny.labels)
    assert random_states() == before
    assert torch.equal(tiny.images, images)


def test_is_reproducible_from_a_seed(attack: Attack, tiny: Tiny) -> None:
    images, labels = tiny.images[:4], tiny.labels[:4]
    first, second = (attack(tiny.net, images, labels, generator=seeded(5)) for _ in range(2))
    assert same(first, second)
    zero = attack(tiny.net, images, labels, generator=seeded(0))
    assert same(attack(tiny.net, images, labels), zero)


@pytest.mark.parametrize(
    "random_name", ["pgd", "pgd_l2", "square", "one_pixel", "noise", "noise_l2", "fooling"]
)
def test_another_seed_gives_other_images(random_name: str, tiny: Tiny) -> None:
    one, other = (
        quick(random_name)(tiny.net, tiny.images, tiny.labels, generator=seeded(seed))
        for seed in (1, 2)
    )
    assert not torch.equal(one.images, other.images)


def test_takes_any_callable_and_one_image(attack: Attack, tiny: Tiny) -> None:
    one = attack(lambda images: tiny.net(images), tiny.images[:1], tiny.labels[:1])
    assert same(one, attack(tiny.net, tiny.images[:1], tiny.labels[:1]))


def test_takes_colour_images(attack: Attack, tiny: Tiny) -> None:
    def grey(images: Tensor) -> Tensor:
        logits: Tensor = tiny.net(images.mean(dim=1, keepdim=True))
        return logits

    images = tiny.images.expand(-1, 3, -1, -1)[:2]
    result = attack(grey, images, tiny.labels[:2])
    assert result.images.shape == (2, 3, 16, 16)
    assert (result.l0 <= 16 * 16).all()


def test_trajectory_leads_from_the_clean_to_the_returned_images(attack: Attack, tiny: Tiny) -> None:
    result = attack(tiny.net, tiny.images, tiny.labels)
    if result.trajectory is not None:
        assert result.trajectory.shape[1:] == tiny.images.shape
        assert torch.equal(result.trajectory[0], tiny.images)
        torch.testing.assert_close(result.trajectory[-1], result.images)


def test_epsilon_zero_gives_the_clean_images(name: str, attack: Attack, tiny: Tiny) -> None:
    if attack.epsilon is None:
        pytest.skip("looks for the smallest perturbation")
    result = make_attack(name, epsilon=0.0)(tiny.net, tiny.images[:2], tiny.labels[:2])
    assert torch.equal(result.images, tiny.images[:2])


def test_reports_progress_to_the_end(attack: Attack, tiny: Tiny) -> None:
    steps: list[Step] = []
    attack(tiny.net, tiny.images, tiny.labels, on_step=steps.append)
    assert bool(steps) == attack.iterative
    if steps:
        indices = [step.index for step in steps]
        assert len(indices) >= 2
        assert indices[0] >= 1
        assert indices == sorted(indices)
        assert {step.of for step in steps} == {indices[-1]}


def test_cancelling_ends_it_and_leaves_nothing_behind(attack: Attack, tiny: Tiny) -> None:
    def cancel(step: Step) -> None:
        raise Cancelled("enough")

    if not attack.iterative:
        pytest.skip("over in one step")
    before = random_states()
    with pytest.raises(Cancelled, match="enough"):
        attack(tiny.net, tiny.images, tiny.labels, on_step=cancel)
    assert random_states() == before
    again = attack(tiny.net, tiny.images[:1], tiny.labels[:1])
    assert again.images.shape == (1, 1, 16, 16)


def test_eight_threads_on_one_model_give_what_one_gives(tiny: Tiny) -> None:
    images, labels = tiny.images[:3], tiny.labels[:3]

    def run(names: list[str]) -> dict[str, AttackResult]:
        return {name: quick(name)(tiny.net, images, labels) for name in names}

    names = list(ATTACKS)
    expected = run(names)
    # Each thread starts elsewhere in the table, so that different attacks meet.
    orders = [names[2 * thread :] + names[: 2 * thread] for thread in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for results in pool.map(run, orders):
            assert all(same(result, expected[name]) for name, result in results.items())


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


def test_the_attacks_everybody_knows_come_first() -> None:
    first = ["fgsm", "bim", "pgd", "pgd_l2", "deepfool", "cw", "square", "jsma", "noise"]
    assert list(ATTACKS)[: len(first)] == first
    assert len({row.title for row in ATTACKS.values()}) == len(ATTACKS)
