from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from core.analysis import AttackedSpec, crafting
from core.analysis.crafting import crafted_images
from core.analysis.storage import CACHE_VARIABLE, cache_folder
from core.types import Cancelled, Step
from tests.core.analysis import tiny_run
from tests.core.analysis.tiny_run import SPEC, images, labels, name_checkpoints


@pytest.fixture(autouse=True)
def places(checkpoint_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))


class Counted:
    """The tiny classifier, counting how often it is asked."""

    calls = 0
    images = 0

    def __call__(self, pictures: Tensor) -> Tensor:
        self.calls += 1
        self.images += len(pictures)
        return tiny_run.classifier(pictures)


def test_every_defense_faces_the_same_images_and_they_are_made_once() -> None:
    name_checkpoints()
    classifier = Counted()
    first = crafted_images(SPEC, classifier, images(), labels())
    asked = classifier.calls
    again = crafted_images(replace(SPEC, defense="bit_depth"), classifier, images(), labels())
    assert torch.equal(first, again)
    assert classifier.calls == asked > 0
    expected = SPEC.build_attack()(classifier, images(), labels()).images
    assert torch.equal(first, expected)


NOISE = replace(SPEC, attack="noise", parameters=(("epsilon", 0.2),))


@pytest.mark.parametrize(
    "other", [replace(NOISE, seed=1), replace(NOISE, parameters=(("epsilon", 0.1),)), SPEC]
)
def test_another_attack_is_made_anew(other: AttackedSpec) -> None:
    name_checkpoints()
    first = crafted_images(NOISE, tiny_run.classifier, images(), labels())
    classifier = Counted()
    second = crafted_images(other, classifier, images(), labels())
    assert classifier.calls > 0
    assert not torch.equal(first, second)


def test_another_checkpoint_is_attacked_anew() -> None:
    name_checkpoints("1")
    crafted_images(SPEC, tiny_run.classifier, images(), labels())
    name_checkpoints("2")
    classifier = Counted()
    crafted_images(SPEC, classifier, images(), labels())
    assert classifier.calls > 0


def test_damaged_images_are_made_anew() -> None:
    name_checkpoints()
    first = crafted_images(SPEC, tiny_run.classifier, images(), labels())
    (file,) = (cache_folder() / "crafted").iterdir()
    file.write_bytes(file.read_bytes()[:-9])
    assert torch.equal(crafted_images(SPEC, tiny_run.classifier, images(), labels()), first)


def test_an_unknown_classifier_is_kept_nowhere() -> None:
    crafted_images(SPEC, tiny_run.classifier, images(), labels())
    assert not (cache_folder() / "crafted").exists()


@pytest.mark.parametrize("spec", [SPEC, NOISE, replace(SPEC, attack="pgd")])
def test_a_stopped_attack_goes_on_to_the_same_images(
    spec: AttackedSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = crafted_images(spec, tiny_run.classifier, images(), labels())
    name_checkpoints()
    monkeypatch.setattr(crafting, "KEEP_EVERY", 0)

    def stop(step: Step) -> None:
        # After the first of two batches; an iterative attack is then in its second.
        if step.index * 2 > step.of or step.of == 2:
            raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        crafted_images(spec, tiny_run.classifier, images(), labels(), stop)
    steps: list[Step] = []
    classifier = Counted()
    resumed = crafted_images(spec, classifier, images(), labels(), steps.append)
    assert torch.equal(resumed, whole)
    assert classifier.images == 8 * classifier.calls > 0, "the second batch has 8 images"
    assert all(step.index * 2 > step.of for step in steps)
    assert len(list((cache_folder() / "crafted").iterdir())) == 1, "nothing half finished is left"


def test_damaged_half_finished_images_are_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    name_checkpoints()
    monkeypatch.setattr(crafting, "KEEP_EVERY", 0)

    def stop(_: Step) -> None:
        raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        crafted_images(SPEC, tiny_run.classifier, images(), labels(), stop)
    (file,) = (cache_folder() / "crafted").iterdir()
    file.write_bytes(file.read_bytes()[:-9])
    again = crafted_images(SPEC, tiny_run.classifier, images(), labels())
    assert torch.equal(again, SPEC.build_attack()(tiny_run.classifier, images(), labels()).images)
