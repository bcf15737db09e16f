"""Grids over a map of latents: squares on the picture, and the quantizer's true walls.

The two are told apart everywhere. A grid on a t-SNE, UMAP or PCA picture cuts the picture; it has
no counterpart in latent space. On two raw latent axes the walls are straight lines, and they are
the very numbers with which ``core.models.quantizers`` compares a latent.

Pure numpy: coordinates in, frozen dataclasses out.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.evaluation.accuracy import Accuracy
from core.models.quantizers import Codeword
from core.types import LabError

Floats = NDArray[np.float32]
Cells = NDArray[np.int64]

MIN_CELLS, MAX_CELLS = 2, 60
MARGIN = 0.05
"""How far a drawing goes beyond the outermost points, as a share of their extent."""


class Lines(Protocol):
    """A division of the plane into cells by upright and level lines."""

    def cells(self, coordinates: Floats) -> Cells:
        """The column and the row of the cell of each point (m, 2), both from 0."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Square cells on a picture. They are not the quantizer's.

    Attributes:
        x: Places of the upright lines, ascending; both borders belong to them.
        y: Places of the level lines, likewise.
        size: Side of a cell, in the picture's own units.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    size: float

    def cells(self, coordinates: Floats) -> Cells:
        """Column and row (m, 2) of points (m, 2); a point outside counts to the cell beside it."""
        columns = np.searchsorted(np.asarray(self.x[1:-1]), coordinates[:, 0], side="right")
        rows = np.searchsorted(np.asarray(self.y[1:-1]), coordinates[:, 1], side="right")
        return np.stack([columns, rows], axis=1).astype(np.int64)


def picture_grid(coordinates: Floats, cells: int) -> Grid:
    """Square cells over the bounding box of a picture.

    Args:
        coordinates: Points (m, 2), m at least 1.
        cells: How many lie along the longer side, ``MIN_CELLS`` to ``MAX_CELLS``. The shorter
            side has as many as cover it.

    Raises:
        LabError: There are no points, or one of them is not a number.
        ValueError: ``cells`` is out of range.
    """
    if not MIN_CELLS <= cells <= MAX_CELLS:
        raise ValueError(f"cells must be {MIN_CELLS} to {MAX_CELLS}, got {cells}")
    low, high = _bounds(coordinates)
    # All points in one place: any size does.
    size = float((high - low).max()) / cells or 1.0
    lines = []
    for start, end in zip(low.tolist(), high.tolist(), strict=True):
        # The last digit of a quotient must not add a cell.
        many = max(1, int(np.ceil((end - start) / size - 1e-9)))
        lines.append(tuple(start + size * place for place in range(many + 1)))
    return Grid(x=lines[0], y=lines[1], size=size)


def pairs_in_one_cell(first: Floats, second: Floats, grid: Lines) -> Accuracy:
    """The share of pairs of points whose two ends lie in the same cell.

    Args:
        first: One end of every pair, (n, 2), n at least 1.
        second: The other end, in the same order.
        grid: A ``Grid`` or a ``CodeGrid``.

    Returns:
        The share with its interval; ``correct`` counts the pairs in one cell.
    """
    if first.shape != second.shape or not len(first):
        raise ValueError(f"expected pairs of points, got {first.shape} and {second.shape}")
    together = (grid.cells(first) == grid.cells(second)).all(1)
    return Accuracy(correct=int(together.sum()), n=len(together))


def raw_axes(latents: Floats, i: int, j: int) -> Floats:
    """The latents (m, d) on two of their own axes, (m, 2).

    Raises:
        LabError: There is no such axis, or both are the same.
    """
    size = latents.shape[1]
    for axis in (i, j):
        if not 0 <= axis < size:
            raise LabError(
                f"There is no latent axis {axis}: this model has axes 0 to {size - 1}. "
                "Choose one of them."
            )
    if i == j:
        raise LabError(f"Both axes are latent {i}. Choose two different ones.")
    return np.ascontiguousarray(latents[:, [i, j]])


@dataclass(frozen=True, kw_only=True)
class CodeCell:
    """One rectangle between the walls of two raw axes, cut off at the edge of the drawing.

    Attributes:
        left: Where it begins on the horizontal axis.
        right: Where it ends.
        bottom: Where it begins on the vertical axis.
        top: Where it ends.
        across: The bits of the horizontal axis's latent in here, in {-1, +1}.
        up: The bits of the vertical axis's latent.
    """

    left: float
    right: float
    bottom: float
    top: float
    across: Codeword
    up: Codeword


