"""The attack on a generator's range: within the budget, and found again by the search."""

import pytest
import torch
from torch import Tensor

from core.attacks import make_attack
from core.attacks.adaptive import attack_adaptively, has_range
from core.attacks.on_range import NAME, WEIGHTS, Ranged, attack_on_range
from core.defenses import DefenseGanPurifier
from core.models.gan import Gan
from core.system import System


class Slope:
    """A classifier of two classes: is the upper half brighter than the lower one?"""

    def __call__(self, images: Tensor) -> Tensor:
        upper, lower = images[:, :, :14].flatten(1).mean(1), images[:, :, 14:].flatten(1).mean(1)
        return 50 * torch.stack([upper - lower, lower - upper], dim=1)


@pytest.fixture
def purifier() -> DefenseGanPurifier:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Gan(latent_size=6, widths=(8, 4, 4)).eval().requires_grad_(False)
    # Untrained it makes the same grey picture of everything.
    model.generator.to_28.weight.mul_(40)
    return DefenseGanPurifier(model, search_steps=60, search_starts=2)


@pytest.fixture
def clean(purifier: DefenseGanPurifier) -> tuple[Tensor, Tensor]:
    """Six images of the range with the class that the classifier gives them."""
    latents = torch.randn((6, 6), generator=torch.Generator().manual_seed(2))
    images = purifier.decode(latents).detach()
    return images, Slope()(images).argmax(1)


def test_it_stays_within_the_budget(
    purifier: DefenseGanPurifier, clean: tuple[Tensor, Tensor], generator: torch.Generator
) -> None:
    assert isinstance(purifier, Ranged)
    images, labels = clean
    tries = attack_on_range(
        Slope(),
        purifier,
        images,
        labels,
        epsilon=0.05,
        norm="linf",
        generator=generator,
        steps=20,
    )
    assert len(tries) == len(WEIGHTS)
    for tried in tries:
        assert float((tried - images).abs().max()) <= 0.05 + 1e-6
        assert tried.min() >= 0
        assert tried.max() <= 1


def test_an_adaptive_attacker_tries_it_and_breaks_what_projects(
    purifier: DefenseGanPurifier, clean: tuple[Tensor, Tensor], generator: torch.Generator
) -> None:
    images, labels = clean
    assert has_range(System(Slope(), purifier))
    broken = attack_adaptively(
        make_attack("pgd", epsilon=0.5, steps=1),
        Slope(),
        purifier,
        images,
        labels,
        generator=generator,
        surrogates=(NAME,),
    )
    assert broken.broken_by[NAME] == int(broken.fooled.sum()) > 0
