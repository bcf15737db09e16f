"""Weights in a file: how they are rounded, and that they come back."""

import torch

from core.packing import pack_weights, unpack_weights


def state() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        "matrix": torch.randn((5, 40), generator=generator) * torch.logspace(-4, 2, 5)[:, None],
        "kernel": torch.randn((3, 2, 4, 4), generator=generator),
        "bias": torch.randn(5, generator=generator),
        "zero": torch.zeros(2, 3),
    }


def test_a_byte_a_weight_is_within_half_a_level_of_its_row() -> None:
    packed = pack_weights(state())
    assert packed["matrix"].dtype == torch.int8
    assert packed["bias"].dtype == torch.float16
    found = unpack_weights(packed)
    assert set(found) == set(state())
    for name in ("matrix", "kernel", "zero"):
        wanted = state()[name].flatten(1)
        level = wanted.abs().amax(1, keepdim=True) / 127
        assert bool(((found[name].flatten(1) - wanted).abs() <= 0.51 * level + 1e-12).all())
        assert found[name].dtype == torch.float32


def test_a_file_of_half_precision_can_still_be_read() -> None:
    halves = {name: values.half() for name, values in state().items()}
    for name, values in unpack_weights(halves).items():
        assert torch.equal(values, state()[name].half().float())