@dataclass(frozen=True, kw_only=True)
class CodeGrid:
    """The quantizer's true walls on two raw latent axes; the same on every axis.

    Attributes:
        walls: Latent values at which a bit changes, ascending: the upright lines and the level
            ones.
        codewords: The bits between them, from the lowest latent to the highest.
        x: Lowest and highest value drawn on the horizontal axis.
        y: Likewise on the vertical one.
    """

    walls: tuple[float, ...]
    codewords: tuple[Codeword, ...]
    x: tuple[float, float]
    y: tuple[float, float]

    def cells(self, coordinates: Floats) -> Cells:
        """Column and row (m, 2) of points (m, 2): the cell of each of the two latents."""
        return cells_of(coordinates, self.walls, self.codewords)

    @property
    def rectangles(self) -> tuple[CodeCell, ...]:
        """Every cell that can be seen, row by row from below, with its bits, for shading."""
        return tuple(
            CodeCell(left=left, right=right, bottom=bottom, top=top, across=across, up=up)
            for bottom, top, up in self._stretches(*self.y)
            for left, right, across in self._stretches(*self.x)
        )

    def _stretches(self, low: float, high: float) -> list[tuple[float, float, Codeword]]:
        ends = (low, *(min(max(wall, low), high) for wall in self.walls), high)
        return [
            (start, end, word)
            for start, end, word in zip(ends, ends[1:], self.codewords, strict=False)
            if end > start
        ]


def raw_axes_walls(
    walls: tuple[float, ...], codewords: tuple[Codeword, ...], coordinates: Floats
) -> CodeGrid:
    """The true walls over points on two raw axes, and over every wall even where no point is.

    Args:
        walls: ``Quantizer.walls``.
        codewords: ``Quantizer.codewords``, one more than walls.
        coordinates: Points (m, 2) of ``raw_axes``.

    Raises:
        LabError: There are no points, or one of them is not a number.
        ValueError: Walls and codewords do not belong together.
    """
    if len(codewords) != len(walls) + 1 or not walls:
        raise ValueError(f"expected one codeword more than walls, got {len(codewords)}")
    low, high = _bounds(coordinates)
    # Every cell stays wide enough to be seen, also when no point lies in the outer ones.
    spare = 0.5 * (walls[-1] - walls[0]) or 0.1
    low, high = np.minimum(low, walls[0] - spare), np.maximum(high, walls[-1] + spare)
    margin = MARGIN * (high - low)
    (left, bottom), (right, top) = (low - margin).tolist(), (high + margin).tolist()
    return CodeGrid(walls=walls, codewords=codewords, x=(left, right), y=(bottom, top))


def cells_of(latents: Floats, walls: tuple[float, ...], codewords: tuple[Codeword, ...]) -> Cells:
    """The quantizer's cell of each latent, any shape, from 0 (below all walls) to ``len(walls)``.

    A latent exactly on a wall is on the side with more bits +1, as in ``Quantizer.cells``.
    """
    crossed = np.zeros(latents.shape, np.int64)
    for wall, below, above in zip(walls, codewords, codewords[1:], strict=False):
        # A plain float as the wall, so that float32 latents are compared in float32, as in torch.
        crossed += latents >= wall if sum(above) > sum(below) else latents > wall
    return crossed


@dataclass(frozen=True, kw_only=True)
class NearestWall:
    """The wall a latent is nearest to.

    Attributes:
        wall: Its place on the axis.
        distance: How far the latent is from it; never negative.
    """

    wall: float
    distance: float


def nearest_wall(latent: float, walls: tuple[float, ...]) -> NearestWall:
    """The wall nearest to a latent, the lower of two that are equally near."""
    if not walls:
        raise ValueError("expected at least one wall")
    wall = min(walls, key=lambda place: abs(latent - place))
    return NearestWall(wall=wall, distance=abs(latent - wall))


def _bounds(coordinates: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if not len(coordinates):
        raise LabError("There are no points to draw a grid over. Show at least one image.")
    if not np.isfinite(coordinates).all():
        raise LabError("Some points have no place on this picture. Choose another projection.")
    exact = coordinates.astype(np.float64)
    return exact.min(0), exact.max(0)
