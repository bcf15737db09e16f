"""Photos of any size through a purifier, as the patch-wise VAE serves them (arXiv 1812.02891)."""

import math
import time
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from core.attacks.noise import same_norm_noise
from core.defenses import Median, PatchVaePurifier
from core.devices import generator_for
from core.images import to_grey
from core.types import LabError, OnStep, Purifier, Step

AT_ONCE = 256
"""Patches in one pass of the network: small, so that Cancel is heard within half a second."""

BAND = 64
"""Rows of a photo that the median takes at once, for the same reason."""


def with_channels(picture: Tensor, channels: int | None) -> Tensor:
    """A picture (c, h, w) with 1 or 3 channels: grey is copied, colour becomes its brightness.

    Args:
        picture: (c, h, w) in [0, 1], c 1 or 3.
        channels: How many are wanted; None leaves it as it is.

    Raises:
        ValueError: Another number than 1 or 3 is wanted.
    """
    if channels in (None, len(picture)):
        return picture
    if channels not in (1, 3):
        raise ValueError(f"expected 1 or 3 channels, got {channels}")
    return to_grey(picture) if channels == 1 else picture.repeat(3, 1, 1)


def psnr(clean: Tensor, picture: Tensor) -> float:
    """Peak signal-to-noise ratio of a picture in [0, 1] in decibels; infinite when they are equal.

    Raises:
        ValueError: The two differ in shape.
    """
    if clean.shape != picture.shape:
        raise ValueError(f"expected the shape {tuple(clean.shape)}, got {tuple(picture.shape)}")
    error = float((clean.double() - picture.double()).square().mean())
    return -10 * math.log10(error) if error > 0 else math.inf


def check_size(purifier: Purifier, size: tuple[int, int]) -> None:
    """Refuse a picture that is too small for a purifier.

    Args:
        purifier: Any row of ``DEFENSES`` that takes more sizes than one.
        size: Width and height of the picture.

    Raises:
        LabError: It is smaller than a patch or a window; the message says what to choose instead.
    """
    if isinstance(purifier, PatchVaePurifier):
        part, side = "patch", purifier.side
        instead = "a defense with smaller patches, or one without patches"
    elif isinstance(purifier, Median):
        part, side, instead = "window", purifier.size, "or a smaller window"
    else:
        return
    if min(size) < side:
        raise LabError(
            f"the picture has {size[0]} x {size[1]} pixels, but one {part} has {side} x {side}; "
            f"choose a larger picture, {instead}"
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class PurifiedPhoto:
    """A noisy photo and what a purifier makes of it.

    Attributes:
        noisy: (c, h, w) in [0, 1].
        purified: The same after the purifier.
        before: PSNR of the noisy picture to the clean one, in decibels.
        after: PSNR of the purified one.
        seconds: Time of the purification.
        patches: How many patches a patch-wise purifier took; 0 for others.
    """

    noisy: Tensor
    purified: Tensor
    before: float
    after: float
    seconds: float
    patches: int


def purify_photo(
    purifier: Purifier,
    clean: Tensor,
    *,
    noise: float,
    seed: int,
    on_step: OnStep | None = None,
) -> PurifiedPhoto:
    """Add random sign noise to a photo and purify it.

    Args:
        purifier: Takes pictures of this size and number of channels.
        clean: (c, h, w) in [0, 1], on the purifier's device.
        noise: Change of every value before the clip to [0, 1], 0 to 1.
        seed: Of the noise and of a random purifier.
        on_step: Progress; may raise ``Cancelled``.

    Raises:
        LabError: The picture is too small.
    """
    height, width = clean.shape[1:]
    check_size(purifier, (width, height))
    generator = generator_for(clean.device, seed)
    size = torch.tensor([noise], device=clean.device)
    noisy = same_norm_noise(clean[None], size, "linf", generator=generator)
    started = time.perf_counter()
    with torch.no_grad():
        purified = _purified(purifier, noisy, generator, on_step)[0].cpu()
    seconds = time.perf_counter() - started
    shown, reference = noisy[0].cpu(), clean.cpu()
    patches = purifier.places(height, width) if isinstance(purifier, PatchVaePurifier) else []
    return PurifiedPhoto(
        noisy=shown,
        purified=purified,
        before=psnr(reference, shown),
        after=psnr(reference, purified),
        seconds=seconds,
        patches=len(patches),
    )


def _purified(
    purifier: Purifier, noisy: Tensor, generator: Generator, on_step: OnStep | None
) -> Tensor:
    if isinstance(purifier, PatchVaePurifier):
        return purifier.in_steps(noisy, generator, on_step, at_once=AT_ONCE)
    if isinstance(purifier, Median):
        return _in_bands(purifier, noisy, on_step)
    return purifier(noisy, generator=generator)


def _in_bands(purifier: Median, noisy: Tensor, on_step: OnStep | None) -> Tensor:
    """The same as one call, band by band: the windows of a whole photo would fill the memory."""
    height, around = noisy.shape[2], purifier.size
    bands = []
    for top in range(0, height, BAND):
        bottom = min(top + BAND, height)
        # Rows beyond the band let its outermost windows see what they would in one call.
        first, last = max(0, top - around), min(height, bottom + around)
        band = purifier(noisy[:, :, first:last])
        bands.append(band[:, :, top - first : bottom - first])
        if on_step is not None:
            on_step(Step(index=bottom, of=height))
    return torch.cat(bands, dim=2)
