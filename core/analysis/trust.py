"""How far a picture of many dimensions can be trusted: who is near whom, there and here."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]

TRUST_NEIGHBORS = 10


def neighbor_preservation(points: Floats, coordinates: Floats) -> tuple[float, float]:
    """How much of who is near whom a picture keeps.

    Points that are equally near, such as exact copies, may stand for one another.

    Args:
        points: (m, d), m at least 3.
        coordinates: (m, 2).

    Returns:
        The mean share of the ``TRUST_NEIGHBORS`` nearest points that are among as many nearest on
        the picture, and the same share for random places, both in [0, 1].
    """
    many = len(points)
    near = min(TRUST_NEIGHBORS, many - 2)
    true, drawn = squared_distances(points), squared_distances(coordinates)
    np.fill_diagonal(true, np.inf)
    np.fill_diagonal(drawn, np.inf)
    reach = np.partition(true, near - 1, axis=1)[:, near - 1 : near]
    nearest = np.argpartition(drawn, near - 1, axis=1)[:, :near]
    # Distances of copies differ in their last digits.
    slack = 1e-9 * float(np.square(points - points.mean(0)).sum(1).max())
    kept = np.take_along_axis(true, nearest, axis=1) <= reach + slack
    return float(kept.mean()), near / (many - 1)


def squared_distances(points: Floats) -> NDArray[np.float64]:
    """Squared Euclidean distances (m, m) of points (m, d), never negative."""
    exact = points.astype(np.float64)
    exact -= exact.mean(0)
    lengths = np.square(exact).sum(1)
    squares = lengths[:, None] + lengths[None, :] - 2 * exact @ exact.T
    clipped: NDArray[np.float64] = np.maximum(squares, 0.0)
    return clipped
