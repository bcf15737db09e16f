"""COIL-100 from a folder of tiny files: the split by angle, and what is missing or damaged."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data import check_dataset, dataset_state, fetch_dataset, load_bytes, load_dataset
from core.data.coil100 import TESTED
from core.types import LabError
from tests.core.data.tiny_coil100 import write_coil100


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("coil")
    write_coil100(folder)
    return folder


@pytest.fixture
def placed(written: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LQVAE_DATA", str(written))
    return written / "coil-100"


def test_every_fourth_angle_is_test(placed: Path) -> None:
    state = dataset_state("coil100")
    assert state.readable == {"train": 4_900, "validation": 500, "test": 1_800}
    assert (state.problem, state.remedy) == (None, None)
    pixels, labels = load_bytes("coil100", "test")
    assert pixels.shape == (1_800, 3, 128, 128)
    assert np.array_equal(pixels[:, 0, 0, 0], labels)
    angles = pixels[labels == 0, 1, 0, 0].int() * 5
    assert angles.tolist() == list(TESTED) == list(range(0, 360, 20))
    images, labels = load_dataset("coil100", "validation", count=100)
    assert labels.tolist() == list(range(100)), "one of each object first"
    assert images.shape == (100, 3, 128, 128)
    assert round(images[0, 1, 0, 0].item() * 255) == 1, "at 5 degrees"


def test_missing_pictures_are_counted(placed: Path) -> None:
    moved = placed / "obj3__5.png"
    content = moved.read_bytes()
    moved.unlink()
    try:
        problem = str(dataset_state("coil100").problem)
        assert "1 of 7,200 pictures are missing" in problem
        assert problem.endswith("the first is obj3__5.png")
        with pytest.raises(LabError, match="pictures are missing"):
            load_dataset("coil100")
        assert "pictures are missing" in check_dataset("coil100")[0]
    finally:
        moved.write_bytes(content)


@pytest.mark.parametrize("damage", ["truncated", "empty", "too small"])
def test_a_damaged_picture_is_named(placed: Path, damage: str) -> None:
    path = placed / "obj1__0.png"
    content = path.read_bytes()
    try:
        if damage == "too small":
            Image.new("RGB", (64, 64)).save(path)
        else:
            path.write_bytes(content[: len(content) // 2 if damage == "truncated" else 0])
        with pytest.raises(LabError, match=r"obj1__0\.png is damaged or no picture of COIL-100"):
            load_dataset("coil100", "test", count=1)
        assert len(load_dataset("coil100", "validation", count=3)[0]) == 3
        if damage == "empty":
            (problem,) = check_dataset("coil100")
            assert "obj1__0.png is damaged" in problem
    finally:
        path.write_bytes(content)


def test_a_missing_folder_says_what_to_put_where(folder: Path) -> None:
    state = dataset_state("coil100")
    assert "no images of COIL-100" in str(state.problem)
    for words in ("coil-100.zip", "obj1__0.png", "coil100.npz"):
        assert words in str(state.remedy)
    with pytest.raises(LabError, match="cannot be fetched with a command"):
        fetch_dataset("coil100")
