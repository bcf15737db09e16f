from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

import pytest
import torch
from torch import Generator, Tensor
from typing_extensions import override

from core.attacks import Attack, make_attack
from core.attacks.adaptive import attack_adaptively
from core.system import BARE, DEFENDED, System, defended
from core.types import Classifier, Step, Surrogate
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
    assert list(broken.broken_by) == ["identity", BARE], "the views of the defense first"
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
    """Also behind a random defense, with its answers averaged."""
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

    views = System(classifier, Counted()).surrogates(generator, draws=50)
    logits = views["noisy"](images)
    views["steady"](images)
    assert seen == [200, 4]
    single = System(classifier, Counted()).surrogates(generator)["noisy"](images)
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


@dataclass(frozen=True)
class Rising:
    """Makes the first pixel, by which ``Fickle`` errs, brighter with every call."""

    restarts: int = 1
    gradient_free: bool = False
    epsilon: float | None = None
    seen: list[int] = field(default_factory=list)

    def __call__(
        self, _: Classifier, images: Tensor, labels: Tensor, **__: object
    ) -> SimpleNamespace:
        self.seen.append(len(images))
        changed = images.clone()
        changed[:, 0, 0, 0] = (0.7, 0.7, 1.0, 1.0)[len(self.seen) - 1]
        sound = torch.zeros(len(images), dtype=torch.bool)
        return SimpleNamespace(images=changed, zero_gradient=sound, broken_gradient=sound)


class Betraying(purifiers.Fickle):
    """Errs on as large a share of its draws as the first pixel is bright."""

    @override
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        other = torch.rand(len(images), generator=generator) < images[:, 0, 0, 0]
        return torch.where(other[:, None, None, None], self.picture, images)


def test_a_restart_goes_on_until_every_draw_errs(
    classifier: Classifier, four: tuple[Tensor, Tensor], generator: Generator
) -> None:
    images = four[0][:1].expand(200, -1, -1, -1).clone()
    images[:, 0, 0, 0] = 0
    labels = torch.zeros(200, dtype=torch.long)
    purifier = Betraying(four[0][1], 0.0)
    for restarts, brightest in ((1, 0.7), (2, 1.0)):
        attack = Rising(restarts=restarts)
        found = attack_adaptively(
            cast(Attack, attack),
            classifier,
            purifier,
            images,
            labels,
            generator=generator,
            at_once=len(images),
        )
        # Through both views once; those whose draws all erred are left alone.
        assert attack.seen[0] == 200
        assert attack.seen[1] < 80, "who is broken is not attacked through the other view"
        reached = found.images[:, 0, 0, 0]
        if restarts == 1:
            assert len(attack.seen) == 2
        else:
            assert 150 < attack.seen[2] < 200, "broken on most draws, but not on all"
        assert (reached == brightest).float().mean() > 0.85
        assert found.fooled.float().mean() > 0.9
        assert sum(found.broken_by.values()) == found.fooled.sum()
