"""A code decoded, and what the classifier says of the picture: what a click on a bit asks for."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from core.analysis import Reading
from core.analysis.triplets import read
from core.defenses import LqVaePurifier
from core.types import Classifier


@dataclass(frozen=True, eq=False)
class Decoded:
    """The picture of a code without the visitor's flips, and with them.

    Attributes:
        start: Decoded from the code as it was.
        now: Decoded from the code with the flips.
    """

    start: Reading
    now: Reading


def flip(bits: NDArray[np.int8], flipped: tuple[int, ...]) -> NDArray[np.int8]:
    """A copy of a code (D,) with some bits turned over."""
    turned = bits.copy()
    turned[list(flipped)] *= -1
    return turned


def decode(
    classifier: Classifier,
    purifier: LqVaePurifier,
    bits: NDArray[np.int8],
    flipped: tuple[int, ...],
) -> Decoded:
    """Decode a code with and without flips, as the purifier does, and classify both pictures.

    Args:
        classifier: The bare classifier.
        purifier: The defense whose decoder is used.
        bits: A code in {-1, +1} (D,).
        flipped: Numbers of the bits to turn over, each below D.
    """
    codes = np.stack([bits, flip(bits, flipped)]).astype(np.float32)
    device = next(purifier.model.parameters()).device
    with torch.no_grad():
        images = purifier.model.hard_decoder(torch.from_numpy(codes).to(device))
    start, now = read(classifier, images)
    return Decoded(start, now)
