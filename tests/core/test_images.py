"""Uploads that are harmless, odd or hostile; MNIST's centring; pictures for the screen."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from core.images import mnist_like, read_picture, signed_picture, to_png
from core.types import LabError

GREY, COLOUR = (1, 28, 28), (3, 32, 32)
PHOTO = Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 40, 3), dtype=np.uint8))


def saved(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:  # noqa: ANN401
    written = BytesIO()
    image.save(written, form, **options)
    return written.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def png(width: int, height: int, pixels: bytes, *, extra: bytes = b"") -> bytes:
    """A grey PNG written by hand, true or not."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(pixels, 9))
    return b"\x89PNG\r\n\x1a\n" + header + extra + body + chunk(b"IEND", b"")


BOMB = zlib.compress(bytes(50_000_000), 9)
TWO_BY_TWO = b"\0\0\xff\0\0\xff"

REFUSED = {
    "empty": (b"", "the file is empty"),
    "text named .png": (b"hello", "no PNG or JPEG picture, whatever its name says"),
    "zip": (b"PK\x03\x04" + bytes(100), "no PNG or JPEG"),
    "gif": (saved(PHOTO, "GIF"), "no PNG or JPEG"),
    "too many bytes": (bytes(5 * 1024 * 1024 + 1), "5.0 MB, above the 5 allowed"),
    "36 megapixels": (png(6000, 6000, bytes(6000)), "6000 x 6000 pixels, above the 25 million"),
    "100 megapixels": (png(10_000, 10_000, bytes(100)), "above the 25 million"),
    "300 megapixels": (png(17_320, 17_320, bytes(100)), "above the 25 million"),
    "largest size": (png(2**31 - 1, 2**31 - 1, b""), "above the 25 million"),
    "zTXt bomb": (png(2, 2, TWO_BY_TWO, extra=chunk(b"zTXt", b"a\0\0" + BOMB)), "damaged"),
    "iTXt bomb": (png(2, 2, TWO_BY_TWO, extra=chunk(b"iTXt", b"a\0\1\0\0\0" + BOMB)), "damaged"),
    "iCCP bomb": (png(2, 2, TWO_BY_TWO, extra=chunk(b"iCCP", b"a\0\0" + BOMB)), "damaged"),
    "cut PNG": (saved(PHOTO)[:2000], "damaged or cut off"),
    "cut JPEG": (saved(PHOTO, "JPEG")[:700], "damaged or cut off"),
    "no pixels": (png(2, 2, b""), "damaged or cut off"),
    "1 x 1": (saved(Image.new("L", (1, 1), 9)), "blank"),
    "all alike": (saved(Image.new("RGB", (40, 40), "red")), "blank"),
    "all transparent": (saved(Image.new("RGBA", (9, 9))), "blank"),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_a_bad_upload_is_refused_in_words(case: str) -> None:
    content, sentence = REFUSED[case]
    for shape, box in ((GREY, 20), (COLOUR, None)):
        with pytest.raises(LabError, match=sentence):
            read_picture(content, shape, ink_box=box)


SIXTEEN = Image.fromarray(np.arange(900, dtype=np.uint16).reshape(30, 30) * 72)
ODD = {
    "RGB": saved(PHOTO),
    "JPEG": saved(PHOTO, "JPEG"),
    "CMYK": saved(PHOTO.convert("CMYK"), "JPEG"),
    "grey": saved(PHOTO.convert("L")),
    "grey and alpha": saved(PHOTO.convert("LA")),
    "RGBA": saved(PHOTO.convert("RGBA")),
    "palette": saved(PHOTO.convert("P")),
    "palette, transparent": saved(PHOTO.convert("P"), transparency=3),
    "black and white": saved(PHOTO.convert("1")),
    "16 bits": saved(SIXTEEN),
    "animated": saved(PHOTO, save_all=True, append_images=[PHOTO.rotate(180)] * 3),
    "idle bytes after the pixels": png(2, 2, TWO_BY_TWO + bytes(1_000_000)),
    "very wide": saved(PHOTO.resize((3000, 2))),
}


@pytest.mark.parametrize("case", list(ODD))
@pytest.mark.parametrize("shape", [GREY, COLOUR])
def test_an_odd_picture_gets_the_shape_of_the_data(case: str, shape: tuple[int, int, int]) -> None:
    picture = read_picture(ODD[case], shape)
    assert picture.shape == (1, *shape)
    assert picture.dtype == torch.float32
    assert 0 <= picture.min() < picture.max() <= 1


def test_a_picture_of_the_right_size_keeps_its_pixels() -> None:
    small = PHOTO.crop((0, 0, 32, 32))
    expected = torch.from_numpy(np.array(small)).permute(2, 0, 1).float() / 255
    assert torch.equal(read_picture(saved(small), COLOUR)[0], expected)


def test_sixteen_bits_span_the_range() -> None:
    picture = read_picture(saved(SIXTEEN), (1, 30, 30))
    assert picture.min() == 0
    assert picture.max() == pytest.approx(899 * 72 / 65535, abs=0.003)


def test_of_an_animation_the_first_frame_is_taken() -> None:
    assert torch.equal(read_picture(ODD["animated"], COLOUR), read_picture(ODD["RGB"], COLOUR))


def test_exif_turns_the_picture() -> None:
    exif = Image.Exif()
    exif[0x112] = 6  # the camera was held upright
    turned = read_picture(saved(PHOTO, exif=exif), COLOUR)
    by_hand = read_picture(saved(PHOTO.transpose(Image.Transpose.ROTATE_270)), COLOUR)
    assert torch.equal(turned, by_hand)


def test_the_aspect_ratio_is_kept_and_the_border_goes_on() -> None:
    wide = Image.new("RGB", (64, 32), (0, 0, 255))
    wide.paste((255, 255, 0), (16, 8, 48, 24))
    picture = read_picture(saved(wide), COLOUR)[0]
    blue = torch.tensor([0.0, 0.0, 1.0])
    assert torch.equal(picture[:, 0, 0], blue)
    assert torch.equal(picture[:, 31, 16], blue)
    assert picture[0, 16, 16] == 1


def test_channels_other_than_one_or_three_are_a_programming_error() -> None:
    with pytest.raises(ValueError, match="1 or 3 channels"):
        read_picture(ODD["RGB"], (2, 28, 28))


def drawn(paper: int, ink: int, *, form: str = "PNG") -> bytes:
    """A thick bar with a foot, like a digit, off the middle of a large sheet."""
    image = Image.new("L", (300, 200), paper)
    image.paste(ink, (30, 40, 50, 160))
    image.paste(ink, (30, 140, 90, 160))
    return saved(image, form)


@pytest.mark.parametrize(
    "content",
    [drawn(255, 0), drawn(0, 255), drawn(180, 60), drawn(110, 20), drawn(255, 0, form="JPEG")],
    ids=["black on white", "white on black", "photograph", "dim photograph", "jpeg"],
)
def test_a_digit_becomes_white_on_black_in_the_middle(content: bytes) -> None:
    digit = read_picture(content, GREY, ink_box=20)
    assert digit.shape == (1, 1, 28, 28)
    assert [digit.min().item(), digit.max().item()] == [0, 1]
    inked = (digit[0, 0] > 0.3).nonzero()
    extent = inked.amax(0) - inked.amin(0) + 1
    assert extent.tolist() == [20, 10]
    weights = digit[0, 0] / digit.sum()
    places = torch.arange(28.0)
    assert float((weights.sum(1) * places).sum()) == pytest.approx(13.5, abs=0.6)
    assert float((weights.sum(0) * places).sum()) == pytest.approx(13.5, abs=0.6)


@pytest.mark.parametrize("ink", [0, 255])
def test_a_drawing_on_transparent_paper_keeps_its_shape(ink: int) -> None:
    sheet = Image.new("RGBA", (300, 200), (ink, ink, ink, 0))
    sheet.paste((ink, ink, ink, 255), (30, 40, 50, 160))
    sheet.paste((ink, ink, ink, 255), (30, 140, 90, 160))
    digit = read_picture(saved(sheet), GREY, ink_box=20)
    assert torch.allclose(digit, read_picture(drawn(255, 0), GREY, ink_box=20), atol=0.02)


def test_an_image_of_the_data_set_comes_back_unchanged(images: Tensor) -> None:
    for image in images:
        levels = (image * 255).round() / 255
        border = torch.zeros_like(levels)
        border[:, 1:-1, 1:-1] = levels[:, 1:-1, 1:-1]
        assert torch.equal(read_picture(to_png(border), GREY, ink_box=20)[0], border)


def test_an_empty_drawing_is_blank() -> None:
    for level in (0.0, 0.5, 1.0):
        with pytest.raises(LabError, match="blank"):
            mnist_like(torch.full((1, 28, 28), level))


def test_a_single_dot_is_ink() -> None:
    dot = torch.zeros(1, 28, 28)
    dot[0, 3, 4] = 1
    assert mnist_like(dot).max() == 1


@pytest.mark.parametrize("shape", [(5, 7), (1, 5, 7), (3, 5, 7)])
def test_png_enlarges_every_pixel_to_a_square(shape: tuple[int, ...]) -> None:
    image = torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(3)) / 255
    decoded = np.array(Image.open(BytesIO(to_png(image, 4))))
    assert decoded.shape[:2] == (20, 28)
    levels = (image * 255).round().byte().numpy()
    levels = levels.transpose(1, 2, 0) if len(shape) == 3 else levels
    assert np.array_equal(decoded[1::4, 2::4].squeeze(), levels.squeeze())


