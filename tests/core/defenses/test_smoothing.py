"""The defenses that only look at the image, held to what they claim to compute."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from core.defenses import Jpeg, Median, TotalVariation


@pytest.fixture
def photo() -> Tensor:
    """Two smooth colour pictures (2, 3, 24, 40)."""
    coarse = torch.rand((2, 3, 4, 6), generator=torch.Generator().manual_seed(5))
    return torch.nn.functional.interpolate(coarse, (24, 40), mode="bicubic").clamp(0, 1)


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_gives_what_the_file_holds(photo: Tensor, channels: int) -> None:
    images = photo[:, :channels]
    file = io.BytesIO()
    pixels = (images[0] * 255).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(pixels.squeeze()).save(file, "JPEG", quality=40)
    kept = np.asarray(Image.open(file)).reshape(24, 40, channels)
    purified = Jpeg(quality=40)(images)[0].permute(1, 2, 0) * 255
    assert np.array_equal(purified.round().byte().numpy(), kept)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("quality", [10, 50, 90])
def test_the_smooth_jpeg_is_near_the_real_one(photo: Tensor, quality: int, channels: int) -> None:
    jpeg = Jpeg(quality=quality)
    images = photo[:, :channels, :21, :37]
    real, smooth = jpeg(images), jpeg.surrogates["smooth_rounding"](images, None)
    lost = float((real - images).abs().mean())
    assert float((smooth - real).abs().mean()) < max(0.003, 0.3 * lost)
    assert torch.allclose(jpeg.surrogates["hard_forward"](images, None), real, atol=1e-6)


def test_coarser_files_lose_more(photo: Tensor) -> None:
    losses = [(Jpeg(quality=quality)(photo) - photo).abs().mean() for quality in (90, 50, 10)]
    assert losses == sorted(losses)


def test_jpeg_refuses_what_it_cannot_write(photo: Tensor) -> None:
    with pytest.raises(ValueError, match="quality must be 1 to 95, got 0"):
        Jpeg(quality=0)
    with pytest.raises(ValueError, match="JPEG takes 1 or 3 channels, got 2"):
        Jpeg()(photo[:, :2])


def test_a_median_wipes_out_single_pixels_and_keeps_edges() -> None:
    image = torch.zeros(1, 1, 6, 6)
    image[..., 3:] = 1.0
    speck = image.clone()
    speck[0, 0, 2, 1] = 1.0
    assert torch.equal(Median(size=3)(speck), image)
    assert torch.equal(Median(size=1)(speck), speck)


def test_a_median_refuses_windows_without_a_middle_and_small_images(photo: Tensor) -> None:
    with pytest.raises(ValueError, match="size must be odd and at least 1, got 2"):
        Median(size=2)
    with pytest.raises(ValueError, match="a window of 25 pixels is larger than 24x40"):
        Median(size=25)(photo)


@pytest.mark.parametrize("channels", [1, 3])
def test_total_variation_is_the_librarys_and_its_stand_in_is_near(
    photo: Tensor, channels: int, generator: torch.Generator
) -> None:
    from skimage.restoration import denoise_tv_chambolle

    noise = 0.1 * torch.randn((2, channels, 24, 40), generator=generator)
    images = (photo[:, :channels] + noise).clamp(0, 1)
    smoothing = TotalVariation(weight=20)
    smooth = smoothing(images)
    for channel in range(channels):
        plane = images[0, channel].numpy()
        library = denoise_tv_chambolle(plane, weight=0.2)  # type: ignore[no-untyped-call]
        assert np.allclose(smooth[0, channel].numpy(), library, atol=1e-5)
    stand_in = smoothing.surrogates["projection"](images, None)
    assert (stand_in - smooth).abs().mean() < 0.2 * (images - smooth).abs().mean()
    hard = smoothing.surrogates["hard_forward"](images, None)
    assert torch.allclose(hard, smooth, atol=1e-6)


def test_more_weight_smooths_more(photo: Tensor) -> None:
    def variation(images: Tensor) -> float:
        return float(images.diff(dim=2).abs().mean() + images.diff(dim=3).abs().mean())

    found = [variation(TotalVariation(weight=weight)(photo)) for weight in (1, 20, 60)]
    assert found == sorted(found, reverse=True)
    with pytest.raises(ValueError, match="weight must be 1 to 100 hundredths, got 0"):
        TotalVariation(weight=0)
