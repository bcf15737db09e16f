"""Plotly figures and small HTML charts. Functions from plain arrays to figures; none draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.theme import LOWERED, RAISED, ROLES, UNCHANGED, RoleName, layout

STILL: Mapping[str, Any] = {"showscale": False, "hoverinfo": "skip"}
FRAME_MS = 80
"""How long one step of a trajectory stays when it plays."""

BITS_STYLE = """
<style>
.bits { display: grid; gap: 2px; max-width: 22rem; }
.bits i { aspect-ratio: 1; border: 1px solid color-mix(in srgb, currentColor 45%, transparent);
  border-radius: 2px; display: grid; place-items: center; font: 700 0.7rem/1 sans-serif; }
.bits i.on { background: color-mix(in srgb, currentColor 55%, transparent); }
.bits i.flip { outline: 3px solid var(--code); outline-offset: -1px; color: var(--code); }
</style>
"""


@dataclass(frozen=True)
class Series:
    """Probabilities of one picture, (k,)."""

    role: RoleName
    title: str
    probabilities: NDArray[np.float32]


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


def probability_bars(series: Sequence[Series], classes: Sequence[str]) -> go.Figure:
    """One group of bars a class, one bar a picture; colour and pattern say which picture."""
    figure = go.Figure()
    for one in series:
        look = ROLES[one.role]
        figure.add_bar(
            x=list(classes),
            y=[round(float(value), 4) for value in one.probabilities],
            name=f"{look.mark} {one.title}",
            marker={
                "color": look.color,
                "line": {"color": look.color, "width": 1},
                "pattern": {"shape": look.pattern, "size": 6, "solidity": 0.35},
            },
            hovertemplate="%{x}: %{y:.1%}<extra>" + one.title + "</extra>",
        )
    figure.update_layout(
        **layout(
            barmode="group",
            height=270,
            bargap=0.25,
            xaxis={"type": "category", "title": None, "fixedrange": True},
            yaxis={
                "range": [0, 1.02],
                "tickformat": ".0%",
                "title": None,
                "nticks": 5,
                "fixedrange": True,
            },
        )
    )
    return figure


def step_scrubber(steps: Steps) -> go.Figure:
    """The way of an attack, step by step; it plays and scrubs in the browser alone."""
    figure = go.Figure()
    last = len(steps.pictures) - 1
    figure.add_trace(_picture(steps, last)).add_trace(_change(steps, last))
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
    figure.update_layout(**_scrubber_layout(last))
    return figure


def bit_grid(bits: NDArray[np.int8], flipped: NDArray[np.bool_], title: str) -> str:
    """A code as a grid of squares, as HTML: filled is +1, empty is -1, a frame with x flipped."""
    columns = 8 if len(bits) <= 64 else 16
    cells = "".join(
        f'<i class="{"on" if bit > 0 else ""}{" flip" if flip else ""}" '
        f'title="bit {index}: {"+1" if bit > 0 else "-1"}{", flipped" if flip else ""}">'
        f"{'×' if flip else ''}</i>"
        for index, (bit, flip) in enumerate(zip(bits, flipped, strict=True))
    )
    label = f"{title}: {len(bits)} bits, {int(flipped.sum())} of them flipped"
    return (
        f"{BITS_STYLE}<div>{escape(title)}</div>"
        f'<div class="bits" role="img" aria-label="{escape(label)}" '
        f'style="--code:{ROLES["code"].color};grid-template-columns:repeat({columns},1fr)">'
        f"{cells}</div>"
    )


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


def _picture(steps: Steps, step: int) -> go.Heatmap | go.Image:
    """The picture of a step. Plotly draws a PNG late and would flicker, so it gets the values."""
    picture = steps.pictures[step]
    if len(picture) == 3:
        return go.Image(z=picture.transpose(1, 2, 0).tolist(), hoverinfo="skip")
    return go.Heatmap(z=picture[0].tolist(), zmin=0, zmax=255, colorscale="Greys_r", **STILL)


def _change(steps: Steps, step: int) -> go.Heatmap:
    """What a step has changed so far; of several channels the one that changed most counts."""
    change = steps.pictures[step].astype(int) - steps.pictures[0]
    strongest = np.take_along_axis(change, np.abs(change).argmax(0)[None], axis=0)[0]
    limit = 255 / steps.gain
    scale = [[0, LOWERED], [0.5, UNCHANGED], [1, RAISED]]
    return go.Heatmap(
        z=strongest.tolist(),
        zmin=-limit,
        zmax=limit,
        colorscale=scale,
        xaxis="x2",
        yaxis="y2",
        **STILL,
    )


def _frame(steps: Steps, step: int, moving: list[int]) -> go.Frame:
    markers = [
        go.Scatter(x=[step], y=[round(float(values[step]), 4)]) for _, _, values in steps.lines
    ]
    return go.Frame(
        name=str(step), data=[_picture(steps, step), _change(steps, step), *markers], traces=moving
    )


def _scrubber_layout(last: int) -> dict[str, Any]:
    still = {"frame": {"duration": 0, "redraw": True}, "transition": {"duration": 0}}
    play = {"frame": {"duration": FRAME_MS, "redraw": True}, "transition": {"duration": 0}}
    bare = {
        "showticklabels": False,
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
        "fixedrange": True,
    }
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
    return layout(
        height=430,
        margin={"l": 8, "r": 8, "t": 34, "b": 168},
        xaxis={**bare, "domain": [0, 0.26]},
        yaxis={**bare, **square, "scaleanchor": "x"},
        xaxis2={**bare, "domain": [0.29, 0.55], "anchor": "y2"},
        yaxis2={**bare, **square, "anchor": "x2", "scaleanchor": "x2"},
        xaxis3={
            "domain": [0.66, 1],
            "anchor": "y3",
            "range": [-0.5, last + 0.5],
            "fixedrange": True,
        },
        yaxis3={
            "anchor": "x3",
            "range": [-0.03, 1.03],
            "tickformat": ".0%",
            "nticks": 5,
            "fixedrange": True,
        },
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": -0.12, "yanchor": "top"},
        annotations=[
            _heading("Attacked picture", 0.0),
            _heading("Its change", 0.29),
        ],
        sliders=[slider],
        updatemenus=[buttons],
    )


def _heading(text: str, x: float) -> dict[str, Any]:
    place = {"x": x, "y": 1.02, "xref": "paper", "yref": "paper"}
    look = {"showarrow": False, "xanchor": "left", "yanchor": "bottom"}
    return {"text": text, **place, **look}
