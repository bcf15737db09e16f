"""Purification by levels, on a tiny ladder and on a generator that only keeps the protocol."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from core.checkpoints import CheckpointError, save_checkpoint
from core.contrast import contrasted
from core.defenses import MlvgmPurifier, load_defense
from core.defenses.level_schedules import (
    LearnedSchedule,
    fixed_schedule,
    learned_schedules,
    schedule,
    schedules_file,
    store_schedule,
)
from core.defenses.mlvgm import LevelGenerator, blurred
from core.models import MODELS
from core.models.hierarchical_vae import HierarchicalVae

ARGUMENTS = {"sides": [1, 4, 8, 16], "latents": [3, 2, 2, 1], "widths": [4, 4, 6, 8]}
KEPT, FRESH = (0.0,) * 4, (1.0,) * 4


@pytest.fixture
def ladder() -> HierarchicalVae:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = HierarchicalVae(**ARGUMENTS)  # type: ignore[arg-type]
        for level in model.levels:
            for head in ("prior.weight", "posterior.weight"):
                level.get_parameter(head).data.normal_(0, 0.3)
    return model.eval().requires_grad_(False)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_keeping_everything_is_the_reconstruction(ladder: HierarchicalVae, images: Tensor) -> None:
    features, state = ladder.encode(images), ladder.start(len(images))
    for index in range(4):
        state = ladder.take_in(index, state, ladder.keep(index, state, features))
    rebuilt = ladder.decode(state)
    for seed in (0, 1):
        purified = MlvgmPurifier(ladder, KEPT)(images, generator=seeded(seed))
        assert torch.allclose(purified, rebuilt, atol=1e-6)


def test_drawing_everything_anew_forgets_the_image(ladder: HierarchicalVae, images: Tensor) -> None:
    purifier = MlvgmPurifier(ladder, FRESH)
    first, second = (purifier(seen, generator=seeded()) for seen in (images, images.flip(0)))
    assert torch.equal(first, second)
    assert not torch.equal(first, purifier(images, generator=seeded(1)))


def test_the_same_seed_draws_the_same_whatever_the_other_levels_do(
    ladder: HierarchicalVae, images: Tensor
) -> None:
    """A slider moves its own level alone: the draws of the others stay."""
    once, again = (
        MlvgmPurifier(ladder, shares, temperature=1.0)(images, generator=seeded())
        for shares in ((1.0, 0.0, 0.0, 1.0), (1.0, 1e-7, 0.0, 1.0))
    )
    assert torch.allclose(once, again, atol=1e-5)
    other = MlvgmPurifier(ladder, (1.0, 0.0, 0.0, 1.0))(images, generator=seeded(1))
    assert not torch.allclose(once, other, atol=1e-3)


def test_several_draws_are_averaged(ladder: HierarchicalVae, images: Tensor) -> None:
    purifier = MlvgmPurifier(ladder, FRESH, draws=3)
    draws = purifier.each_draw(images, seeded())
    assert draws.shape == (3, *images.shape)
    assert not torch.equal(draws[0], draws[1])
    assert torch.allclose(purifier(images, generator=seeded()), draws.mean(0), atol=1e-6)


def test_noise_before_has_its_length_and_blur_keeps_the_light(images: Tensor) -> None:
    assert torch.allclose(blurred(images, 1.0).mean(), images.mean(), atol=0.02)
    flat = torch.full((1, 3, 8, 8), 0.4)
    assert torch.allclose(blurred(flat, 2.0), flat, atol=1e-5)
    seen: list[Tensor] = []
    spy = Spy(seen)
    MlvgmPurifier(spy, (0.5, 0.5), noise=2.0)(images, generator=seeded())
    lengths = (seen[0] - images).flatten(1).norm(dim=1)
    assert torch.allclose(lengths, torch.full_like(lengths, 2.0), atol=1e-4)


def test_contrast_pushes_to_the_ends_and_its_stand_in_has_a_slope_there() -> None:
    pixels = torch.tensor([0.0, 0.2, 0.5, 0.8, 1.0])
    pushed = contrasted(pixels, 8.0)
    assert torch.allclose(pushed, torch.tensor([0.0, 0.0076, 0.5, 0.9924, 1.0]), atol=1e-3)


def test_the_straight_stand_in_sees_past_the_flat_ends(
    ladder: HierarchicalVae, images: Tensor
) -> None:
    purifier = MlvgmPurifier(ladder, KEPT, contrast=12.0)
    sizes = {}
    for name in ("itself", "straight"):
        leaf = images.round().requires_grad_()
        (gradient,) = torch.autograd.grad(purifier.surrogates[name](leaf, seeded()).sum(), leaf)
        sizes[name] = float(gradient.norm())
    assert sizes["straight"] > 10 * sizes["itself"] > 0
    assert "straight" not in MlvgmPurifier(ladder, KEPT).surrogates


class Spy:
    """A generator of two levels that keeps the protocol and nothing else."""

    image_shape = (1, 28, 28)
    level_shapes = ((1, 1, 1), (1, 28, 28))

    def __init__(self, seen: list[Tensor] | None = None) -> None:
        self.seen = [] if seen is None else seen

    def encode(self, images: Tensor) -> Sequence[Tensor]:
        self.seen.append(images)
        mean = images.mean((1, 2, 3), keepdim=True)
        return mean, images - mean

    def start(self, n: int) -> Tensor:
        return torch.zeros(n, 1, 28, 28)

    def keep(self, index: int, state: Tensor, features: Sequence[Tensor]) -> Tensor:
        return features[index]

    def resample(self, index: int, state: Tensor, noise: Tensor, temperature: float) -> Tensor:
        # Little light is drawn, so that nothing is cut off at white.
        return temperature * noise * (1.0 if index else 0.01)

    def take_in(self, index: int, state: Tensor, code: Tensor) -> Tensor:
        return state + code

    def decode(self, state: Tensor) -> Tensor:
        return state.clamp(0, 1)


def test_any_generator_with_levels_will_do(images: Tensor) -> None:
    assert isinstance(Spy(), LevelGenerator)
    kept = MlvgmPurifier(Spy(), (0.0, 0.0))(images, generator=seeded())
    assert torch.allclose(kept, images, atol=1e-6)
    smooth = MlvgmPurifier(Spy(), (0.0, 1.0), temperature=0.05)(images, generator=seeded())
    assert smooth.flatten(1).std(1).max() < 0.06, "of the fine level nothing is left"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shares": (0.1, 0.2)}, "one share for each of the 4 levels, got 2"),
        ({"shares": (0.0, 0.0, 0.0, 1.5)}, "every share must be 0 to 1"),
        ({"temperature": 0.0}, "above 0 and at most 2, got 0"),
        ({"temperature": 9.0}, "at most 2, got 9.*far above 1 the generator makes no pictures"),
        ({"draws": 0}, "draws must be 1 to 64, got 0"),
        ({"blur": -1.0}, "noise, blur and contrast must be at least 0"),
    ],
)
def test_what_makes_no_sense_is_refused(
    ladder: HierarchicalVae, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        MlvgmPurifier(ladder, **{"shares": KEPT, **changes})  # type: ignore[arg-type]


def test_images_of_another_size_are_refused(ladder: HierarchicalVae) -> None:
    with pytest.raises(ValueError, match="takes images of 1x28x28 values, got 3x32x32"):
        MlvgmPurifier(ladder, KEPT)(torch.zeros(1, 3, 32, 32), generator=seeded())


def test_a_checkpoint_without_levels_is_refused(checkpoint_copy: Path) -> None:
    save_checkpoint(MODELS["b"](), {"dataset": "mnist", "name": "mlvgm", "model": "b"})
    with pytest.raises(CheckpointError, match="'mlvgm' of mnist is no generator with levels"):
        load_defense("mnist", "mlvgm")


def test_schedules_grow_from_coarse_to_fine() -> None:
    assert fixed_schedule("linear", 4) == (0.25, 0.5, 0.75, 1.0)
    assert fixed_schedule("cosine", 4) == pytest.approx((0.146, 0.5, 0.854, 1.0), abs=1e-3)
    with pytest.raises(ValueError, match="unknown schedule 'steep'; choose from linear, cosine"):
        schedule("steep", "mnist", 4)


def learned(sha256: str, levels: int = 4) -> LearnedSchedule:
    return LearnedSchedule(
        dataset="mnist",
        classifier="a",
        shares=(0.1, 0.2, 0.3, 0.4)[:levels],
        accuracy=0.5,
        clean=0.9,
        tried=(((0.1, 0.2, 0.3, 0.4), 0.7),),
        n=10,
        epsilon=0.15,
        sha256=sha256,
    )


def test_a_learned_schedule_belongs_to_its_weights(
    ladder: HierarchicalVae, checkpoint_copy: Path
) -> None:
    schedules_file().unlink(missing_ok=True)
    fields = {"dataset": "mnist", "name": "mlvgm", "model": "hierarchical_vae"}
    row = save_checkpoint(ladder, {**fields, "arguments": ARGUMENTS})
    with pytest.raises(CheckpointError, match="no schedule was learned for mnist; `python -m core"):
        load_defense("mnist", "mlvgm", schedule=2)
    store_schedule(learned("0" * 64))
    with pytest.raises(CheckpointError, match="belongs to other weights"):
        load_defense("mnist", "mlvgm", schedule=2)
    store_schedule(learned(row.sha256, levels=3))
    with pytest.raises(CheckpointError, match="has 3 shares and the checkpoint 4 levels"):
        load_defense("mnist", "mlvgm", schedule=2)
    store_schedule(learned(row.sha256))
    assert learned_schedules()["mnist"] == learned(row.sha256)
    purifier = load_defense("mnist", "mlvgm", schedule=2, attenuation=50)
    assert isinstance(purifier, MlvgmPurifier)
    assert purifier.shares == pytest.approx((0.05, 0.1, 0.15, 0.2))
    schedules_file().write_text("{", encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"schedules\.json is damaged"):
        load_defense("mnist", "mlvgm", schedule=2)
