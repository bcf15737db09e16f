"""Purification by VAEs: whole images, patches, and what neither can take."""

import pytest
import torch
from torch import Tensor, nn

from core.defenses import PatchVaePurifier, VaePurifier
from core.models.vae import Vae


@pytest.fixture
def patches() -> Vae:
    """An untrained VAE of patches of 8x8 grey pixels."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Vae(image_shape=(1, 8, 8), latent_size=6, widths=(2, 4), hidden=8).eval()


class Copying(Vae):
    """Gives every patch back as it was, so that what is left is the cutting and joining."""

    def __init__(self, side: int) -> None:
        super().__init__(image_shape=(1, side, side), latent_size=2, widths=(2, 2), hidden=2)
        self.decoder = nn.Unflatten(1, (1, side, side))  # type: ignore[assignment]

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        latents = images.flatten(1)
        return latents, torch.full_like(latents, -torch.inf)


@pytest.mark.parametrize("overlap", [0, 25, 50, 75])
@pytest.mark.parametrize("size", [(8, 8), (9, 23), (28, 28)])
def test_patches_cover_every_pixel_and_meet_in_their_mean(
    size: tuple[int, int], overlap: int, generator: torch.Generator
) -> None:
    images = torch.rand((3, 1, *size), generator=generator)
    purified = PatchVaePurifier(Copying(8), overlap=overlap)(images, generator=generator)
    assert torch.allclose(purified, images, atol=1e-6)


def test_overlapping_patches_are_averaged(patches: Vae) -> None:
    images = torch.rand((2, 1, 8, 12), generator=torch.Generator().manual_seed(3))
    rebuilt = PatchVaePurifier(patches, overlap=50).surrogates["mean"](images, None)
    one, other = (
        patches.decoder(patches.encode(part)[0]) for part in (images[..., :8], images[..., 4:])
    )
    assert torch.allclose(rebuilt[..., :4], one[..., :4], atol=1e-6)
    assert torch.allclose(rebuilt[..., 4:8], (one[..., 4:] + other[..., :4]) / 2, atol=1e-6)
    assert torch.allclose(rebuilt[..., 8:], other[..., 4:], atol=1e-6)


def test_an_image_as_large_as_a_patch_is_one(patches: Vae, generator: torch.Generator) -> None:
    images = torch.rand((2, 1, 8, 8), generator=generator)
    results = [
        PatchVaePurifier(patches, overlap=overlap)(images, generator=torch.Generator())
        for overlap in (0, 75)
    ]
    assert torch.equal(*results)


def test_what_a_patch_vae_cannot_take_is_said(patches: Vae, generator: torch.Generator) -> None:
    purifier = PatchVaePurifier(patches)
    with pytest.raises(ValueError, match="of 6x20 pixels is smaller than a patch of 8x8"):
        purifier(torch.rand(1, 1, 6, 20), generator=generator)
    with pytest.raises(ValueError, match="trained on grey images, got 3 channels"):
        purifier(torch.rand(1, 3, 20, 20), generator=generator)
    with pytest.raises(ValueError, match="overlap must be 0 to 75 percent, got 80"):
        PatchVaePurifier(patches, overlap=80)


def test_a_vae_takes_the_size_it_was_trained_on(patches: Vae) -> None:
    with pytest.raises(ValueError, match="takes images of 1x8x8 values, got 1x28x28"):
        VaePurifier(patches)(torch.rand(2, 1, 28, 28))
