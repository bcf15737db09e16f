"""Fixtures every test may use."""

import os
from pathlib import Path

import pytest
import torch
from torch import Tensor

from core.checkpoints import CHECKPOINTS_VARIABLE

# One thread a process keeps two cores for the browser and its server, and sums in one order.
torch.set_num_threads(1)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def images() -> Tensor:
    """Eight seeded pictures (8, 1, 28, 28) in [0, 1], each with a bright block of its own."""
    pictures = 0.1 * torch.rand((8, 1, 28, 28), generator=torch.Generator().manual_seed(1))
    for index in range(8):
        row, column = divmod(index, 4)
        pictures[index, :, 4 + 10 * row : 12 + 10 * row, 6 * column : 6 * column + 8] += 0.8
    return pictures


@pytest.fixture
def labels() -> Tensor:
    return torch.arange(8) % 4


@pytest.fixture
def checkpoint_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkpoint folder of the test's own."""
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    monkeypatch.setenv(CHECKPOINTS_VARIABLE, str(folder))
    return folder


def real_data_folder() -> Path | None:
    """The folder with complete data sets, when this machine has one."""
    named = os.environ.get("LQVAE_DATA")
    return Path(named) if named and Path(named).exists() else None
