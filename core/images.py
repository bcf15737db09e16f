"""Pictures in and out: uploads in a data set's shape, MNIST's centring, PNGs for the screen."""

from io import BytesIO

import numpy as np
import torch
from PIL import Image, ImageColor
from torch import Tensor
from torch.nn import functional

from core.decoding import GREY_WEIGHTS, decoded
from core.types import LabError

BLANK = "the picture is blank: all its pixels are alike; draw something or choose another picture"


def read_picture(
    data: bytes, image_shape: tuple[int, int, int], *, ink_box: int | None = None
) -> Tensor:
    """Decode an uploaded PNG or JPEG and bring it to the shape of a data set.

    Turned as its EXIF says; transparent parts become paper (white, or black under a bright
    drawing); the aspect ratio is kept and the rest filled with the colour of the border; of an
    animation the first frame is taken. A picture that has the size already keeps its pixels.

    Args:
        data: The bytes of the file; nothing about them is trusted.
        image_shape: (c, h, w) with c 1 or 3.
        ink_box: ``Dataset.ink_box``. A number makes a grey picture one object on black by
            ``mnist_like``, except a picture that is one already: right size, black border.

    Returns:
        float32 (1, c, h, w) in [0, 1].

    Raises:
        LabError: Too large, no PNG or JPEG, damaged, or blank.
    """
    c, h, w = image_shape
    if c not in (1, 3):
        raise ValueError(f"image_shape must have 1 or 3 channels, got {image_shape}")
    pixels = np.array(decoded(data))  # (h, w, 3)
    picture = torch.from_numpy(pixels).permute(2, 0, 1).float() / 255
    if (picture.amax((1, 2)) - picture.amin((1, 2))).amax() < 2 / 255:
        raise LabError(BLANK)
    if c == 1:
        picture = to_grey(picture)
        if ink_box is not None and not (
            picture.shape == image_shape and _border(picture).median() < 0.1
        ):
            return mnist_like(picture, size=(h, w), box=ink_box)
    return _fitted(picture, h, w)[None].contiguous()


def mnist_like(picture: Tensor, *, size: tuple[int, int] = (28, 28), box: int = 20) -> Tensor:
    """One object, bright on black, as the authors of MNIST prepared their digits.

    What differs from the paper, in whichever direction, is ink. It is cropped, scaled to fit
    the box with its aspect ratio kept, and placed with its centre of mass in the middle.

    Args:
        picture: A drawn or photographed object (c, h, w) in [0, 1], on paper of any brightness.
        size: (h, w) of the result.
        box: Side of the box in pixels; 20 for MNIST.

    Returns:
        float32 (1, 1, h, w) in [0, 1].

    Raises:
        LabError: There is no ink.
    """
    ink = _ink(to_grey(picture)[0])  # (h, w)
    strong = ink > 0.2
    rows, columns = strong.any(1).nonzero().flatten(), strong.any(0).nonzero().flatten()
    ink = ink[int(rows[0]) : int(rows[-1]) + 1, int(columns[0]) : int(columns[-1]) + 1]
    scaled = _scaled(ink[None], box / max(ink.shape))[0]
    scaled = (scaled / scaled.amax()).clamp(0, 1)
    result = torch.zeros(1, 1, *size)
    height, width = scaled.shape
    top = _start(scaled.sum(1), size[0])
    left = _start(scaled.sum(0), size[1])
    result[0, 0, top : top + height, left : left + width] = scaled
    return result


def to_png(image: Tensor, scale: int = 1) -> bytes:
    """A PNG file of an image, each pixel enlarged to a square (nearest neighbour).

    Args:
        image: (h, w), (1, h, w) or (3, h, w); values outside [0, 1] are clipped.
        scale: Side of the square in pixels of the screen, at least 1.
    """
    channels = image[None] if image.dim() == 2 else image
    if channels.dim() != 3 or channels.shape[0] not in (1, 3):
        raise ValueError(f"expected (h, w), (1, h, w) or (3, h, w), got {tuple(image.shape)}")
    if scale < 1:
        raise ValueError(f"scale must be at least 1, got {scale}")
    levels = channels.detach().cpu().float().nan_to_num().clamp(0, 1).mul(255).round()
    array = levels.to(torch.uint8).permute(1, 2, 0).numpy()
    array = array.repeat(scale, axis=0).repeat(scale, axis=1)
    written = BytesIO()
    Image.fromarray(array[..., 0] if array.shape[2] == 1 else array).save(written, "PNG")
    return written.getvalue()


