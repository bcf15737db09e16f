"""``<name>.npz``: one's own data, and everything that can be wrong with such a file."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.data import (
    available_datasets,
    check_dataset,
    dataset_state,
    fetch_dataset,
    get_dataset,
    load_dataset,
    misnamed_files,
    npz_header,
)
from core.types import LabError

Arrays: TypeAlias = dict[str, NDArray[Any]]


def test_ones_own_file_becomes_a_data_set(folder: Path, arrays: Arrays) -> None:
    np.savez_compressed(folder / "my_own2.npz", allow_pickle=False, **arrays)
    row = available_datasets()["my_own2"]
    assert row.classes == ("0", "1", "2", "3")
    assert row.image_shape == (1, 6, 5)
    state = dataset_state("my_own2")
    assert state.readable == {"train": 36, "validation": 4, "test": 8}
    assert state.source == "my_own2.npz"
    assert check_dataset("my_own2") == ()
    images, labels = load_dataset("my_own2", "test")
    assert torch.equal((images * 255).round().byte()[:, 0], torch.tensor(arrays["x_test"]))
    assert labels.tolist() == arrays["y_test"].tolist()


def test_colour_comes_channels_last_and_labels_may_be_a_column(
    folder: Path, arrays: Arrays
) -> None:
    colour = np.random.default_rng(2).integers(0, 256, (40, 6, 5, 3), dtype=np.uint8)
    arrays |= {
        "x_train": np.asfortranarray(colour),
        "x_test": colour[:8],
        "y_train": arrays["y_train"][:, None].astype(np.uint16),
    }
    np.savez(folder / "own.npz", allow_pickle=False, **arrays)
    images, _ = load_dataset("own", "test")
    assert images.shape == (8, 3, 6, 5)
    assert torch.equal((images[0, 2] * 255).round().byte(), torch.tensor(colour[0, :, :, 2]))


def test_npz_wins_over_torchvisions_folder(placed: Path, folder: Path) -> None:
    black = np.zeros((8, 28, 28), dtype=np.uint8)
    labels = np.arange(8) % 4
    np.savez(
        folder / "tiny.npz",
        allow_pickle=False,
        x_train=black,
        y_train=labels,
        x_test=black,
        y_test=labels,
    )
    assert dataset_state("tiny").source == "tiny.npz"
    assert load_dataset("tiny", "test")[0].amax() == 0


def test_a_damaged_npz_is_not_passed_over_in_silence(placed: Path, folder: Path) -> None:
    (folder / "tiny.npz").write_bytes(b"no zip")
    assert "tiny.npz is damaged or no npz file" in str(dataset_state("tiny").problem)
    with pytest.raises(LabError, match=r"tiny.npz is damaged"):
        load_dataset("tiny", "test")
    with pytest.raises(LabError, match=r"tiny.npz is damaged.*remove it"):
        fetch_dataset("tiny")


def test_a_known_data_set_keeps_its_shape_and_classes(folder: Path, arrays: Arrays) -> None:
    np.savez(folder / "fashion_mnist.npz", allow_pickle=False, **arrays)
    assert "images are (1, 6, 5), not (1, 28, 28)" in str(dataset_state("fashion_mnist").problem)
    large = np.zeros((40, 28, 28), dtype=np.uint8)
    arrays |= {"x_train": large, "x_test": large[:8], "y_test": np.arange(8) + 3}
    np.savez(folder / "fashion_mnist.npz", allow_pickle=False, **arrays)
    assert "label 10 is above 9" in str(dataset_state("fashion_mnist").problem)


def test_names_keep_to_letters_digits_and_underscores(folder: Path, arrays: Arrays) -> None:
    for name in ("My Data", "../up", "ok_1"):
        np.savez(folder / f"{name.replace('/', '-')}.npz", allow_pickle=False, **arrays)
    assert [name for name in available_datasets() if "_1" in name] == ["ok_1"]
    assert misnamed_files() == ("..-up.npz", "My Data.npz")
    with pytest.raises(LabError, match="unknown data set"):
        get_dataset("My Data")


WRONG: dict[str, tuple[Callable[[Arrays], object], str]] = {
    "missing array": (lambda a: a.pop("y_test"), "y_test missing"),
    "float images": (lambda a: a.update(x_train=a["x_train"] / 255), "x_train is float64"),
    "float labels": (lambda a: a.update(y_train=a["y_train"] / 1), "y_train is float64"),
    "one label too few": (lambda a: a.update(y_test=a["y_test"][1:]), "8 images but 7 labels"),
    "no images": (lambda a: a.update(x_test=a["x_test"][:0]), "x_test is empty"),
    "flat images": (lambda a: a.update(x_train=a["x_train"][:, 0]), "has the shape"),
    "one-hot labels": (lambda a: a.update(y_test=np.eye(8, dtype=int)), "not \\(n,\\)"),
    "channels first": (
        lambda a: a.update(x_train=np.zeros((40, 3, 6, 5), np.uint8)),
        "channels, 1 or 3 of them, come last",
    ),
    "two shapes": (lambda a: a.update(x_test=a["x_test"][:, 1:]), "different shapes"),
    "negative label": (lambda a: a.update(y_test=a["y_test"] - 1), "must hold 0 to"),
    "huge label": (lambda a: a.update(y_test=a["y_test"] + 1000), "must hold 0 to"),
}


@pytest.mark.parametrize("wrong", list(WRONG))
def test_a_file_of_the_wrong_form_says_what_is_wrong(
    folder: Path, arrays: Arrays, wrong: str
) -> None:
    change, sentence = WRONG[wrong]
    change(arrays)
    np.savez(folder / "own.npz", allow_pickle=False, **arrays)
    with pytest.raises(LabError, match=f"own.npz cannot be used: .*{sentence}"):
        load_dataset("own")
    assert get_dataset("own").classes == ()
    assert dataset_state("own").readable == {}
    assert dataset_state("own").problem == check_dataset("own")[0]


def test_a_pickle_in_the_file_is_never_opened(folder: Path, arrays: Arrays) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return Path.touch, (folder / "opened",)

    np.savez(folder / "own.npz", allow_pickle=True, **arrays | {"y_test": np.array([Trap()] * 8)})
    with pytest.raises(LabError, match="y_test is object, not integers"):
        load_dataset("own")
    assert not (folder / "opened").exists()


def test_a_zip_bomb_is_refused_before_it_is_unpacked(
    folder: Path, arrays: Arrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays["x_train"] = np.zeros((40, 600, 500), dtype=np.uint8)
    np.savez_compressed(folder / "own.npz", allow_pickle=False, **arrays)
    assert (folder / "own.npz").stat().st_size < 100_000
    monkeypatch.setattr(npz_header, "MAX_BYTES", 10_000_000)
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("an array was read"))
    with pytest.raises(LabError, match=r"unpacked it has .* GiB; 4 are allowed"):
        load_dataset("own")


def member(array: NDArray[Any]) -> bytes:
    """An array as it is stored in an npz file."""
    written = io.BytesIO()
    np.save(written, array)
    return written.getvalue()


def test_a_header_that_lies_about_its_size_is_refused(folder: Path, arrays: Arrays) -> None:
    with zipfile.ZipFile(folder / "own.npz", "w") as archive:
        for name, array in arrays.items():
            content = member(array)
            if name == "x_train":
                content = content.replace(b"(40, 6, 5)", b"(99999999, 6, 5)")
            archive.writestr(f"{name}.npy", content)
    with pytest.raises(LabError, match="x_train is not as long as its header says"):
        load_dataset("own")


@pytest.mark.parametrize("cut", [0, 100, 1500])
def test_a_truncated_file_is_recognised(folder: Path, arrays: Arrays, cut: int) -> None:
    np.savez(folder / "own.npz", allow_pickle=False, **arrays)
    content = (folder / "own.npz").read_bytes()
    (folder / "own.npz").write_bytes(content[:cut])
    with pytest.raises(LabError, match=r"own.npz is damaged or no npz file"):
        load_dataset("own")


def test_a_changed_byte_is_recognised(folder: Path, arrays: Arrays) -> None:
    arrays["x_train"] = arrays["x_train"].repeat(20, 1).repeat(20, 2)
    arrays["x_test"] = arrays["x_test"].repeat(20, 1).repeat(20, 2)
    np.savez(folder / "own.npz", allow_pickle=False, **arrays)
    content = bytearray((folder / "own.npz").read_bytes())
    content[content.index(arrays["x_train"].tobytes()) + 100_000] ^= 1
    (folder / "own.npz").write_bytes(content)
    assert dataset_state("own").problem is None
    assert "damaged" in check_dataset("own")[0]
    with pytest.raises(LabError, match="damaged"):
        load_dataset("own")


def test_one_class_of_one_image_has_nothing_to_train_on(folder: Path, arrays: Arrays) -> None:
    arrays |= {"x_train": arrays["x_train"][:1], "y_train": arrays["y_train"][:1]}
    np.savez(folder / "own.npz", allow_pickle=False, **arrays)
    assert "train" not in dataset_state("own").readable
    with pytest.raises(LabError, match="no images for train"):
        load_dataset("own", "train")
