"""Median smoothing (Xu, Evans & Qi, 2018, arXiv 1704.01155): the median of a window."""

from collections.abc import Mapping

from torch import Generator, Tensor
from torch.nn import functional
from typing_extensions import override

from core.defenses.base import BasePurifier, straight_through
from core.types import Surrogate


class Median(BasePurifier):
    """The median of a square window around every pixel, channel by channel.

    Args:
        size: Side of the window in pixels, odd, so that there is a middle.
    """

    def __init__(self, *, size: int = 3) -> None:
        if size < 1 or size % 2 == 0:
            raise ValueError(f"size must be odd and at least 1, got {size}")
        self.size = size

    @property
    @override
    def surrogates(self) -> Mapping[str, Surrogate]:
        return {
            "identity": straight_through(self),
            # Its own gradient goes to the one pixel that is the median.
            "itself": self.purify,
            "mean": lambda images, generator: self._windows(images).mean(-1),
        }

    @override
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        medians: Tensor = self._windows(images).median(-1).values
        return medians

    def _windows(self, images: Tensor) -> Tensor:
        """The pixels of each window, (n, c, h, w, size * size); the edge pixels go on outside.

        Raises:
            ValueError: The images are smaller than the window.
        """
        if min(images.shape[2:]) < self.size:
            height, width = images.shape[2:]
            raise ValueError(f"a window of {self.size} pixels is larger than {height}x{width}")
        around = self.size // 2
        padded = functional.pad(images, (around,) * 4, mode="replicate")
        rows = padded.unfold(2, self.size, 1).unfold(3, self.size, 1)
        return rows.flatten(-2)
