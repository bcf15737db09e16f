"""The showcase: made from real attacks, written whole, read strictly."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from core.checkpoints import CheckpointRow
from core.defenses import BitDepth
from core.evaluation import showcase as maker
from core.evaluation.showcase_file import (
    ShowcaseError,
    ShowcaseSpecification,
    default_path,
    read_showcase,
    write_showcase,
)
from core.types import LabError, Step
from tests.fakes import CLASSES, manifest_row, showcase

SPECIFICATION = ShowcaseSpecification(defense="bit_depth", steps=5, n=30, shown=4)


@pytest.fixture
def classifier() -> nn.Module:
    """A linear classifier that a change of 0.2 a pixel fools."""
    layer = nn.Linear(784, 10)
    layer.weight.data = torch.randn(10, 784, generator=torch.Generator().manual_seed(0))
    layer.bias.data.zero_()
    return nn.Sequential(nn.Flatten(), layer).eval().requires_grad_(False)


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch, classifier: nn.Module) -> nn.Module:
    """The classifier, black-and-white pictures that it gets right, and 1-bit rounding."""
    generator = torch.Generator().manual_seed(1)
    images = (torch.rand((40, 1, 28, 28), generator=generator) > 0.5).float()
    labels = classifier(images).argmax(dim=1)

    def load_dataset(_name: str, _split: str) -> tuple[Tensor, Tensor]:
        return images, labels

    def find_row(_dataset: str, name: str) -> CheckpointRow:
        return CheckpointRow(**manifest_row(name, "a", b"weights"))

    monkeypatch.setattr(maker, "load_classifier", lambda *_arguments: classifier)
    monkeypatch.setattr(maker, "load_defense", lambda *_arguments: BitDepth(bits=1))
    monkeypatch.setattr(maker, "load_dataset", load_dataset)
    monkeypatch.setattr(maker, "find_row", find_row)
    monkeypatch.setenv("LQVAE_DEVICE", "cpu")
    return classifier


@pytest.mark.usefixtures("shipped")
def test_it_attacks_purifies_and_counts(tmp_path: Path) -> None:
    steps: list[Step] = []
    path = maker.make_showcase(
        on_step=steps.append, specification=SPECIFICATION, path=tmp_path / "showcase.json"
    )
    made = read_showcase(path)
    assert made.specification == SPECIFICATION
    assert made.figures["clean"].value == made.figures["clean_purified"].value == 1
    assert made.figures["adversarial"].value == 0
    assert made.figures["purified"].value == 1
    assert steps[-1].index == steps[-1].of
    assert list(made.hashes) == ["a"]


@pytest.mark.usefixtures("shipped")
def test_it_shows_different_classes_fooled_and_repaired() -> None:
    shown = maker.craft_showcase(SPECIFICATION).examples
    assert len(shown) == SPECIFICATION.shown
    assert len({example.label for example in shown}) == len(shown)
    for example in shown:
        assert example.clean.prediction == example.label != example.adversarial.prediction
        assert example.repaired


@pytest.mark.usefixtures("shipped")
def test_the_same_seed_gives_the_same_showcase() -> None:
    one, other = (maker.craft_showcase(SPECIFICATION) for _ in range(2))
    assert one.examples == other.examples


@pytest.mark.usefixtures("shipped")
def test_an_attack_that_fools_nothing_is_refused() -> None:
    with pytest.raises(LabError, match="fooled the classifier on no image"):
        maker.craft_showcase(ShowcaseSpecification(defense="bit_depth", epsilon=0.0001, steps=1))


def test_an_image_that_was_not_repaired_takes_the_last_place() -> None:
    labels = torch.tensor([0, 0, 1, 2])
    right = {
        "clean": torch.tensor([True, True, True, True]),
        "adversarial": torch.tensor([False, False, False, False]),
        "purified": torch.tensor([True, True, False, True]),
    }
    assert maker._pick(2, labels, right) == [0, 2]
    assert maker._pick(8, labels, right) == [0, 3, 2]


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "showcase.json"
    write_showcase(showcase(), path)
    assert read_showcase(path) == showcase()
    assert [file.name for file in tmp_path.iterdir()] == ["showcase.json"]


def test_it_lies_among_the_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LQVAE_CHECKPOINTS", str(tmp_path))
    assert default_path() == tmp_path / "results" / "showcase.json"


def test_a_missing_file_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ShowcaseError, match="python -m core showcase"):
        read_showcase(tmp_path / "showcase.json")


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("schema",), 2),
        (("examples",), []),
        (("examples", 0, "label"), len(CLASSES)),
        (("examples", 0, "clean", "png"), "no base64!"),
        (("examples", 0, "clean", "png"), "AAAA"),
        (("examples", 0, "clean", "probabilities"), [1.0]),
        (("examples", 0, "clean", "probabilities"), [float("nan")] * len(CLASSES)),
        (("figures", "clean", "correct"), 51),
        (("specification", "surprise"), 1),
        (("hashes",), None),
    ],
)
def test_a_damaged_file_is_refused(
    tmp_path: Path, where: tuple[str | int, ...], value: object
) -> None:
    path = tmp_path / "showcase.json"
    write_showcase(showcase(), path)
    document = json.loads(path.read_text())
    place: Any = document
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = value
    path.write_text(json.dumps(document))
    with pytest.raises(ShowcaseError, match="damaged"):
        read_showcase(path)
