import pytest
import torch
from torch import Tensor

from core.devices import DEVICE_VARIABLE, has_fast_bfloat16, in_batches, pick_device
from core.types import LabError


def test_the_environment_names_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEVICE_VARIABLE, "cpu")
    assert pick_device() == torch.device("cpu")


@pytest.mark.parametrize("name", ["warp", "cuda:99"])
def test_a_device_that_is_not_there_is_said(name: str) -> None:
    with pytest.raises(LabError, match=f"device '{name}' cannot be used here.*choose cpu"):
        pick_device(name)


def test_out_of_memory_halves_the_batch_and_says_so() -> None:
    notices: list[str] = []

    def greedy(batch: Tensor) -> Tensor:
        if len(batch) > 2:
            raise torch.OutOfMemoryError("no memory")
        return batch + 1

    values = torch.arange(11.0)[:, None]
    result = in_batches(greedy, values, batch_size=8, on_notice=notices.append)
    assert torch.equal(result, values + 1)
    assert notices == [
        "out of memory; going on with batches of 4",
        "out of memory; going on with batches of 2",
    ]


def test_other_errors_and_single_images_are_not_retried() -> None:
    def broken(batch: Tensor) -> Tensor:
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        in_batches(broken, torch.zeros(3, 1))

    def hungry(batch: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("no memory")

    with pytest.raises(torch.OutOfMemoryError):
        in_batches(hungry, torch.zeros(3, 1))


@pytest.mark.parametrize(
    ("capability", "fast"), [("AVX512", True), ("AVX2", False), ("DEFAULT", False)]
)
def test_bfloat16_is_used_only_where_the_processor_computes_it(
    capability: str, fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert has_fast_bfloat16(torch.device("cpu")) is fast
    assert has_fast_bfloat16(torch.device("cuda"))
