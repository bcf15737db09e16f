"""The step scrubber: an attack's way as one Plotly figure that plays in the browser alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.theme import LOWERED, RAISED, ROLES, UNCHANGED, RoleName, lay_out

STILL: Mapping[str, Any] = {"showscale": False, "hoverinfo": "skip"}
FRAME_MS = 80
"""How long one step of a trajectory stays when it plays."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Steps:
    """What the scrubber shows of each step.

    Attributes:
        pictures: uint8 (steps + 1, c, h, w).
        gain: Magnification of the change from the first picture.
        lines: One curve each: role, name, one probability a step.
    """

    pictures: NDArray[np.uint8]
    gain: float
    lines: Sequence[tuple[RoleName, str, NDArray[np.float32]]]


def step_scrubber(steps: Steps) -> go.Figure:
    """The way of an attack, step by step; it plays and scrubs in the browser alone."""
    figure = go.Figure()
    last = len(steps.pictures) - 1
    picture, change = _values(steps, last)
    figure.add_trace({**_picture(steps), "z": picture})
    figure.add_trace({**_change(steps), "z": change})
    for role, name, values in steps.lines:
        look = ROLES[role]
        figure.add_scatter(
            x=list(range(last + 1)),
            y=[round(float(value), 4) for value in values],
            name=name,
            xaxis="x3",
            yaxis="y3",
            mode="lines",
            line={"color": look.color, "width": 2.5, "dash": _dash(role)},
            hovertemplate="step %{x}: %{y:.1%}<extra>" + name + "</extra>",
        )
    for role, _, values in steps.lines:
        figure.add_scatter(**_marker(role, last, values))
    moving = [0, 1, *range(2 + len(steps.lines), 2 + 2 * len(steps.lines))]
    figure.frames = [_frame(steps, step, moving) for step in range(last + 1)]
    return lay_out(figure, **_scrubber_layout(last))


def _dash(role: RoleName) -> str:
    return {"adversarial": "dash", "purified": "dot"}.get(role, "solid")


def _marker(role: RoleName, step: int, values: NDArray[np.float32]) -> dict[str, Any]:
    look = ROLES[role]
    return {
        "x": [step],
        "y": [round(float(values[step]), 4)],
        "xaxis": "x3",
        "yaxis": "y3",
        "mode": "markers",
        "cliponaxis": False,
        "marker": {"color": look.color, "symbol": look.symbol, "size": 12},
        "showlegend": False,
        "hoverinfo": "skip",
    }


def _picture(steps: Steps) -> dict[str, Any]:
    """The trace of the pictures. Plotly draws a PNG late and would flicker, so it gets values."""
    if steps.pictures.shape[1] == 3:
        return {"type": "image", "hoverinfo": "skip"}
    return {"type": "heatmap", "zmin": 0, "zmax": 255, "colorscale": "Greys_r", **STILL}


def _change(steps: Steps) -> dict[str, Any]:
    """The trace of the changes; of several channels the one that changed most counts."""
    limit = 255 / steps.gain
    scale = [[0, LOWERED], [0.5, UNCHANGED], [1, RAISED]]
    limits = {"zmin": -limit, "zmax": limit, "colorscale": scale}
    return {"type": "heatmap", "xaxis": "x2", "yaxis": "y2", **limits, **STILL}


def _values(steps: Steps, step: int) -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
    """What the two traces show at a step; arrays, since Plotly packs those and checks them fast."""
    picture = steps.pictures[step]
    change = picture.astype(np.int16) - steps.pictures[0]
    strongest = np.take_along_axis(change, np.abs(change).argmax(0)[None], axis=0)[0]
    return picture.transpose(1, 2, 0) if len(picture) == 3 else picture[0], strongest


def _frame(steps: Steps, step: int, moving: list[int]) -> dict[str, Any]:
    """Only what changes from step to step; the rest stays as the first traces have it."""
    picture, change = _values(steps, step)
    kind = _picture(steps)["type"]
    traces: list[dict[str, Any]] = [
        {"type": kind, "z": picture},
        {"type": "heatmap", "z": change},
    ]
    for _, _, values in steps.lines:
        traces.append({"type": "scatter", "x": [step], "y": [round(float(values[step]), 4)]})
    return {"name": str(step), "data": traces, "traces": moving}


def _scrubber_layout(last: int) -> dict[str, Any]:
    still = {"frame": {"duration": 0, "redraw": True}, "transition": {"duration": 0}}
    play = {"frame": {"duration": FRAME_MS, "redraw": True}, "transition": {"duration": 0}}
    bare = {"visible": False, "fixedrange": True}
    square = {"constrain": "domain", "autorange": "reversed"}
    slider = {
        "active": last,
        "x": 0,
        "len": 1,
        "y": 0,
        "pad": {"t": 62, "b": 4},
        "ticklen": 0,
        "minorticklen": 0,
        # The label of every step would crowd; the current one is written above the slider.
        "font": {"color": "rgba(0,0,0,0)", "size": 1},
        "currentvalue": {
            "prefix": "Step ",
            "suffix": f" of {last}",
            "font": {"size": 14, "color": ROLES["noise"].color},
        },
        "steps": [
            {
                "method": "animate",
                "label": str(step),
                "args": [[str(step)], {"mode": "immediate", **still}],
            }
            for step in range(last + 1)
        ],
    }
    buttons = {
        "type": "buttons",
        "direction": "left",
        "showactive": False,
        "x": 0,
        "y": 0,
        "xanchor": "left",
        "yanchor": "top",
        "pad": {"t": 118},
        "font": {"size": 14, "color": ROLES["noise"].color},
        "bgcolor": "rgba(0,0,0,0)",
        "bordercolor": ROLES["noise"].color,
        "buttons": [
            {
                "label": "▶",
                "method": "animate",
                "args": [None, {"mode": "immediate", **play}],
            },
            {"label": "❚❚", "method": "animate", "args": [[None], {"mode": "immediate", **still}]},
        ],
    }
    return {
        "height": 430,
        "margin": {"l": 8, "r": 8, "t": 34, "b": 168},
        "xaxis": {**bare, "domain": [0, 0.26]},
        "yaxis": {**bare, **square, "scaleanchor": "x"},
        "xaxis2": {**bare, "domain": [0.29, 0.55], "anchor": "y2"},
        "yaxis2": {**bare, **square, "anchor": "x2", "scaleanchor": "x2"},
        "xaxis3": {
            "domain": [0.66, 1],
            "anchor": "y3",
            "range": [-0.5, last + 0.5],
            "fixedrange": True,
        },
        "yaxis3": {
            "anchor": "x3",
            "range": [-0.03, 1.03],
            "tickformat": ".0%",
            "nticks": 5,
            "fixedrange": True,
        },
        "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": -0.12, "yanchor": "top"},
        "annotations": [
            _heading("Attacked picture", 0.0),
            _heading("Its change", 0.29),
        ],
        "sliders": [slider],
        "updatemenus": [buttons],
    }


def _heading(text: str, x: float) -> dict[str, Any]:
    place = {"x": x, "y": 1.02, "xref": "paper", "yref": "paper"}
    look = {"showarrow": False, "xanchor": "left", "yanchor": "bottom"}
    return {"text": text, **place, **look}
