"""The LQ-VAE authors' script, step by step."""

import pytest
import torch
from torch import Tensor

from core.attacks import make_attack
from tests.core.attacks.tiny import Tiny

LABELS = torch.zeros(1, dtype=torch.int64)


def brightness(images: Tensor) -> Tensor:
    """Two logits; the loss of class 0 rises with every pixel of the left half."""
    left = images[..., : images.shape[-1] // 2].flatten(1).mean(1)
    return torch.stack([-left, left], dim=1)


def test_it_is_one_sign_step_and_a_stretch(tiny: Tiny) -> None:
    images = tiny.images.clone().requires_grad_()
    loss = torch.nn.functional.cross_entropy(tiny.net(images), tiny.labels, reduction="sum")
    (slope,) = torch.autograd.grad(loss, images)
    stepped = (tiny.images + 0.15 * slope.sign()).flatten(1)
    low, high = stepped.amin(1, keepdim=True), stepped.amax(1, keepdim=True)
    expected = ((stepped - low) / (high - low)).view_as(tiny.images)
    result = make_attack("one_step_bpda")(tiny.net, tiny.images, tiny.labels)
    torch.testing.assert_close(result.images, expected)
    assert result.trajectory is None


def test_every_image_ends_at_exactly_zero_and_one(tiny: Tiny) -> None:
    images = make_attack("one_step_bpda")(tiny.net, tiny.images, tiny.labels).images.flatten(1)
    assert (images.amin(1) == 0).all()
    assert (images.amax(1) == 1).all()


def test_the_stretch_shrinks_the_step_on_a_black_and_white_image() -> None:
    image = torch.zeros(1, 1, 4, 4)
    image[..., 1] = 1  # the left half, which gets brighter, has black and white
    image[..., 2] = 1  # the right half stays: no slope there
    result = make_attack("one_step_bpda")(brightness, image, LABELS)
    width = 1.15  # from 0 (right, black) to 1.15 (left, white)
    torch.testing.assert_close(result.images[..., 0], torch.full((1, 1, 4), 0.15 / width))
    torch.testing.assert_close(result.images[..., 2], torch.full((1, 1, 4), 1 / width))


def test_a_constant_image_is_left_alone() -> None:
    image = torch.full((1, 1, 4, 4), 0.4)
    result = make_attack("one_step_bpda", step_size=0.0)(brightness, image, LABELS)
    assert torch.equal(result.images, image)

    def all_of_it(images: Tensor) -> Tensor:
        return brightness(images.mean(dim=3, keepdim=True).expand_as(images))

    moved = make_attack("one_step_bpda")(all_of_it, image, LABELS)
    torch.testing.assert_close(moved.images, torch.full((1, 1, 4, 4), 0.55))


@pytest.mark.parametrize("step_size", [-0.1, "0.1", None])
def test_what_is_no_step(step_size: object) -> None:
    with pytest.raises(ValueError, match="step_size must be"):
        make_attack("one_step_bpda", step_size=step_size)
