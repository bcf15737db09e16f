"""How the code is used: flip rate, share of +1 and entropy of each bit, distances to walls."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.theme import ROLES, RoleName, lay_out
from core.analysis.flips import BitUse

USE_HEIGHT = 430
WALLS_HEIGHT = 300
WALL_BINS = 40
FAR = 0.99
"""The chart of distances ends where this share of the clean latents has been counted."""


def bit_order(use: BitUse, order: str) -> NDArray[np.int64]:
    """The bits in the order asked for, the highest first; by number the lowest first.

    Args:
        use: Figures of each bit.
        order: A key of ``view.ORDERS``.
    """
    if order == "number":
        return np.arange(len(use.flip_rate))
    figures = {"flips": use.flip_rate, "plus": use.plus_share, "entropy": use.entropy}[order]
    return np.argsort(-figures, kind="stable")


def use_chart(use: BitUse, order: NDArray[np.int64]) -> go.Figure:
    """Three rows of bars, one bar a bit: flip rate, share of +1, entropy; dead bits are crossed."""
    figure = go.Figure()
    names = [str(bit) for bit in order]
    rows: tuple[tuple[str, RoleName, str, NDArray[np.float64], str], ...] = (
        ("Flip rate", "adversarial", "y3", use.flip_rate[order], ".1%"),
        ("Share of +1", "code", "y2", use.plus_share[order], ".1%"),
        ("Entropy in bits", "noise", "y", use.entropy[order], ".2f"),
    )
    for title, role, axis, values, format_ in rows:
        look = ROLES[role]
        figure.add_bar(
            x=names,
            y=values.tolist(),
            yaxis=axis,
            name=title,
            marker={"color": look.color},
            hovertemplate="bit %{x}: %{y:" + format_ + "}<extra>" + title + "</extra>",
        )
    dead = [name for name, bit in zip(names, order, strict=True) if use.dead[bit]]
    if dead:
        figure.add_scatter(
            x=dead,
            y=[0.5] * len(dead),
            yaxis="y2",
            mode="markers",
            name="Dead bit",
            marker={"symbol": "x", "size": 9, "color": ROLES["adversarial"].color},
            hovertemplate="bit %{x} is dead<extra></extra>",
        )
    share = {"tickformat": ".0%", "fixedrange": True, "nticks": 4, "rangemode": "tozero"}
    return lay_out(
        figure,
        height=USE_HEIGHT,
        bargap=0.15,
        xaxis={
            "type": "category",
            "categoryorder": "array",
            "categoryarray": names,
            "title": {"text": "number of the bit"},
            "fixedrange": True,
            "nticks": 17,
        },
        yaxis={
            "domain": [0, 0.28],
            "range": [0, 1.05],
            "nticks": 3,
            "fixedrange": True,
            "title": {"text": "entropy"},
        },
        yaxis2={
            **share,
            "domain": [0.36, 0.64],
            "range": [0, 1.05],
            "nticks": 3,
            "title": {"text": "+1"},
        },
        yaxis3={**share, "domain": [0.72, 1], "title": {"text": "flips"}},
    )


def wall_chart(
    distances: Mapping[RoleName, NDArray[np.float32]], titles: Mapping[RoleName, str]
) -> go.Figure:
    """How far latents lie from their nearest wall: a step line for each kind of image.

    Args:
        distances: Absolute distances of any shape, by role; ``clean`` sets the range.
        titles: Names in the legend, by role.
    """
    top = float(max(np.quantile(values, FAR) for values in distances.values())) or 1.0
    edges = np.linspace(0, top, WALL_BINS + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    figure = go.Figure()
    for role, values in distances.items():
        look = ROLES[role]
        shares = np.histogram(values, edges)[0] / values.size
        figure.add_scatter(
            x=middles.tolist(),
            y=shares.tolist(),
            name=titles[role],
            mode="lines",
            line={
                "color": look.color,
                "width": 2.5,
                "shape": "hvh",
                "dash": {"adversarial": "dash", "noise": "dot"}.get(role, "solid"),
            },
            hovertemplate="%{x:.3f} from a wall: %{y:.1%}<extra>" + titles[role] + "</extra>",
        )
    return lay_out(
        figure,
        height=WALLS_HEIGHT,
        xaxis={
            "title": {"text": "distance of a latent to its nearest wall"},
            "rangemode": "tozero",
            "fixedrange": True,
        },
        yaxis={
            "tickformat": ".0%",
            "rangemode": "tozero",
            "fixedrange": True,
            "title": {"text": "share of latents"},
        },
    )


def importance_chart(
    lost: Sequence[float], order: NDArray[np.int64], chosen: int | None
) -> go.Figure:
    """Accuracy lost when one bit alone is flipped, one bar a bit, in points of a hundred.

    Args:
        lost: Share of images lost less those gained, by bit (D,).
        order: Numbers of the bits from left to right.
        chosen: The bit that stands out; None dims nothing.
    """
    look = ROLES["adversarial"]
    figure = go.Figure()
    figure.add_bar(
        x=[str(bit) for bit in order],
        y=[lost[bit] for bit in order],
        name="Accuracy lost when this bit alone is flipped",
        showlegend=True,
        customdata=[int(bit) for bit in order],
        marker={
            "color": look.color,
            "opacity": [1.0 if chosen in (None, bit) else 0.45 for bit in order],
        },
        hovertemplate="bit %{x}: %{y:.2%} of the images<extra></extra>",
    )
    return lay_out(
        figure,
        height=270,
        bargap=0.15,
        xaxis={
            "type": "category",
            "title": {"text": "number of the bit"},
            "fixedrange": True,
            "nticks": 17,
        },
        yaxis={"tickformat": ".1%", "fixedrange": True, "title": {"text": "accuracy lost"}},
    )
