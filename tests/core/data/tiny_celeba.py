"""A tiny CelebA in torchvision's own layout, with the text files in their real formats."""

from pathlib import Path

import numpy as np
from PIL import Image

PARTS = (0,) * 40 + (1,) * 6 + (2,) * 8
NAMES = tuple(f"{number:06d}.jpg" for number in range(1, len(PARTS) + 1))
MALE = tuple(number % 5 < 2 for number in range(len(PARTS)))
ATTRIBUTES = ("5_o_Clock_Shadow", "Male", "Smiling", "Young")
LANDMARKS = tuple(
    f"{part}_{axis}"
    for part in ("lefteye", "righteye", "nose", "leftmouth", "rightmouth")
    for axis in "xy"
)


def write_celeba(folder: Path) -> Path:
    """Write 40 training, 6 validation and 8 test pictures; every fifth and its next are men.

    The centre of a picture is of one colour: red tells its number, green and blue are 200 and 50.
    """
    target = folder / "celeba"
    pictures = target / "img_align_celeba"
    pictures.mkdir(parents=True)
    for number, name in enumerate(NAMES):
        pixels = np.full((218, 178, 3), 255, dtype=np.uint8)
        pixels[50:168, 30:148] = (4 * number, 200, 50)
        Image.fromarray(pixels).save(pictures / name, quality=95)
    signs = {True: " 1", False: "-1"}
    attributes = [
        " ".join([name, "-1", signs[male], " 1", "-1"])
        for name, male in zip(NAMES, MALE, strict=True)
    ]
    count = str(len(NAMES))
    files = {
        "list_attr_celeba.txt": [count, " ".join(ATTRIBUTES) + " ", *attributes],
        "list_eval_partition.txt": [
            f"{name} {part}" for name, part in zip(NAMES, PARTS, strict=True)
        ],
        "identity_CelebA.txt": [f"{name} {number}" for number, name in enumerate(NAMES, 1)],
        "list_bbox_celeba.txt": [
            count,
            "image_id x_1 y_1 width height",
            *(f"{name}    95  71 226 313" for name in NAMES),
        ],
        "list_landmarks_align_celeba.txt": [
            count,
            " ".join(LANDMARKS),
            *(f"{name} 69  109  106  113   77  142   73  152  108  154" for name in NAMES),
        ],
    }
    for file, lines in files.items():
        (target / file).write_text("\n".join(lines) + "\n")
    return target
