from collections.abc import Mapping

import pytest
import torch
from torch import Generator, Tensor
from typing_extensions import override

from core.attacks import Attack, make_attack
from core.evaluation.doubts import Doubted, find_doubts
from core.evaluation.threats import BARE, DEFENDED, attack_adaptively, defended, views_of
from core.types import Classifier, Purifier, Step, Surrogate
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
    assert list(broken.broken_by) == ["identity", BARE], "the views of the defence first"
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


def test_restarts_are_for_images_that_stand(
    classifier: Classifier, four: tuple[Tensor, Tensor], generator: Generator
) -> None:
    """The surrogate is fooled by its first start; only the pipeline says that it is not enough."""

    class Misled(purifiers.Threshold):
        @property
        @override
        def surrogates(self) -> Mapping[str, Surrogate]:
            return {"wrong": lambda images, generator: 1 - images}

    reports: list[Step] = []
    attack_adaptively(
        make_attack("pgd", epsilon=0.01, steps=3, restarts=2, step_size=0.01),
        classifier,
        Misled(),
        *four,
        generator=generator,
        surrogates=("wrong",),
        on_step=reports.append,
    )
    assert reports[-1].index == reports[-1].of == 6, "both starts were taken"


def test_a_gradient_free_attack_asks_the_defended_classifier_itself(
    classifier: Classifier, four: tuple[Tensor, Tensor], generator: Generator
) -> None:
    """Also behind a random defence, with its answers averaged."""
    attack = make_attack("square", epsilon=1.0, squares=20)
    broken = attack_adaptively(
        attack, classifier, purifiers.Shaky(), *four, generator=generator, draws=3
    )
    assert dict(broken.broken_by) == {DEFENDED: int(broken.fooled.sum())}
    named = attack_adaptively(
        attack, classifier, purifiers.Threshold(), *four, generator=generator, surrogates=(BARE,)
    )
    assert list(named.broken_by) == [BARE], "whoever names a view gets that view"


def test_draws_are_averaged(
    classifier: Classifier, four: tuple[Tensor, Tensor], generator: Generator
) -> None:
    images, _ = four
    seen: list[int] = []

    class Counted(purifiers.Shaky):
        quiet = frozenset({"steady"})

        @property
        @override
        def surrogates(self) -> Mapping[str, Surrogate]:
            def noisy(images: Tensor, generator: Generator | None) -> Tensor:
                seen.append(len(images))
                return images + torch.randn(images.shape, generator=generator)

            return {"noisy": noisy, "steady": noisy}

    views = views_of(classifier, Counted(), generator, draws=50)
    logits = views["noisy"](images)
    views["steady"](images)
    assert seen == [200, 4]
    single = views_of(classifier, Counted(), generator, surrogates=("noisy",))["noisy"](images)
    exact = classifier(images)
    assert (logits - exact).abs().mean() < (single - exact).abs().mean() / 3


def test_unknown_surrogates_are_said(
    classifier: Classifier, four: tuple[Tensor, Tensor], generator: Generator
) -> None:
    with pytest.raises(ValueError, match="'magic'; choose from identity, bare classifier"):
        attack_adaptively(
            make_attack("fgsm"),
            classifier,
            purifiers.Threshold(),
            *four,
            generator=generator,
            surrogates=("magic",),
        )


def doubts_on(
    classifier: Classifier,
    purifier: Purifier | None,
    four: tuple[Tensor, Tensor],
    generator: Generator,
    *,
    attack: Attack,
    fooled: bool,
) -> tuple[str, ...]:
    images, labels = four
    doubted = Doubted(
        attack=attack,
        classifier=classifier,
        purifier=purifier,
        images=images,
        labels=labels,
        fooled=torch.full((4,), fooled),
    )
    return find_doubts(doubted, generator)


def test_a_sound_attack_raises_no_doubt(
    classifier: Classifier, four: tuple[Tensor, Tensor], generator: Generator
) -> None:
    attack = make_attack("pgd", epsilon=0.3, steps=5)
    assert doubts_on(classifier, None, four, generator, attack=attack, fooled=True) == ()


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
def test_doubts_are_said(
    classifier: Classifier,
    four: tuple[Tensor, Tensor],
    generator: Generator,
    purifier: Purifier,
    attack: Attack,
    sentence: str,
) -> None:
    doubts = doubts_on(classifier, purifier, four, generator, attack=attack, fooled=False)
    assert any(sentence in doubt for doubt in doubts), doubts


def test_who_needs_no_gradient_is_not_blind_without_one(
    classifier: Classifier, four: tuple[Tensor, Tensor], generator: Generator
) -> None:
    attack = make_attack("square", epsilon=0.3, squares=5)
    doubts = doubts_on(classifier, purifiers.Dead(), four, generator, attack=attack, fooled=True)
    assert not any("gradient attacks are blind" in doubt for doubt in doubts), doubts


def test_who_stands_without_a_budget_is_doubted(
    classifier: Classifier, four: tuple[Tensor, Tensor], generator: Generator
) -> None:
    purifier = purifiers.Deaf(four[0][0])
    attack = make_attack("pgd", **SMALL)
    doubts = doubts_on(classifier, purifier, four, generator, attack=attack, fooled=True)
    assert any("1 of 4 images stand even when every pixel may" in doubt for doubt in doubts), doubts


def test_averaged_randomness_is_no_doubt(
    classifier: Classifier, four: tuple[Tensor, Tensor], generator: Generator
) -> None:
    images, labels = four
    doubted = Doubted(
        attack=make_attack("pgd_l2", **SMALL),
        classifier=classifier,
        purifier=purifiers.Shaky(),
        images=images,
        labels=labels,
        fooled=torch.ones(4, dtype=torch.bool),
        draws=4,
    )
    assert find_doubts(doubted, generator) == ()
