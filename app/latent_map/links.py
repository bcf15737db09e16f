"""The lines that link the points of one image: the attack's way, and the purifier's."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.latent_map.points import Floats, Points
from app.theme import ROLES

FEW = 60
"""Up to so many pairs, every purified image is linked too; beyond, only the chosen ones."""


def add_links(figure: go.Figure, points: Points) -> None:
    """Arrows from clean to adversarial, strong for the chosen; dots on to purified."""
    rest = np.setdiff1d(points.shown, points.chosen)
    some = bool(len(points.chosen))
    faint, strong = 0.15 if some else 0.55, 1.0
    figure.add_trace(_arrows(points, rest, faint, named=not some))
    if some:
        figure.add_trace(_arrows(points, points.chosen, strong, named=True))
    if "purified" in points.places:
        linked = points.chosen if some or len(points.shown) > FEW else points.shown
        if len(linked):
            figure.add_trace(_way_back(points, linked))


def _arrows(
    points: Points, positions: NDArray[np.int64], opacity: float, *, named: bool
) -> dict[str, Any]:
    start, end = points.places["clean"][positions], points.places["adversarial"][positions]
    # The head sits in the middle, where no point covers it.
    x, y = _paths(start, np.float32(0.5) * (start + end), end)
    heads = np.tile([0, 7, 0, 0], len(positions))
    color = ROLES["noise"].color if opacity < 1 else ROLES["adversarial"].color
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": "lines+markers",
        "line": {"color": color, "width": 1 if opacity < 1 else 2},
        "marker": {"symbol": "arrow", "angleref": "previous", "size": heads, "color": color},
        "opacity": opacity,
        "hoverinfo": "skip",
        "name": "the attack's way",
        "showlegend": named,
    }


def _way_back(points: Points, positions: NDArray[np.int64]) -> dict[str, Any]:
    start, end = points.places["adversarial"][positions], points.places["purified"][positions]
    x, y = _paths(start, end)
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": "lines",
        "line": {"color": ROLES["purified"].color, "width": 1.5, "dash": "dot"},
        "hoverinfo": "skip",
        "name": "the purifier's way",
    }


def _paths(*stops: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Polylines (n, 2) from stop to stop in one trace, with a gap after each."""
    gap = np.full(len(stops[0]), np.nan)
    x, y = (np.stack([*(stop[:, axis] for stop in stops), gap], 1).ravel() for axis in (0, 1))
    return x, y
