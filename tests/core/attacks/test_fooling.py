"""Noise that is driven to a class."""

import pytest
import torch
from torch import Tensor

from core.attacks import AttackResult, make_attack
from tests.core.attacks.tiny import Tiny, seeded


def fool(tiny: Tiny, target: Tensor | None = None, **settings: object) -> AttackResult:
    attack = make_attack("fooling", **settings)
    return attack(tiny.net, tiny.images, tiny.labels, target=target, generator=seeded(3))


@pytest.mark.parametrize("confidence", [0.6, 0.99])
def test_the_class_is_reached_with_confidence(confidence: float, tiny: Tiny) -> None:
    result = fool(tiny, tiny.target, confidence=confidence)
    probability = result.logits.softmax(1).gather(1, tiny.target.unsqueeze(1))
    assert result.success.all()
    assert (probability >= confidence - 1e-5).all()


def test_untargeted_goes_to_the_class_the_noise_is_nearest_to(tiny: Tiny) -> None:
    result = fool(tiny)
    assert result.trajectory is not None
    start = tiny.net(result.trajectory[1])
    wanted = start.scatter(1, tiny.labels.unsqueeze(1), -torch.inf).argmax(1)
    assert torch.equal(result.logits.argmax(1), wanted)


def test_it_starts_from_noise_and_not_from_the_image(tiny: Tiny) -> None:
    result = fool(tiny)
    assert result.trajectory is not None
    assert torch.equal(result.trajectory[0], tiny.images)
    noise = result.trajectory[1].flatten()
    assert noise.mean().item() == pytest.approx(0.5, abs=0.03)
    assert noise.std().item() == pytest.approx(12**-0.5, abs=0.03)
    dark = make_attack("fooling")(
        tiny.net, torch.zeros_like(tiny.images), tiny.labels, generator=seeded(3)
    )
    assert torch.equal(dark.images, result.images)


def test_finished_images_stop(tiny: Tiny) -> None:
    short, long = (fool(tiny, tiny.target, confidence=c) for c in (0.5, 0.999))
    assert short.trajectory is not None
    assert long.trajectory is not None
    assert len(short.trajectory) < len(long.trajectory) < 202
    assert torch.equal(short.trajectory[-1], short.images)


def test_without_steps_enough_the_image_is_still_noise(tiny: Tiny) -> None:
    result = fool(tiny, tiny.target, steps=1, learning_rate=0.001)
    assert not result.success.all()
    assert result.trajectory is not None
    assert (result.images - result.trajectory[1]).abs().max() <= 0.001 + 1e-6


def test_no_probability_is_above_one() -> None:
    with pytest.raises(ValueError, match=r"confidence must be at most 1, got 1.5"):
        make_attack("fooling", confidence=1.5)
