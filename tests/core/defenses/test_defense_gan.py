"""Defense-GAN's search: it only ever gets nearer, and what it refuses."""

import pytest
import torch
from torch import Tensor

from core.defenses import DefenseGanPurifier
from core.models.gan import Gan
from core.system import System
from core.types import Cancelled, Step, purify_in_steps


@pytest.fixture
def model() -> Gan:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Gan(latent_size=6, widths=(8, 4, 4)).eval().requires_grad_(False)


@pytest.fixture
def within(model: Gan) -> Tensor:
    """Images (4, 1, 28, 28) that the generator can make."""
    latents = torch.randn((4, 6), generator=torch.Generator().manual_seed(5))
    made: Tensor = model(latents)
    return made


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def test_the_error_so_far_never_rises_and_the_end_is_its_least(model: Gan, images: Tensor) -> None:
    purifier = DefenseGanPurifier(model, search_steps=30, search_starts=2)
    found = purifier.search(images, seeded())
    assert found.path.shape == (31, len(images))
    assert bool((found.path.diff(dim=0) <= 0).all())
    assert torch.equal(found.path[-1], found.errors)
    made = purifier.decode(found.latents)
    assert torch.allclose((made - images).square().flatten(1).mean(1), found.errors, atol=1e-6)


def test_more_starts_never_make_it_worse(model: Gan, images: Tensor) -> None:
    errors = [
        DefenseGanPurifier(model, search_steps=20, search_starts=starts)
        .search(images, seeded())
        .errors
        for starts in (1, 2, 5)
    ]
    assert bool((errors[1] <= errors[0] + 1e-7).all())
    assert bool((errors[2] <= errors[1] + 1e-7).all())


def test_it_finds_images_of_its_range(model: Gan, within: Tensor, images: Tensor) -> None:
    purifier = DefenseGanPurifier(model, search_steps=200, search_starts=5)
    near, far = (purifier.search(seen, seeded()).errors.mean() for seen in (within, images[:4]))
    assert near < 0.1 * far


def test_progress_is_told_and_changes_nothing(model: Gan, images: Tensor) -> None:
    purifier = DefenseGanPurifier(model, search_steps=5, search_starts=1)
    steps: list[Step] = []
    told = purify_in_steps(purifier, images, seeded(), steps.append)
    assert torch.equal(told, purifier(images, generator=seeded()))
    assert [(step.index, step.of) for step in steps] == [(index, 5) for index in range(1, 6)]
    assert steps[-1].values["error"] <= steps[0].values["error"]


def test_a_search_can_be_cancelled(model: Gan, images: Tensor) -> None:
    purifier = DefenseGanPurifier(model, search_steps=50, search_starts=1)
    seen: list[int] = []

    def stop(step: Step) -> None:
        seen.append(step.index)
        if step.index == 3:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        purifier.in_steps(images, seeded(), stop)
    assert seen == [1, 2, 3]


def test_pictures_on_the_way_end_at_the_result(model: Gan, images: Tensor) -> None:
    purifier = DefenseGanPurifier(model, search_steps=10, search_starts=2)
    found = purifier.search(images, seeded(), show=(0, 4, 10))
    assert list(found.seen) == [0, 4, 10]
    assert torch.equal(found.seen[10], purifier.decode(found.latents))
    assert not torch.equal(found.seen[0], found.seen[10])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"search_steps": 0}, "search_steps must be 1 to 1,000, got 0"),
        ({"search_steps": 5_000}, "search_steps must be 1 to 1,000, got 5,000"),
        ({"search_starts": 21}, "search_starts must be 1 to 20, got 21"),
    ],
)
def test_limits_are_said(model: Gan, settings: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DefenseGanPurifier(model, **settings)


def test_images_of_another_size_are_refused(model: Gan) -> None:
    with pytest.raises(ValueError, match="takes images of 1x28x28 values, got 3x32x32"):
        DefenseGanPurifier(model)(torch.zeros(1, 3, 32, 32), generator=seeded())


def test_the_exact_surrogate_is_the_search_with_its_true_derivative(
    model: Gan, images: Tensor
) -> None:
    purifier = DefenseGanPurifier(model, search_steps=25, search_starts=2)
    assert purifier.slow == {"exact"}
    exact = purifier.surrogates["exact"]
    with torch.no_grad():
        assert torch.allclose(
            exact(images, seeded()), purifier(images, generator=seeded()), atol=1e-4
        )
    model.double()
    drawn = purifier._drawn

    def drawn_as_double(count: int, images: Tensor, generator: torch.Generator | None) -> Tensor:
        return drawn(count, images.float(), generator).double()

    purifier._drawn = drawn_as_double  # type: ignore[method-assign]
    wanted = images.double()
    direction = torch.randn(wanted.shape, generator=seeded(), dtype=torch.float64)

    def size(step: float) -> Tensor:
        return exact(wanted + step * direction, seeded()).square().flatten(1).sum(1).detach()

    leaf = wanted.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(exact(leaf, seeded()).square().sum(), leaf)
    slope = (gradient * direction).flatten(1).sum(1)
    torch.testing.assert_close(slope, (size(1e-7) - size(-1e-7)) / 2e-7, rtol=1e-3, atol=1e-5)


def test_the_exact_surrogate_is_for_whoever_names_it(model: Gan) -> None:
    system = System(lambda images: images.flatten(1), DefenseGanPurifier(model))
    assert "exact" not in system.surrogates()
    assert list(system.surrogates(names=("exact",))) == ["exact"]