def signed_picture(
    delta: Tensor, gain: float, *, negative: str, positive: str, neutral: str = "#ffffff"
) -> Tensor:
    """Colour a signed perturbation: neutral at 0, full colour at ``1 / gain`` and beyond.

    Args:
        delta: Perturbation (c, h, w); of several channels the one that changed most counts.
        gain: Magnification, above 0.
        negative: Colour of darker pixels, ``#rrggbb``.
        positive: Colour of brighter pixels.
        neutral: Colour of unchanged pixels.

    Returns:
        float32 (3, h, w) in [0, 1].
    """
    if gain <= 0:
        raise ValueError(f"gain must be above 0, got {gain}")
    delta = delta.detach().cpu().float()
    strongest = delta.gather(0, delta.abs().argmax(0, keepdim=True))  # (1, h, w)
    amount = (strongest * gain).clamp(-1, 1)
    ground = _rgb(neutral)
    target = torch.where(amount < 0, _rgb(negative), _rgb(positive))  # (3, h, w)
    return ground + amount.abs() * (target - ground)


def to_grey(picture: Tensor) -> Tensor:
    """The brightness (1, h, w) of a picture of one or three channels (c, h, w)."""
    if picture.shape[0] == 1:
        return picture
    # Equal channels stay exactly what they are.
    if torch.equal(picture[0], picture[1]) and torch.equal(picture[0], picture[2]):
        return picture[:1]
    return torch.einsum("chw,c->hw", picture, torch.tensor(GREY_WEIGHTS))[None].clamp(0, 1)


def _border(picture: Tensor) -> Tensor:
    """The outermost pixels (c, m)."""
    rows, columns = picture[:, [0, -1], :], picture[:, :, [0, -1]]
    return torch.cat([rows.flatten(1), columns.flatten(1)], dim=1)


def _ink(grey: Tensor) -> Tensor:
    """How much each pixel (h, w) differs from the paper, 0 to 1."""
    border = _border(grey[None])[0]
    paper = border.median()
    # Shading and grain of the paper, as far as the border shows them, are no ink.
    floor = max(float((border - paper).abs().quantile(0.9)), 2 / 255)
    darker, brighter = (paper - grey - floor).clamp(min=0), (grey - paper - floor).clamp(min=0)
    ink = darker if darker.sum() > brighter.sum() else brighter
    if ink.amax() < 0.05:
        raise LabError(BLANK)
    return ink / ink.amax()


def _scaled(picture: Tensor, factor: float) -> Tensor:
    """Resize (c, h, w), smoothly in both directions."""
    size = [max(1, round(length * factor)) for length in picture.shape[1:]]
    if size == list(picture.shape[1:]):
        return picture
    resized: Tensor = functional.interpolate(
        picture[None], size=size, mode="bilinear", antialias=True
    )[0]
    return resized.clamp(0, 1)


def _fitted(picture: Tensor, height: int, width: int) -> Tensor:
    """Scale (c, h, w) into the frame and fill the rest with the colour of the border."""
    scaled = _scaled(picture, min(height / picture.shape[1], width / picture.shape[2]))
    filled = _border(scaled).median(1).values[:, None, None].repeat(1, height, width)
    c, h, w = scaled.shape
    top, left = (height - h) // 2, (width - w) // 2
    filled[:c, top : top + h, left : left + w] = scaled
    return filled


def _start(profile: Tensor, length: int) -> int:
    """Where to put a profile so that its centre of mass is in the middle, without cutting it."""
    centre = float((profile * torch.arange(len(profile))).sum() / profile.sum())
    return min(max(round((length - 1) / 2 - centre), 0), length - len(profile))


def _rgb(colour: str) -> Tensor:
    return torch.tensor(ImageColor.getrgb(colour)[:3]).float()[:, None, None] / 255
