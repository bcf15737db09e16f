"""Keeps libraries that share OpenMP with torch from changing how torch sums."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def torch_threads_kept() -> Iterator[None]:
    """Give the calling thread its number of OpenMP threads back, which UMAP's numba changes.

    With another number torch sums in another order, so the same seed would give other last digits.
    """
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch is not None else 0
    try:
        yield
    finally:
        if torch is not None:
            torch.set_num_threads(before)
