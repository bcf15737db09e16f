"""What every row of DEFENSES promises, on tiny untrained models."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from core.checkpoints import CheckpointError, save_checkpoint
from core.defenses import DEFENSES, BitDepth, CodedPurifier, Setting, load_defense
from core.models import MODELS
from core.training import RECIPES
from core.types import Purifier

ENCODING: dict[str, Any] = {
    "image_shape": [1, 28, 28],
    "latent_size": 6,
    "widths": [2, 4],
    "hidden": 8,
}
TINY: dict[str, dict[str, Any]] = {
    "lq_vae": ENCODING,
    "vae": ENCODING,
    "gan": {"latent_size": 6, "widths": [4, 4, 2]},
    "hierarchical_vae": {"latents": [3, 2, 2, 2, 1], "widths": [4, 4, 6, 8]},
}


@pytest.fixture(params=DEFENSES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def purifier(name: str, checkpoint_copy: Path) -> Purifier:
    checkpoint = DEFENSES[name].checkpoint
    if checkpoint is not None:
        recipe = RECIPES["mnist", checkpoint]
        arguments = TINY[recipe.model] | {
            name: recipe.arguments[name] for name in ("image_shape",) if name in recipe.arguments
        }
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = MODELS[recipe.model](**arguments)
        # Latents of an untrained encoder hardly leave the band; spread them over the walls.
        with torch.no_grad():
            if recipe.model in ("lq_vae", "vae"):
                model.get_parameter("mean_head.weight").mul_(2)
            # Every posterior starts as its prior, and tells nothing of the image.
            if recipe.model == "hierarchical_vae":
                model.get_parameter("levels.0.posterior.weight").normal_(0, 0.3)
        save_checkpoint(
            model,
            {
                "dataset": "mnist",
                "name": checkpoint,
                "model": recipe.model,
                "arguments": arguments,
            },
        )
    return load_defense("mnist", name)


def test_images_stay_images(purifier: Purifier, images: Tensor, generator: torch.Generator) -> None:
    before = images.clone()
    purified = purifier(images, generator=generator)
    assert purified.shape == images.shape
    assert purified.dtype == torch.float32
    assert purified.min() >= 0
    assert purified.max() <= 1
    assert torch.equal(images, before)


def test_random_is_what_the_row_says(
    name: str, purifier: Purifier, images: Tensor, generator: torch.Generator
) -> None:
    assert isinstance(purifier, Purifier)
    assert purifier.random == DEFENSES[name].random
    if purifier.random:
        with pytest.raises(ValueError, match="is random: pass generator"):
            purifier(images)
        many = [purifier(images, generator=generator) for _ in range(4)]
        assert any(not torch.equal(many[0], other) for other in many[1:])
    else:
        assert torch.equal(purifier(images), purifier(images))


def test_the_same_generator_state_gives_the_same_images(purifier: Purifier, images: Tensor) -> None:
    first, second = (purifier(images, generator=torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)


def test_every_surrogate_carries_a_gradient(
    purifier: Purifier, images: Tensor, generator: torch.Generator
) -> None:
    assert purifier.surrogates
    for surrogate in purifier.surrogates.values():
        seen = images.clone().requires_grad_()
        output = surrogate(seen, generator)
        assert output.shape == images.shape
        (gradient,) = torch.autograd.grad(output.square().sum(), seen)
        assert gradient.abs().sum() > 0


def test_quiet_surrogates_draw_nothing(purifier: Purifier, images: Tensor) -> None:
    assert purifier.quiet <= set(purifier.surrogates)
    for name in purifier.quiet:
        first, second = (torch.Generator().manual_seed(seed) for seed in (3, 4))
        surrogate = purifier.surrogates[name]
        assert torch.equal(surrogate(images, first), surrogate(images, second))
        assert torch.equal(first.get_state(), torch.Generator().manual_seed(3).get_state())


def test_the_identity_surrogate_has_the_purifiers_output(
    name: str, purifier: Purifier, images: Tensor
) -> None:
    first, second = (torch.Generator().manual_seed(3) for _ in range(2))
    output = purifier.surrogates["identity"](images, first)
    assert torch.allclose(output, purifier(images, generator=second), atol=1e-6)


def test_codes_are_bits(purifier: Purifier, images: Tensor, generator: torch.Generator) -> None:
    if not isinstance(purifier, CodedPurifier):
        pytest.skip("this purifier has no code")
    bits = purifier.code(images, generator=generator)
    assert bits.shape == (8, 6)
    assert set(bits.flatten().tolist()) <= {-1.0, 1.0}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda images: 255 * images, r"must lie in \[0, 1\], got values from .*; divide by 255"),
        (lambda images: (255 * images).to(torch.uint8), r"got torch.uint8 .*; divide bytes by 255"),
        (lambda images: images * torch.nan, r"must lie in \[0, 1\], got values from nan"),
        (lambda images: images - 1, r"must lie in \[0, 1\]"),
        (lambda images: images[:0], r"at least one image, got shape \(0, 1, 28, 28\)"),
        (lambda images: images[0], r"of shape \(n, c, h, w\), got torch.float32"),
        (lambda images: images.numpy(), r"images must be a torch.Tensor, got ndarray"),
    ],
)
def test_what_is_no_image_batch_is_refused(
    purifier: Purifier,
    images: Tensor,
    generator: torch.Generator,
    change: Callable[[Tensor], Tensor],
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        purifier(change(images), generator=generator)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_any_float_type_is_taken(purifier: Purifier, images: Tensor, dtype: torch.dtype) -> None:
    images = images.half().float()
    first, second = (torch.Generator().manual_seed(3) for _ in range(2))
    given = purifier(images.to(dtype), generator=first)
    assert given.dtype == torch.float32
    assert torch.equal(given, purifier(images, generator=second))


def test_images_of_another_size_are_taken_or_refused_with_both_sizes(
    purifier: Purifier, generator: torch.Generator
) -> None:
    pictures = torch.rand((1, 3, 12, 12), generator=generator)
    try:
        assert purifier(pictures, generator=generator).shape == pictures.shape
    except ValueError as error:
        assert "values, got 3x12x12" in str(error) or "got 3 channels" in str(error)  # noqa: PT017


def test_unknown_names_list_the_choices() -> None:
    with pytest.raises(ValueError, match="unknown defense 'x'; choose from lq_vae"):
        load_defense("mnist", "x")


@pytest.mark.parametrize("name", [name for name, row in DEFENSES.items() if row.settings])
def test_settings_reach_the_purifier_and_defaults_are_the_constructors(
    name: str, images: Tensor
) -> None:
    settings = DEFENSES[name].settings
    # Larger than any patch, so that there is something to overlap; a generator has one size.
    margin = 0 if name in ("defense_gan", "mlvgm") else 6
    pictures = torch.nn.functional.pad(images[:2], [margin] * 4)

    def purified(**chosen: int) -> Tensor:
        generator = torch.Generator().manual_seed(0)
        return load_defense("mnist", name, **chosen)(pictures, generator=generator)

    # The longest search takes half a minute, and the usual one some seconds.
    searches = name == "defense_gan"
    if not searches:
        defaults = {setting: one.default for setting, one in settings.items()}
        assert torch.equal(purified(**defaults), purified())
    far = second if searches else high
    ends = [{setting: end(one) for setting, one in settings.items()} for end in (low, far)]
    assert not torch.equal(*(purified(**end) for end in ends))
    with pytest.raises(ValueError, match=f"{name} has no setting 'magic'; choose from"):
        load_defense("mnist", name, magic=1)


def low(setting: Setting) -> int:
    return setting.low


def high(setting: Setting) -> int:
    return setting.high


def second(setting: Setting) -> int:
    return setting.low + setting.step


def test_missing_weights_say_how_to_train(checkpoint_copy: Path) -> None:
    with pytest.raises(CheckpointError, match="core train lq_vae --dataset mnist"):
        load_defense("mnist", "lq_vae")


def test_a_classifier_is_no_lq_vae(checkpoint_copy: Path) -> None:
    save_checkpoint(MODELS["b"](), {"dataset": "mnist", "name": "lq_vae", "model": "b"})
    with pytest.raises(CheckpointError, match="is no LQ-VAE"):
        load_defense("mnist", "lq_vae")


def test_a_classifier_is_no_vae(checkpoint_copy: Path) -> None:
    save_checkpoint(MODELS["b"](), {"dataset": "mnist", "name": "vae", "model": "b"})
    with pytest.raises(CheckpointError, match="is no VAE"):
        load_defense("mnist", "vae")


def test_one_bit_is_a_threshold_and_a_tie_goes_up() -> None:
    pixels = torch.tensor([[[[0.0, 0.49, 0.5, 0.51, 1.0]]]])
    assert BitDepth(bits=1)(pixels).flatten().tolist() == [0, 0, 1, 1, 1]
    assert BitDepth(bits=8)(pixels).sub(pixels).abs().max() <= 0.5 / 255 + 1e-6
    with pytest.raises(ValueError, match="bits must be 1 to 8, got 0"):
        BitDepth(bits=0)
