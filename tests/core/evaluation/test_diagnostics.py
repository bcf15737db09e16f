"""Warnings: a weak attack is found out, a sound one is left alone."""

import pytest
import torch
from torch import Generator, Tensor

from core.attacks import Attack, make_attack
from core.attacks.adaptive import attack_adaptively
from core.evaluation.diagnostics import find_warnings
from core.evaluation.examined import Examined
from core.types import Classifier, Purifier
from tests.core.evaluation import purifiers


def warnings_on(
    classifier: Classifier,
    purifier: Purifier | None,
    four: tuple[Tensor, Tensor],
    generator: Generator,
    *,
    attack: Attack,
    fooled: bool,
) -> tuple[str, ...]:
    images, labels = four
    examined = Examined(
        attack=attack,
        classifier=classifier,
        purifier=purifier,
        images=images,
        labels=labels,
        fooled=torch.full((4,), fooled),
    )
    return find_warnings(examined, generator)


def test_a_sound_attack_raises_no_warning(
    classifier: Classifier, four: tuple[Tensor, Tensor], generator: Generator
) -> None:
    attack = make_attack("pgd", epsilon=0.3, steps=5)
    assert warnings_on(classifier, None, four, generator, attack=attack, fooled=True) == ()


SMALL = {"epsilon": 0.01, "steps": 1}


@pytest.mark.parametrize(
    ("purifier", "attack", "sentence"),
    [
        (purifiers.Dead(), make_attack("pgd", **SMALL), "4 of 4 images have a zero gradient"),
        (purifiers.Shaky(), make_attack("pgd_l2", **SMALL), "The outputs are random"),
        (
            purifiers.Threshold(),
            make_attack("pgd", epsilon=1.0, steps=1),
            "fall to a single gradient step but not to this attack",
        ),
        (
            purifiers.Threshold(),
            make_attack("pgd", epsilon=1.0, steps=1),
            "fall to a black box attack that uses no gradient but not to this attack",
        ),
        (
            purifiers.Threshold(),
            make_attack("fgsm", epsilon=1.0),
            "fall to 20 steps of the same size through every stand-in but not to this attack",
        ),
        (
            purifiers.Threshold(),
            make_attack("pgd_l2", epsilon=20.0, steps=10),
            "images more fall when the attack takes twice the steps",
        ),
    ],
)
def test_warnings_are_said(
    classifier: Classifier,
    four: tuple[Tensor, Tensor],
    generator: Generator,
    purifier: Purifier,
    attack: Attack,
    sentence: str,
) -> None:
    warnings = warnings_on(classifier, purifier, four, generator, attack=attack, fooled=False)
    assert any(sentence in warning for warning in warnings), warnings


def test_who_needs_no_gradient_is_not_blind_without_one(
    classifier: Classifier, four: tuple[Tensor, Tensor], generator: Generator
) -> None:
    attack = make_attack("square", epsilon=0.3, squares=5)
    warnings = warnings_on(
        classifier, purifiers.Dead(), four, generator, attack=attack, fooled=True
    )
    assert not any("gradient attacks are blind" in warning for warning in warnings), warnings


def test_who_stands_without_a_budget_is_examined(
    classifier: Classifier, four: tuple[Tensor, Tensor], generator: Generator
) -> None:
    purifier = purifiers.Deaf(four[0][0])
    attack = make_attack("pgd", **SMALL)
    warnings = warnings_on(classifier, purifier, four, generator, attack=attack, fooled=True)
    assert any(
        "1 of 4 images stand even when every pixel may" in warning for warning in warnings
    ), warnings


def test_averaged_randomness_is_no_warning(
    classifier: Classifier, four: tuple[Tensor, Tensor], generator: Generator
) -> None:
    images, labels = four
    examined = Examined(
        attack=make_attack("pgd_l2", **SMALL),
        classifier=classifier,
        purifier=purifiers.Shaky(),
        images=images,
        labels=labels,
        fooled=torch.ones(4, dtype=torch.bool),
        draws=4,
    )
    assert find_warnings(examined, generator) == ()


@pytest.mark.parametrize(("share", "falls"), [(0.3, False), (0.8, True)])
def test_who_falls_by_luck_is_not_confirmed(
    classifier: Classifier,
    four: tuple[Tensor, Tensor],
    generator: Generator,
    share: float,
    falls: bool,
) -> None:
    images = four[0][:1].expand(400, -1, -1, -1)
    labels = torch.zeros(400, dtype=torch.long)
    purifier = purifiers.Fickle(four[0][1], share)
    attack = make_attack("pgd", epsilon=0.0, steps=1)
    judged = attack_adaptively(attack, classifier, purifier, images, labels, generator=generator)
    assert 10 < judged.fooled.sum() <= 400, "few draws judge, and err"
    examined = Examined(
        attack=attack,
        classifier=classifier,
        purifier=purifier,
        images=images,
        labels=labels,
        fooled=torch.zeros(400, dtype=torch.bool),
    )
    assert (examined.broken(images, generator) == falls).float().mean() > 0.9
    assert (examined.again(attack, generator, None) == falls).all()
    if not falls:
        assert not examined.broken(images, generator).any()
