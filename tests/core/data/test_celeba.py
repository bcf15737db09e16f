"""CelebA from a tiny folder of its own layout: splits, labels, pictures, and what is damaged."""

import hashlib
from pathlib import Path
from zipfile import ZipFile

import pytest
import torch

from core.data import check_dataset, dataset_state, fetch_dataset, load_bytes, load_dataset
from core.data.celeba import Faces
from core.types import LabError
from tests.core.data.tiny_celeba import MALE, write_celeba


@pytest.fixture
def placed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny CelebA in the data folder, and torchvision told its checksums."""
    from torchvision import datasets

    target = write_celeba(folder)
    published = [
        ("", hashlib.md5(path.read_bytes()).hexdigest(), path.name)
        for path in sorted(target.glob("*.txt"))
    ]
    monkeypatch.setattr(datasets.CelebA, "file_list", published)
    return target


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rows of the pictures decoded so far."""
    rows: list[int] = []
    picture = Faces.picture

    def counting(self: Faces, row: int) -> object:
        rows.append(row)
        return picture(self, row)

    monkeypatch.setattr(Faces, "picture", counting)
    return rows


def numbers(images: torch.Tensor) -> list[int]:
    """Which picture of the tiny folder each image is, from its red."""
    return (images[:, 0].mean((1, 2)) * 255 / 4).round().int().tolist()


def test_splits_follow_the_rule_of_every_data_set(placed: Path) -> None:
    state = dataset_state("celeba")
    # 24 women and 16 men in the training partition: a tenth of each is 2 and 1.
    assert state.readable == {"train": 37, "validation": 3, "test": 8}
    assert state.source == "torchvision folder"
    assert (state.problem, state.remedy) == (None, None)
    assert check_dataset("celeba") == ()
    images, labels = load_dataset("celeba", "validation")
    assert labels.tolist() == [0, 1, 0]
    assert numbers(images) == [2, 0, 3]
    train, _ = load_dataset("celeba", "train")
    assert numbers(train) == [number for number in range(40) if number not in (0, 2, 3)]
    test, labels = load_dataset("celeba", "test")
    assert numbers(test) == list(range(46, 54))
    assert labels.tolist() == [int(MALE[number]) for number in range(46, 54)]


def test_a_picture_is_the_centre_at_64_pixels(placed: Path) -> None:
    images, labels = load_dataset("celeba", "test", count=2)
    assert images.shape == (2, 3, 64, 64)
    assert images.dtype == torch.float32
    assert labels.dtype == torch.int64
    # The white border outside the centre is cut off.
    expected = torch.tensor([4 * 46, 200, 50]).view(3, 1, 1) / 255
    assert (images[0] - expected).abs().amax() < 0.02


def test_bytes_are_the_same_images(placed: Path) -> None:
    levels, labels = load_bytes("celeba", "train")
    images, same = load_dataset("celeba", "train")
    assert levels.dtype == torch.uint8
    assert torch.equal(levels.float() / 255, images)
    assert torch.equal(labels, same)


def test_only_what_is_asked_for_is_decoded(placed: Path, decoded: list[int]) -> None:
    assert dataset_state("celeba").complete
    assert decoded == []
    load_dataset("celeba", "train", count=3)
    assert sorted(decoded) == [1, 4, 5]


def test_torchvision_reads_the_same_pictures_and_labels(placed: Path) -> None:
    from torchvision import datasets, transforms

    ours, labels = load_dataset("celeba", "test")
    theirs = datasets.CelebA(
        str(placed.parent),
        split="test",
        transform=transforms.Compose(
            [transforms.CenterCrop(108), transforms.Resize(64), transforms.ToTensor()]
        ),
    )
    male = theirs.attr_names.index("Male")
    assert [int(attributes[male]) for _, attributes in theirs] == labels.tolist()
    assert torch.equal(torch.stack([image for image, _ in theirs]), ours)


def test_a_missing_folder_says_what_to_put_where(folder: Path) -> None:
    state = dataset_state("celeba")
    assert "no images of CelebA" in str(state.problem)
    for words in ("Google Drive", "img_align_celeba, list_attr_celeba.txt", "celeba.npz"):
        assert words in str(state.remedy)
    assert str(folder / "celeba") in str(state.remedy)
    with pytest.raises(LabError, match=r"cannot be fetched with a command.*mmlab\.ie\.cuhk"):
        fetch_dataset("celeba")


