import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.analysis import storage
from core.types import LabError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(storage.CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def read(path: Path) -> str:
    text = path.read_text()
    if text == "damaged":
        raise LabError("damaged")
    return text


def keep(name: str, text: str) -> None:
    storage.keep(
        "kind", name, lambda path: storage.replace_file(path, lambda part: part.write_text(text))
    )


def test_what_is_kept_is_found_again(folder: Path) -> None:
    assert storage.find("kind", "one", read) is None
    keep("one", "first")
    keep("one", "second")
    assert storage.find("kind", "one", read) == "second"
    assert [file.name for file in (folder / "kind").iterdir()] == ["one"]


def test_a_damaged_file_counts_as_missing_and_is_removed(folder: Path) -> None:
    keep("one", "damaged")
    assert storage.find("kind", "one", read) is None
    assert not (folder / "kind" / "one").exists()


def test_the_oldest_make_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "KEPT_FILES", 3)
    for age in range(5):
        keep(str(age), "text")
        os.utime(folder / "kind" / str(age), ns=(age, age))
    keep("last", "text")
    assert sorted(file.name for file in (folder / "kind").iterdir()) == ["3", "4", "last"]


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "result"
    path.write_text("whole")

    def fail(partial: Path) -> None:
        partial.write_text("ha")
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        storage.replace_file(path, fail)
    assert path.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [path]
    storage.keep("kind", "one", fail)
    assert storage.find("kind", "one", read) is None


def test_without_a_place_to_write_a_temporary_folder_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv(storage.CACHE_VARIABLE, str(tmp_path / "file" / "below"))
    folder = storage.cache_folder()
    assert folder.is_dir()
    assert folder == storage.cache_folder(), "the same one for the whole process"
    keep("one", "text")
    assert storage.find("kind", "one", read) == "text"


def test_arrays_and_plain_values_come_back(tmp_path: Path) -> None:
    path = tmp_path / "result.npz"
    arrays: dict[str, Any] = {
        "numbers": np.arange(6).reshape(2, 3),
        "none": np.zeros((0, 2), np.float32),
    }
    meta = {"format": 1, "name": "é", "walls": [0.1]}
    storage.write_arrays(path, arrays, meta)
    found, values = storage.read_arrays(path)
    assert values == meta == storage.read_meta(path)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


@pytest.mark.parametrize("damage", ["missing", "empty", "text", "cut", "no meta", "pickle"])
def test_damaged_arrays_are_one_sentence(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "result.npz"
    storage.write_arrays(path, {"numbers": np.arange(1000)}, {"format": 1})
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "no meta":
        np.savez(path, numbers=np.arange(3))
    elif damage == "pickle":
        np.savez(path, meta=np.array([{"format": 1}], dtype=object))
    else:
        path.write_bytes({"empty": b"", "text": b"PK half", "cut": content[:-40]}[damage])
    assert storage.read_meta(path) is None
    with pytest.raises(LabError, match=r"result\.npz is missing or damaged"):
        storage.read_arrays(path)
