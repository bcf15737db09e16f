"""Plotly figures and small HTML charts. Functions from plain arrays to figures; none draws."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.theme import ROLES, RoleName, lay_out

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
    return lay_out(
        figure,
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