def test_png_clips_what_is_outside_the_range() -> None:
    image = torch.tensor([[-1.0, 2.0, float("nan")]])
    assert np.array(Image.open(BytesIO(to_png(image)))).tolist() == [[0, 255, 0]]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: to_png(torch.zeros(2, 4, 4)), r"got \(2, 4, 4\)"),
        (lambda: to_png(torch.zeros(4, 4), 0), "scale must be at least 1, got 0"),
        (
            lambda: signed_picture(torch.zeros(1, 2, 2), 0, negative="#000", positive="#fff"),
            "gain must be above 0, got 0",
        ),
    ],
)
def test_wrong_arguments_say_what_came(call: Callable[[], object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()


def test_signed_pictures_go_from_neutral_to_the_two_colours() -> None:
    delta = torch.tensor([[[-0.5, 0.0, 0.05, 0.1]]])
    picture = signed_picture(delta, 10, negative="#0000ff", positive="#ff0000")
    columns = [[0, 0, 1], [1, 1, 1], [1, 0.5, 0.5], [1, 0, 0]]
    assert torch.allclose(picture[:, 0].T, torch.tensor(columns, dtype=torch.float32))


def test_of_several_channels_the_strongest_counts() -> None:
    delta = torch.tensor([0.2, -1.0, 0.3])[:, None, None]
    picture = signed_picture(delta, 1, negative="#0000ff", positive="#ff0000")
    assert picture.flatten().tolist() == [0, 0, 1]
