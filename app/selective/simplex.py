"""The means of the classes on a circle, with the image among them, and its distance to each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.selective.crowd import Crowd
from app.theme import ROLES, RoleName, lay_out

QUIET = ROLES["noise"].color
"""Of what is there for comparison only."""

Places = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Marked:
    """A latent point to be shown.

    Attributes:
        role: Decides colour and mark.
        title: Its name in the legend.
        latents: f(x) or what was found instead, (d,).
    """

    role: RoleName
    title: str
    latents: NDArray[np.float32]


def placed(latents: NDArray[np.float32], classes: int) -> Places:
    """Latents (n, d) on the plane (n, 2): the sum of the corners, each times its latent.

    The mean of a class, a one-hot vector, lands on its corner; latents beyond the classes have
    none and are left out.
    """
    return np.asarray(latents[:, :classes] @ corners(classes))


def corners(classes: int) -> Places:
    """Where the means stand, (k, 2): evenly on a circle, from the top, clockwise."""
    angles = np.pi / 2 - 2 * np.pi * np.arange(classes) / classes
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def simplex_chart(
    crowd: Crowd | None, marked: Sequence[Marked], classes: Sequence[str]
) -> go.Figure:
    """The drawing.

    Args:
        crowd: Validation images, drawn faintly; None while there are none.
        marked: The image, and what else is to be told apart; joined in order.
        classes: Names of the classes.
    """
    figure = go.Figure()
    around = corners(len(classes))
    if crowd is not None:
        _crowd(figure, crowd, classes)
    figure.add_scatter(
        x=around[:, 0] * 1.36,
        y=around[:, 1] * 1.36,
        text=list(classes),
        mode="text",
        textfont={"size": 14},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_scatter(
        x=around[:, 0],
        y=around[:, 1],
        mode="markers",
        name="means",
        marker={"symbol": "diamond-open", "size": 13, "line": {"width": 2}, "color": QUIET},
        text=list(classes),
        hovertemplate="mean of %{text}<extra></extra>",
    )
    places = placed(np.stack([one.latents for one in marked]), len(classes))
    if len(marked) > 1:
        figure.add_scatter(
            x=places[:, 0],
            y=places[:, 1],
            mode="lines",
            line={"color": QUIET, "width": 1.5, "dash": "dot"},
            hoverinfo="skip",
            showlegend=False,
        )
    for one, place in zip(marked, places, strict=True):
        look = ROLES[one.role]
        figure.add_scatter(
            x=[place[0]],
            y=[place[1]],
            mode="markers",
            name=f"{look.mark} {one.title}",
            marker={
                "color": look.color,
                "symbol": look.symbol.replace("line-ns", "x"),
                "size": 16,
                "line": {"color": "white", "width": 2},
            },
            hovertemplate=f"{one.title}<extra></extra>",
        )
    span = {"visible": False, "fixedrange": True, "range": [-1.6, 1.6]}
    return lay_out(
        figure, height=400, xaxis=span, yaxis={**span, "scaleanchor": "x", "scaleratio": 1}
    )


def _crowd(figure: go.Figure, crowd: Crowd, classes: Sequence[str]) -> None:
    places = placed(crowd.latents, len(classes))
    figure.add_scatter(
        x=places[:, 0].round(3),
        y=places[:, 1].round(3),
        mode="markers",
        name=f"{len(places)} validation images",
        text=[classes[label] for label in crowd.labels],
        marker={"color": QUIET, "size": 4, "opacity": 0.45},
        hovertemplate="%{text}<extra></extra>",
    )


def distance_bars(
    distances: NDArray[np.float64], limit: float, classes: Sequence[str]
) -> go.Figure:
    """Squared distances to all means, one bar a class, and the limit as a line.

    Args:
        distances: Squared Mahalanobis distances (k,).
        limit: The latent limit; may be infinite.
        classes: Names of the classes.
    """
    nearest = int(distances.argmin())
    within, beyond = ROLES["purified"].color, ROLES["adversarial"].color
    near = within if distances[nearest] <= limit else beyond
    figure = go.Figure()
    figure.add_bar(
        y=list(classes),
        x=[round(float(value), 2) for value in distances],
        orientation="h",
        marker={
            "color": [near if i == nearest else QUIET for i in range(len(classes))],
            "pattern": {"shape": ["" if i == nearest else "/" for i in range(len(classes))]},
        },
        hovertemplate="%{y}: %{x:.1f}<extra></extra>",
        showlegend=False,
    )
    if math.isfinite(limit):
        figure.add_vline(
            x=limit,
            line={"color": QUIET, "width": 2, "dash": "dash"},
            annotation={"text": f"limit {limit:.1f}", "yanchor": "bottom"},
            annotation_position="top right",
        )
    return lay_out(
        figure,
        height=400,
        margin={"l": 8, "r": 8, "t": 26, "b": 8},
        xaxis={"title": {"text": "squared distance"}, "fixedrange": True, "rangemode": "tozero"},
        yaxis={"type": "category", "autorange": "reversed", "fixedrange": True},
    )
