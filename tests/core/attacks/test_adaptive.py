"""The adaptive attacker breaks what only looks robust, and says what it did."""

from collections.abc import Mapping

import pytest
import torch
from torch import Generator, Tensor
from typing_extensions import override

from core.attacks import make_attack
from core.attacks.adaptive import attack_adaptively
from core.attacks.judge import Judge
from core.defenses.base import BasePurifier, straight_through
from core.system import BARE, System
from core.types import Cancelled, Step, Surrogate
from tests.core.attacks.tiny import Tiny, seeded


class Thresholded(BasePurifier):
    """Rounds every pixel to black or white, and tells nobody where."""

    @property
    @override
    def surrogates(self) -> Mapping[str, Surrogate]:
        return {"identity": straight_through(self)}

    @override
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        return (images >= 0.5).to(images)


class Stepped(Thresholded):
    """Rounds to four levels: three thresholds."""

    @override
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        return (images * 3).round() / 3


class Coded(BasePurifier):
    """A sharp switch for every block of pixels, whose soft versions lead astray or nowhere."""

    chains = (("soft", "sharp"),)

    @property
    @override
    def surrogates(self) -> Mapping[str, Surrogate]:
        return {
            "soft": lambda images, generator: self._switched(images, 2.0),
            "sharp": lambda images, generator: self._switched(images, 40.0),
        }

    @override
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        means = torch.nn.functional.avg_pool2d(images, 4)
        return self._drawn((means >= 0.5).to(images))

    def _switched(self, images: Tensor, sharpness: float) -> Tensor:
        means = torch.nn.functional.avg_pool2d(images, 4)
        return self._drawn(torch.sigmoid(sharpness * (means - 0.5)))

    def _drawn(self, bits: Tensor) -> Tensor:
        return torch.nn.functional.interpolate(bits, scale_factor=4)


class Noisy(Thresholded):
    """As it is but for noise that differs from call to call."""

    random = True

    @override
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        return images + 0.05 * torch.randn(images.shape, generator=generator)


def system_of(tiny: Tiny, purifier: BasePurifier | None) -> tuple[System, Tensor, Tensor]:
    """A system with the images that it gets right."""
    system = System(tiny.net, purifier)
    right = system.logits(tiny.images, seeded(0)).argmax(1) == tiny.labels
    return system, tiny.images[right], tiny.labels[right]


@pytest.mark.parametrize(
    ("purifier", "expected"),
    [
        (Thresholded(), [0.5]),
        (Stepped(), [1 / 6, 0.5, 5 / 6]),
        (None, []),
        (Coded(), []),
        (Noisy(), []),
    ],
    ids=["one", "three", "bare", "a code", "noise"],
)
def test_thresholds_are_found_where_nothing_is_declared(
    purifier: BasePurifier | None, expected: list[float], tiny: Tiny
) -> None:
    found = System(tiny.net, purifier).thresholds(tiny.images[:1])
    assert found == pytest.approx(expected, abs=1e-4)


def test_declared_thresholds_are_taken(tiny: Tiny) -> None:
    purifier = Thresholded()
    purifier.pixel_thresholds = (0.25,)  # type: ignore[attr-defined]
    assert System(tiny.net, purifier).thresholds(tiny.images[:1]) == (0.25,)


@pytest.mark.parametrize("purifier", [Thresholded(), Stepped()], ids=["one", "three"])
def test_a_threshold_is_broken_by_few_pixels_where_pgd_spreads_its_change(
    purifier: BasePurifier, tiny: Tiny
) -> None:
    system, images, labels = system_of(tiny, purifier)
    pgd = make_attack("pgd_l2", epsilon=0.2, steps=40, loss="margin")
    view = system.surrogates()["identity"]
    stands = system.logits(pgd(view, images, labels).images).argmax(1) == labels
    broken = attack_adaptively(
        make_attack("flips", epsilon=0.2),
        tiny.net,
        purifier,
        images,
        labels,
        generator=seeded(0),
        surrogates=("identity",),
    )
    assert broken.fooled.float().mean() > 0.9
    assert broken.fooled.sum() > (~stands).sum()
    change = broken.images - images
    assert (change.flatten(1).norm(dim=1) <= 0.2 + 1e-5).all()
    few = (change.abs() > 1e-6).flatten(1).sum(1)
    assert few.float().mean() < images[0].numel() / 4
    # Any L2 attack that knows the defense takes them along.
    named = attack_adaptively(pgd, tiny.net, purifier, images, labels, generator=seeded(0))
    assert named.fooled.float().mean() > 0.9
    assert named.broken_by["flips, identity"] > 0


def test_few_pixels_are_counted_and_sent_to_the_ends(tiny: Tiny) -> None:
    result = make_attack("flips_l0", pixels=30)(tiny.net, tiny.images, tiny.labels)
    assert (result.l0 <= 30).all()
    moved = (result.images - tiny.images).abs() > 1e-6
    assert torch.isin(result.images[moved], torch.tensor([0.0, 1.0])).all()


def test_flips_go_towards_a_target(tiny: Tiny) -> None:
    system, images, labels = system_of(tiny, Thresholded())
    target = (labels + 1) % 4
    attack = make_attack("flips", epsilon=1.5)
    result = attack(system.surrogates()["identity"], images, labels, target=target)
    assert (result.logits.argmax(1) == target).float().mean() > 0.5


