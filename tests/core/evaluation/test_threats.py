import pytest
import torch
from torch import Generator, Tensor

from core.attacks import make_attack
from core.evaluation.accuracy import Accuracy
from core.evaluation.doubts import find_doubts, too_weak
from core.evaluation.specification import Specification
from core.evaluation.threats import BARE, attack_adaptively, defended
from core.types import Classifier, Step
from tests.core.evaluation import purifiers


def test_a_defended_classifier_is_a_classifier(
    classifier: Classifier, four: tuple[Tensor, Tensor], generator: Generator
) -> None:
    images, labels = four
    pipeline = defended(classifier, purifiers.Threshold())
    assert torch.equal(pipeline(images).argmax(1), labels)
    assert defended(classifier, None) is classifier


def test_an_adaptive_attack_is_never_weaker_than_an_oblivious_one(
    classifier: Classifier, four: tuple[Tensor, Tensor], generator: Generator
) -> None:
    images, labels = four
    purifier = purifiers.Threshold()
    attack = make_attack("pgd", epsilon=0.6, steps=10)
    oblivious = attack(classifier, images, labels, generator=generator)
    survivors = defended(classifier, purifier)(oblivious.images).argmax(1) == labels
    broken = attack_adaptively(attack, classifier, purifier, images, labels, generator=generator)
    assert (~broken.fooled).sum() <= survivors.sum()
    assert sum(broken.broken_by.values()) == broken.fooled.sum()
    assert list(broken.broken_by) == [BARE, "identity"]
    assert (broken.images - images).abs().max() <= 0.6 + 1e-6


def test_images_that_are_wrong_already_count_as_broken(
    classifier: Classifier, four: tuple[Tensor, Tensor], generator: Generator
) -> None:
    images, labels = four
    broken = attack_adaptively(
        make_attack("pgd", epsilon=0.0, steps=1),
        classifier,
        purifiers.Threshold(),
        images,
        labels.flip(0),
        generator=generator,
    )
    assert broken.fooled.all()


def test_progress_covers_all_surrogates(
    classifier: Classifier, four: tuple[Tensor, Tensor], generator: Generator
) -> None:
    steps: list[Step] = []
    attack_adaptively(
        make_attack("pgd", epsilon=0.01, steps=4, step_size=0.01),
        classifier,
        purifiers.Threshold(),
        *four,
        generator=generator,
        on_step=steps.append,
    )
    assert [step.index for step in steps] == sorted(step.index for step in steps)
    assert steps[-1].index == steps[-1].of


def test_a_sound_attack_raises_no_doubt(
    classifier: Classifier, four: tuple[Tensor, Tensor], generator: Generator
) -> None:
    doubts = find_doubts(
        classifier,
        None,
        *four,
        fooled=torch.ones(4, dtype=torch.bool),
        epsilon=0.3,
        generator=generator,
    )
    assert doubts == ()


@pytest.mark.parametrize(
    ("purifier", "epsilon", "sentence"),
    [
        (purifiers.Dead(), None, "4 of 4 images have a zero gradient"),
        (purifiers.Shaky(), None, "The outputs are random"),
        (purifiers.Threshold(), 1.0, "fall to a single gradient step but not to this attack"),
    ],
)
def test_doubts_are_said(
    classifier: Classifier,
    four: tuple[Tensor, Tensor],
    generator: Generator,
    purifier: object,
    epsilon: float | None,
    sentence: str,
) -> None:
    doubts = find_doubts(
        classifier,
        purifier,  # type: ignore[arg-type]
        *four,
        fooled=torch.zeros(4, dtype=torch.bool),
        epsilon=epsilon,
        generator=generator,
    )
    assert any(sentence in doubt for doubt in doubts), doubts


@pytest.mark.parametrize(
    ("attack", "correct", "weak"),
    [("pgd", 5, False), ("pgd", 6, True), ("fgsm", 30, False), ("fgsm", 31, True)],
)
def test_a_weak_attack_is_said(attack: str, correct: int, weak: bool) -> None:
    specification = Specification(dataset="mnist", classifier="a", attack=attack)
    doubt = too_weak(specification, Accuracy(correct=correct, n=100))
    assert (doubt is not None) == weak
