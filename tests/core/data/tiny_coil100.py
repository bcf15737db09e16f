"""COIL-100's folder with pictures of one colour."""

from io import BytesIO
from pathlib import Path

from PIL import Image

from core.data.coil100 import ANGLES


def write_coil100(folder: Path, objects: int = 100) -> None:
    """72 pictures an object: red is the object; green, of the first object, the angle over 5."""
    target = folder / "coil-100"
    target.mkdir(parents=True)
    for number in range(objects):
        content = _png(number, 0)
        for place, angle in enumerate(ANGLES):
            turned = content if number else _png(0, place)
            (target / f"obj{number + 1}__{angle}.png").write_bytes(turned)


def _png(red: int, green: int) -> bytes:
    written = BytesIO()
    Image.new("RGB", (128, 128), (red, green, 0)).save(written, "PNG", compress_level=1)
    return written.getvalue()
