"""The two divisions of a map, drawn: a grid on the picture, or the quantizer's walls."""

import numpy as np
import plotly.graph_objects as go

from app.theme import ROLES
from core.analysis.grids import CodeGrid, Grid

GRID_NAME = "Grid on the picture (not the quantizer's walls)"
WALLS_NAME = "The quantizer's walls"
SIGNS = {1: "+", -1: "−"}
SHADES = (0.03, 0.32)
"""Opacity of the palest and of the darkest cell."""

MOST_LABELS = 36
"""Beyond so many cells their codes are too small to read."""


def add_grid(figure: go.Figure, grid: Grid) -> None:
    """The lines of a grid as one trace, which a click in the legend hides."""
    look = ROLES["code"]
    upright = [(x, y) for x in grid.x for y in (grid.y[0], grid.y[-1], None)]
    level = [(x, y) for y in grid.y for x in (grid.x[0], grid.x[-1], None)]
    figure.add_scatter(
        x=[x if y is not None else None for x, y in upright] + [x for x, _ in level],
        y=[y for _, y in upright] + [y if x is not None else None for x, y in level],
        mode="lines",
        line={"color": look.color, "width": 1, "dash": "dot"},
        opacity=0.5,
        hoverinfo="skip",
        name=GRID_NAME,
    )


def add_walls(figure: go.Figure, grid: CodeGrid) -> None:
    """The walls as one trace; the cells between them shaded, equal codes equally."""
    look = ROLES["code"]
    cells = grid.rectangles
    codes = sorted({(cell.across, cell.up) for cell in cells})
    shades = dict(zip(codes, np.linspace(*SHADES, len(codes)).tolist(), strict=True))
    figure.layout.shapes = [
        {
            "type": "rect",
            "x0": cell.left,
            "x1": cell.right,
            "y0": cell.bottom,
            "y1": cell.top,
            "layer": "below",
            "line": {"width": 0},
            "fillcolor": look.color,
            "opacity": shades[cell.across, cell.up],
        }
        for cell in cells
    ]
    if len(cells) <= MOST_LABELS:
        figure.layout.annotations = [
            {
                "x": cell.left,
                "y": cell.top,
                "text": f"{_signs(cell.across)} {_signs(cell.up)}",
                "showarrow": False,
                "xanchor": "left",
                "yanchor": "top",
                "font": {"color": look.color, "size": 15, "family": "monospace"},
            }
            for cell in cells
        ]
    x: list[float | None] = []
    y: list[float | None] = []
    for wall in grid.walls:
        x += [wall, wall, None, *grid.x, None]
        y += [*grid.y, None, wall, wall, None]
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": look.color, "width": 2.5},
        hoverinfo="skip",
        name=WALLS_NAME,
    )


def _signs(word: tuple[int, ...]) -> str:
    return "".join(SIGNS[bit] for bit in word)
