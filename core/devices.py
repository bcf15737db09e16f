"""The device a computation runs on, and batches that shrink when memory runs out."""

import os
from collections.abc import Callable

import torch
from torch import Generator, Tensor

from core.types import LabError

DEVICE_VARIABLE = "LQVAE_DEVICE"


def pick_device(name: str | None = None) -> torch.device:
    """Choose the device once: the argument, else ``LQVAE_DEVICE``, else CUDA, else the CPU.

    Raises:
        LabError: The named device does not exist on this machine.
    """
    # A boundary found with products of ten bits is not where the full product has it: DeepFool,
    # which stops just beyond it, left a fifth of the images where they were.
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    wanted = name or os.environ.get(DEVICE_VARIABLE)
    if not wanted:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wanted)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise LabError(
            f"device {wanted!r} cannot be used here ({str(error).splitlines()[0]}); "
            f"choose cpu, or cuda on a machine with an NVIDIA GPU "
            f"(--device, or the environment variable {DEVICE_VARIABLE})"
        ) from error
    return device


def batch_for(device: torch.device) -> int:
    """How many images to attack at a time.

    On a CPU the activations of a small batch stay in the cache, which makes C 1.6 times faster.
    """
    return 1000 if device.type == "cuda" else 32


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 products are worth it; without AVX-512 they are emulated, 15x slower."""
    return device.type != "cpu" or torch.backends.cpu.get_cpu_capability().startswith("AVX512")


def generator_for(device: torch.device | str, seed: int) -> Generator:
    """A generator of its own, so that no computation touches the process-wide random state."""
    return Generator(device=device).manual_seed(seed)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error says that the device, or the machine, has no memory left."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "not enough memory" in str(error)


def in_batches(
    function: Callable[[Tensor], Tensor],
    images: Tensor,
    *,
    batch_size: int = 250,
    on_notice: Callable[[str], None] | None = None,
) -> Tensor:
    """Apply a function to images batch by batch; when memory runs out, halve the batch and go on.

    Args:
        function: From (b, ...) to (b, ...), independent for each image.
        images: All images (n, ...), on any device.
        batch_size: The first batch size to try.
        on_notice: Receives a sentence each time the batch is halved.

    Returns:
        The joined results, in order.
    """
    results: list[Tensor] = []
    start = 0
    while start < len(images):
        try:
            results.append(function(images[start : start + batch_size]))
        except (RuntimeError, MemoryError) as error:
            if batch_size == 1 or not is_out_of_memory(error):
                raise
            batch_size = max(1, batch_size // 2)
            if on_notice is not None:
                on_notice(f"out of memory; going on with batches of {batch_size}")
            continue
        start += batch_size
    return torch.cat(results) if results else function(images)
