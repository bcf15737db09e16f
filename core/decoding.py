"""Safe decoding of uploaded pictures: nothing about the bytes is trusted."""

import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.types import LabError

FORMATS = ("PNG", "JPEG")
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 25_000_000
WORK_SIDE = 1024
GREY_WEIGHTS = (0.299, 0.587, 0.114)  # ITU-R BT.601, as in JPEG
DAMAGE = (OSError, SyntaxError, ValueError, TypeError, KeyError, EOFError, struct.error, zlib.error)


def decoded(
    data: bytes, formats: tuple[str, ...] = FORMATS, *, most_pixels: int | None = None
) -> Image.Image:
    """Decode an uploaded file with care, turned as its EXIF says.

    Args:
        data: The bytes of the file; nothing about them is trusted.
        formats: Pillow's names of what is read, at least two.
        most_pixels: A larger picture is reduced to so many; None reduces to ``WORK_SIDE`` a side.

    Returns:
        An RGB image.

    Raises:
        LabError: Too large, of another format, or damaged.
    """
    kinds = f"{', '.join(formats[:-1])} or {formats[-1]}".replace("WEBP", "WebP")
    if not data:
        raise LabError(f"the file is empty; choose a {kinds} picture")
    if len(data) > MAX_BYTES:
        raise LabError(
            f"the file has {len(data) / 1024**2:.1f} MB, above the {MAX_BYTES // 1024**2} allowed; "
            f"save the picture smaller"
        )
    try:
        with Image.open(BytesIO(data), formats=formats) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _too_large(f"{image.width} x {image.height} pixels")
            image.load()
            return _opaque(ImageOps.exif_transpose(image), most_pixels)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large("far too many pixels") from error
    except UnidentifiedImageError as error:
        raise LabError(
            f"this is no {kinds} picture, whatever its name says; "
            "save the picture as PNG and choose it again"
        ) from error
    except DAMAGE as error:
        raise LabError(
            f"the picture is damaged or cut off ({error}); save it again as PNG"
        ) from error


def _too_large(size: str) -> LabError:
    return LabError(
        f"the picture has {size}, above the {MAX_PIXELS // 1_000_000} million allowed; "
        f"save it smaller"
    )


def _opaque(image: Image.Image, most_pixels: int | None) -> Image.Image:
    """RGB of any mode, reduced; transparent parts become paper."""
    box = (WORK_SIDE, WORK_SIDE)
    if most_pixels is not None:
        factor = min(1.0, (most_pixels / (image.width * image.height)) ** 0.5)
        box = (max(1, int(image.width * factor)), max(1, int(image.height * factor)))
    if image.mode.startswith("I"):
        levels = np.asarray(image).clip(0, 65535) / 257  # 16 bits to 8
        image = Image.fromarray(levels.round().astype(np.uint8))
    if not image.has_transparency_data:
        rgb = image.convert("RGB")
        rgb.thumbnail(box)
        return rgb
    drawing = image.convert("RGBA")
    drawing.thumbnail(box)
    colours = np.asarray(drawing, dtype=np.float64)  # (h, w, 4)
    brightness = colours[..., :3] @ np.asarray(GREY_WEIGHTS)
    weight = colours[..., 3] + 1e-9
    paper = "white" if np.average(brightness, weights=weight) < 128 else "black"
    return Image.alpha_composite(Image.new("RGBA", drawing.size, paper), drawing).convert("RGB")
