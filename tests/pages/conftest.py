"""What the page tests share."""

from pathlib import Path

import pytest

from tests.fakes import write_checkpoints


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The checkpoint folder of a page; its data folder ``data`` does not exist yet."""
    monkeypatch.setenv("LQVAE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LQVAE_CHECKPOINTS", str(tmp_path))
    write_checkpoints(tmp_path)
    return tmp_path