@pytest.mark.parametrize("name", ["list_attr_celeba.txt", "list_eval_partition.txt"])
def test_a_missing_list_is_named(placed: Path, name: str) -> None:
    (placed / name).unlink()
    assert str(dataset_state("celeba").problem).endswith(f"{name} is missing")
    with pytest.raises(LabError, match="is missing"):
        load_dataset("celeba")


@pytest.mark.parametrize("name", ["identity_CelebA.txt", "list_bbox_celeba.txt"])
def test_lists_that_are_not_needed_may_be_missing(placed: Path, name: str) -> None:
    (placed / name).unlink()
    assert len(load_dataset("celeba")[0]) == 3


def test_missing_pictures_are_counted(placed: Path) -> None:
    for number in (3, 7):
        (placed / "img_align_celeba" / f"{number:06d}.jpg").unlink()
    problem = str(dataset_state("celeba").problem)
    assert "2 of 54 pictures are missing" in problem
    assert problem.endswith("the first is 000003.jpg")


def test_packed_pictures_are_to_be_unpacked(placed: Path) -> None:
    (placed / "img_align_celeba").rename(placed / "elsewhere")
    assert str(dataset_state("celeba").problem).endswith("img_align_celeba is missing")
    with ZipFile(placed / "img_align_celeba.zip", "w"):
        pass
    assert "still packed; unpack it (unzip)" in str(dataset_state("celeba").problem)


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("list_attr_celeba.txt", "Male", "Female", "not in CelebA's format"),
        ("list_attr_celeba.txt", "54\n", "55\n", "54 lines where it says 55"),
        ("list_attr_celeba.txt", "000002.jpg -1  1", "000002.jpg -1  2", "-1 and 1 for Male"),
        ("list_attr_celeba.txt", "000002.jpg", "000099.jpg", "list other pictures"),
        ("list_eval_partition.txt", "000002.jpg 0", "000002.jpg 7", "must hold 0, 1 and 2"),
        ("list_eval_partition.txt", "000002.jpg 0", "000002.jpg", "not in CelebA's format"),
        ("list_eval_partition.txt", "000002.jpg 0", "000002.jpg x", "not in CelebA's format"),
    ],
)
def test_a_damaged_list_is_recognised(
    placed: Path, name: str, old: str, new: str, said: str
) -> None:
    content = (placed / name).read_text()
    assert old in content
    (placed / name).write_text(content.replace(old, new, 1))
    state = dataset_state("celeba")
    assert said in str(state.problem)
    assert state.readable == {}
    with pytest.raises(LabError, match=said):
        load_dataset("celeba")


def test_the_full_check_sees_a_changed_list(placed: Path) -> None:
    path = placed / "list_attr_celeba.txt"
    path.write_text(path.read_text().replace("Smiling", "Laughing"))
    assert dataset_state("celeba").problem is None
    (problem,) = check_dataset("celeba")
    assert "list_attr_celeba.txt is damaged: its checksum" in problem


@pytest.mark.parametrize("damage", ["truncated", "empty", "too small"])
def test_a_damaged_picture_is_named(placed: Path, damage: str) -> None:
    path = placed / "img_align_celeba" / "000001.jpg"
    if damage == "too small":
        from PIL import Image

        Image.new("RGB", (64, 64)).save(path)
    else:
        path.write_bytes(path.read_bytes()[: 600 if damage == "truncated" else 0])
    with pytest.raises(LabError, match=r"000001\.jpg is damaged or no picture of CelebA"):
        load_dataset("celeba", "validation")
    assert len(load_dataset("celeba", "test")[0]) == 8
    (problem,) = check_dataset("celeba")
    assert "000001.jpg is damaged" in problem


def test_many_damaged_pictures_are_summed_up(placed: Path) -> None:
    for path in (placed / "img_align_celeba").iterdir():
        path.write_bytes(b"<html>")
    problems = check_dataset("celeba")
    assert len(problems) == 6
    assert problems[-1] == "43 more pictures are damaged"


def test_a_changed_list_is_read_anew(placed: Path) -> None:
    before = load_dataset("celeba", "test")[1]
    path = placed / "list_attr_celeba.txt"
    lines = path.read_text().splitlines()
    flipped = [
        f"{line[:14]}{' 1' if line[14:16] == '-1' else '-1'}{line[16:]}" for line in lines[2:]
    ]
    path.write_text("\n".join([*lines[:2], *flipped]) + "\n\n")
    assert load_dataset("celeba", "test")[1].tolist() == (1 - before).tolist()