@pytest.mark.parametrize("name", ["adaptive", "adaptive_l2"])
@pytest.mark.parametrize(
    "purifier", [Thresholded(), Coded(), None], ids=["a threshold", "a code", "bare"]
)
def test_everything_together_is_at_least_as_strong_as_each_alone(
    name: str, purifier: BasePurifier | None, tiny: Tiny
) -> None:
    system, images, labels = system_of(tiny, purifier)
    epsilon = 0.06 if name == "adaptive" else 0.6
    effort = {"steps": 20, "targets": 3, "restarts": 1, "squares": 50, "rounds": 2}
    attack = make_attack(name, epsilon=epsilon, **effort)
    everything = attack_adaptively(attack, tiny.net, purifier, images, labels, generator=seeded(0))
    size = (everything.images - images).flatten(1)
    length = size.abs().amax(1) if name == "adaptive" else size.norm(dim=1)
    assert (length <= epsilon + 1e-5).all()
    errs = system.logits(everything.images).argmax(1) != labels
    assert torch.equal(errs, everything.fooled), "judged by the system and by nothing else"
    assert sum(everything.broken_by.values()) == everything.fooled.sum()
    pgd = make_attack("pgd" if name == "adaptive" else "pgd_l2", epsilon=epsilon, steps=20)
    for view in system.surrogates().values():
        alone = system.logits(pgd(view, images, labels).images).argmax(1) != labels
        assert everything.fooled.sum() >= alone.sum()


def test_soft_to_sharp_breaks_what_neither_does_alone(tiny: Tiny) -> None:
    """The soft surrogate leads to the switches and not over them; the sharp one is flat afar."""
    _, images, labels = system_of(tiny, Coded())
    attack = make_attack("adaptive", epsilon=0.1, steps=40, targets=0, restarts=0, squares=0)
    found = {
        names: int(
            attack_adaptively(
                attack, tiny.net, Coded(), images, labels, generator=seeded(0), surrogates=names
            ).fooled.sum()
        )
        for names in (("soft",), ("sharp",), ("soft", "sharp"))
    }
    assert found["soft", "sharp"] >= max(found[("soft",)], found[("sharp",)])


def test_a_random_system_is_judged_by_many_draws(tiny: Tiny) -> None:
    system, images, labels = system_of(tiny, Noisy())
    judge = Judge(system=system, labels=labels, target=None, generator=seeded(3))
    verdict = judge(images)
    assert system.judged_draws == 8
    assert not verdict.broken.any()
    assert verdict.score.max() < -0.4, "hardly a draw errs"
    effort = {"steps": 10, "targets": 0, "restarts": 0, "squares": 0}
    attack = make_attack("adaptive", epsilon=0.2, **effort)
    broken = attack_adaptively(
        attack, tiny.net, Noisy(), images, labels, generator=seeded(0), draws=2
    )
    assert broken.fooled.float().mean() > 0.9


def test_images_made_elsewhere_count_when_they_break(tiny: Tiny) -> None:
    system, images, labels = system_of(tiny, Thresholded())
    elsewhere = images.roll(1, dims=0)
    nothing = {"steps": 5, "targets": 0, "restarts": 0, "squares": 0}
    broken = attack_adaptively(
        make_attack("adaptive", epsilon=0.0, **nothing),
        tiny.net,
        Thresholded(),
        images,
        labels,
        generator=seeded(0),
        starts=(elsewhere,),
    )
    errs = system.logits(elsewhere).argmax(1) != labels
    assert broken.broken_by["images made elsewhere, 1"] == int(errs.sum())


def test_it_can_be_told_that_it_is_enough_and_be_canceled(tiny: Tiny) -> None:
    _, images, labels = system_of(tiny, Thresholded())
    attack = make_attack("adaptive", epsilon=0.01, steps=5)
    broken = attack_adaptively(
        attack,
        tiny.net,
        Thresholded(),
        images,
        labels,
        generator=seeded(0),
        enough=lambda: True,
    )
    assert not broken.broken_by

    def cancel(step: Step) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        attack_adaptively(
            attack,
            tiny.net,
            Thresholded(),
            images,
            labels,
            generator=seeded(0),
            on_step=cancel,
        )


def test_the_same_seed_gives_the_same_images(tiny: Tiny) -> None:
    _, images, labels = system_of(tiny, Thresholded())
    attack = make_attack("adaptive", epsilon=0.03, steps=5, targets=2, squares=20)
    one, other = (
        attack_adaptively(attack, tiny.net, Thresholded(), images, labels, generator=seeded(4))
        for _ in range(2)
    )
    assert torch.equal(one.images, other.images)
    assert one.broken_by == other.broken_by


def test_who_made_an_image_is_told(tiny: Tiny) -> None:
    _, images, labels = system_of(tiny, Thresholded())
    broken = attack_adaptively(
        make_attack("pgd", epsilon=0.3, steps=5),
        tiny.net,
        Thresholded(),
        images,
        labels,
        generator=seeded(0),
    )
    assert set(broken.made_by) <= {"identity", BARE}
    assert broken.warnings == ()


def test_blind_surrogates_are_said(tiny: Tiny) -> None:
    class Dead(Thresholded):
        @property
        @override
        def surrogates(self) -> Mapping[str, Surrogate]:
            return {"dead": lambda images, generator: 0 * images}

    _, images, labels = system_of(tiny, Thresholded())
    attack = make_attack("pgd", epsilon=0.1, steps=2)
    broken = attack_adaptively(
        attack, tiny.net, Dead(), images, labels, generator=seeded(0), surrogates=("dead",)
    )
    assert any("gradient of exactly zero at every step" in warning for warning in broken.warnings)
