"""Photos of any size: reading, counting patches, comparing, and what is refused."""

import io
import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from core.analysis.photo_files import MOST_PIXELS, SAMPLES, read_photo, sample_photo
from core.analysis.photos import BAND, check_size, psnr, purify_photo, with_channels
from core.defenses import BitDepth, Jpeg, Median, PatchVaePurifier, TotalVariation
from core.models.vae import Vae
from core.types import Cancelled, LabError, Step


def patch_purifier(channels: int = 3, overlap: int = 50) -> PatchVaePurifier:
    """A patch VAE of 8x8 pixels that nobody trained."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Vae(image_shape=(channels, 8, 8), latent_size=16, widths=(2, 4), hidden=8)
    return PatchVaePurifier(model.eval().requires_grad_(False), overlap=overlap)


def picture(channels: int, height: int, width: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand((channels, height, width), generator=generator)


def saved(image: Image.Image, form: str) -> bytes:
    written = io.BytesIO()
    image.save(written, form, lossless=True)
    return written.getvalue()


def test_the_ratio_is_that_of_the_definition() -> None:
    clean = torch.full((1, 4, 4), 0.5)
    assert psnr(clean, clean + 0.1) == pytest.approx(20, abs=1e-4)
    assert psnr(clean, clean) == math.inf
    with pytest.raises(ValueError, match=r"expected the shape \(1, 4, 4\), got \(1, 4, 5\)"):
        psnr(clean, torch.zeros(1, 4, 5))


@pytest.mark.parametrize(
    ("overlap", "size", "patches"),
    [(0, (16, 24), 6), (50, (16, 24), 15), (75, (8, 8), 1), (0, (9, 8), 2), (25, (20, 14), 6)],
)
def test_every_patch_is_counted(overlap: int, size: tuple[int, int], patches: int) -> None:
    result = purify_photo(patch_purifier(overlap=overlap), picture(3, *size), noise=0.05, seed=0)
    assert result.patches == patches
    assert result.purified.shape == (3, *size)


def test_the_noise_is_of_its_size_and_the_result_repeats() -> None:
    clean = picture(3, 20, 33)
    first, second = (purify_photo(patch_purifier(), clean, noise=0.1, seed=seed) for seed in (4, 4))
    assert float((first.noisy - clean).abs().max()) == pytest.approx(0.1, abs=1e-6)
    assert torch.equal(first.purified, second.purified)
    assert first.after == psnr(clean, first.purified)
    still = purify_photo(Jpeg(), clean, noise=0.0, seed=0)
    assert (still.before, still.patches) == (math.inf, 0)


def test_progress_counts_the_patches_and_can_end_the_work() -> None:
    steps: list[Step] = []
    clean = picture(3, 60, 80)
    result = purify_photo(
        patch_purifier(overlap=75), clean, noise=0.05, seed=0, on_step=steps.append
    )
    assert len(steps) > 1
    assert (steps[-1].index, steps[-1].of) == (result.patches, result.patches)

    def end(step: Step) -> None:
        raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        purify_photo(patch_purifier(), clean, noise=0.05, seed=0, on_step=end)


def test_passes_of_any_size_give_the_same_picture() -> None:
    images = picture(3, 30, 41)[None].repeat(3, 1, 1, 1)
    whole, parts = (
        patch_purifier().in_steps(images, torch.Generator().manual_seed(1), at_once=at_once)
        for at_once in (4096, 7)
    )
    assert torch.allclose(whole, parts, atol=1e-6)


@pytest.mark.parametrize("height", [9, BAND, BAND + 1, 2 * BAND + 30])
@pytest.mark.parametrize("size", [1, 3, 9])
def test_the_median_in_bands_is_the_median(height: int, size: int) -> None:
    result = purify_photo(Median(size=size), picture(3, height, 20), noise=0.05, seed=0)
    assert torch.equal(result.purified, Median(size=size)(result.noisy[None])[0])


@pytest.mark.parametrize("purifier", [Jpeg(), BitDepth(), TotalVariation(), Median(size=1)])
@pytest.mark.parametrize("size", [(1, 1), (1, 30), (5, 4)])
def test_defenses_without_patches_take_tiny_pictures(
    purifier: Jpeg | BitDepth | TotalVariation | Median, size: tuple[int, int]
) -> None:
    for channels in (1, 3):
        result = purify_photo(purifier, picture(channels, *size), noise=0.05, seed=0)
        assert result.purified.shape == (channels, *size)


def test_too_small_a_picture_is_refused_with_both_sizes() -> None:
    sentence = "has 20 x 6 pixels, but one patch has 8 x 8; choose a larger picture, a defense with"
    with pytest.raises(LabError, match=sentence):
        purify_photo(patch_purifier(), picture(3, 6, 20), noise=0.05, seed=0)
    with pytest.raises(LabError, match="one window has 9 x 9; choose a larger picture, or a sm"):
        check_size(Median(size=9), (8, 30))
    check_size(patch_purifier(), (8, 8))
    check_size(Jpeg(), (1, 1))


def test_grey_and_colour_become_each_other() -> None:
    colour, grey = picture(3, 5, 6), picture(1, 5, 6)
    assert torch.equal(with_channels(grey, 3), grey.repeat(3, 1, 1))
    assert torch.equal(with_channels(with_channels(grey, 3), 1), grey)
    brightness = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]
    assert torch.allclose(with_channels(colour, 1)[0], brightness, atol=1e-6)
    assert with_channels(colour, None) is colour
    assert with_channels(colour, 3) is colour
    with pytest.raises(ValueError, match="expected 1 or 3 channels, got 4"):
        with_channels(colour, 4)


@pytest.mark.parametrize("name", list(SAMPLES))
def test_the_samples_are_there(name: str) -> None:
    photo = sample_photo(name)
    assert (photo.size, photo.channels, photo.reduced) == ((640, 427), 3, False)
    assert photo.picture.dtype == torch.float32
    assert "CC BY 2.0" in SAMPLES[name].credit
    with pytest.raises(ValueError, match="unknown photo 'x'; choose from china, flower"):
        sample_photo("x")


@pytest.mark.parametrize("form", ["PNG", "WEBP", "JPEG"])
def test_uploads_keep_their_size_and_grey_stays_grey(form: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (30, 50, 3), dtype=np.uint8)
    photo = read_photo(saved(Image.fromarray(noise), form))
    assert (photo.size, photo.channels, photo.reduced) == ((50, 30), 3, False)
    grey = read_photo(saved(Image.fromarray(noise[..., 0]), form))
    assert grey.channels == 1
    assert grey.digest != photo.digest


def test_a_large_photo_is_reduced_in_its_proportions() -> None:
    photo = read_photo(saved(Image.new("RGB", (3000, 2000), "teal"), "JPEG"))
    width, height = photo.size
    assert 0.98 * MOST_PIXELS < width * height <= MOST_PIXELS
    assert width / height == pytest.approx(1.5, abs=0.01)
    assert (photo.reduced, photo.full) == (True, 6_000_000)


def test_a_turned_large_photo_is_reduced_after_the_turn() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown a quarter turn to the right
    written = io.BytesIO()
    Image.new("RGB", (2000, 1000), "teal").save(written, "JPEG", exif=exif)
    width, height = read_photo(written.getvalue()).size
    assert height / width == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty; choose a PNG, JPEG or WebP picture"),
        (b"hello", "this is no PNG, JPEG or WebP picture, whatever its name says"),
        (saved(Image.new("RGB", (9, 9)), "GIF"), "no PNG, JPEG or WebP"),
        (saved(Image.effect_noise((64, 64), 50), "WEBP")[:200], "damaged or cut off"),
        (saved(Image.new("L", (6000, 5000)), "PNG"), "6000 x 5000 pixels, above the 25 million"),
        (bytes(6 * 1024**2), "6.0 MB, above the 5 allowed"),
    ],
)
def test_what_is_no_photo_is_refused_in_words(content: bytes, sentence: str) -> None:
    with pytest.raises(LabError, match=sentence):
        read_photo(content)
