"""The seed's figure: images by the number of flipped bits, with the accuracy on each bar."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.theme import ROLES, RoleName, lay_out
from core.analysis.flips import Bar

Counts = NDArray[np.int64]
DIMMED = 0.3
HEIGHT = 410
ROOMY, CROWDED = 10, 26
"""Up to so many bars there is room for a percent sign; from so many on the number is smaller."""

STILL = {"marker": {"opacity": 1}}
"""How the points of a line look whether they are chosen or not: only bars are dimmed."""


@dataclass(frozen=True, eq=False)
class Control:
    """Flips that come without an attack, drawn as a line over the bars.

    Attributes:
        role: Decides colour and mark.
        title: Its name in the legend.
        flips: Flipped bits of each image (n,).
    """

    role: RoleName
    title: str
    flips: Counts


def shares_of(flips: Counts, bars: Sequence[Bar]) -> list[float]:
    """The share of images that would stand in each bar, 0.0 to 1.0."""
    return [float(bar.holds(flips).mean()) for bar in bars]


def with_room(bars: Sequence[Bar], longest: Sequence[Bar]) -> tuple[Bar, ...]:
    """Bars, and empty ones behind them as far as another histogram of the same bins goes."""
    rest = (replace(bar, n=0, right=0, share=0.0) for bar in longest[len(bars) :])
    return (*bars, *rest)


def counts_words(bar: Bar) -> str:
    """The numbers of flipped bits a bar holds, for example ``4–5`` or ``none``."""
    if bar.low > bar.high:
        return "none"
    return str(bar.low) if bar.low == bar.high else f"{bar.low}–{bar.high}"


def tick_words(bar: Bar) -> str:
    """What stands below a bar: its bin, where it has one, and always the counts it holds."""
    if bar.label == counts_words(bar):
        return bar.label
    bin_words = bar.label.removesuffix(" %").replace("-", "–")
    return f"{bin_words}<br>({counts_words(bar)})"


def chosen_bars(bars: Sequence[Bar], brush: tuple[int, int] | None) -> list[int]:
    """Places of the bars that hold some of the brushed counts; none when nothing is brushed."""
    if brush is None:
        return []
    low, high = brush
    return [
        place
        for place, bar in enumerate(bars)
        if bar.low <= bar.high and bar.low <= high and bar.high >= low
    ]


def brush_of(bars: Sequence[Bar], places: Sequence[int]) -> tuple[int, int] | None:
    """The counts that clicked bars hold, from the lowest to the highest; None without bars."""
    held = [bars[place] for place in places if 0 <= place < len(bars)]
    held = [bar for bar in held if bar.low <= bar.high]
    if not held:
        return None
    return min(bar.low for bar in held), max(bar.high for bar in held)


def flip_chart(
    bars: Sequence[Bar],
    controls: Sequence[Control],
    *,
    unit: str = "flipped bits",
    chosen: Sequence[int] = (),
) -> go.Figure:
    """Bars with the accuracy of the purified images on each, its interval above, controls as lines.

    Args:
        bars: As ``flip_histogram`` makes them.
        controls: Flips without an attack.
        unit: What is counted.
        chosen: Places of the bars that stand out; none dims nothing.
    """
    figure = go.Figure()
    places = list(range(len(bars)))
    figure.add_trace(_bars(bars, places, chosen, unit))
    for control in controls:
        look = ROLES[control.role]
        figure.add_scatter(
            x=places,
            y=shares_of(control.flips, bars),
            name=control.title,
            mode="lines+markers",
            line={"color": look.color, "width": 2, "dash": "dot", "shape": "linear"},
            marker={"color": look.color, "symbol": look.symbol, "size": 8},
            hovertemplate="%{y:.1%} of images<extra>" + control.title + "</extra>",
            selected=STILL,
            unselected=STILL,
        )
    figure.add_trace(_intervals(bars, places))
    ticks = [tick_words(bar) for bar in bars]
    binned = any("<br>" in tick for tick in ticks)
    title = (
        f"{unit}: percent of the code (numbers the bar holds)" if binned else f"number of {unit}"
    )
    ends = [bar.accuracy.interval[0] for bar in bars if bar.accuracy]
    lowest = 0.1 * int(10 * min(ends, default=0))
    return lay_out(figure, **_layout(ticks, title, lowest=lowest))


def _bars(
    bars: Sequence[Bar], places: list[int], chosen: Sequence[int], unit: str
) -> dict[str, object]:
    look = ROLES["adversarial"]
    values = ["" if bar.accuracy is None else f"{100 * bar.accuracy.value:.0f}" for bar in bars]
    sign = " %" if len(bars) <= ROOMY else ""
    return {
        "type": "bar",
        "x": places,
        "y": [bar.share for bar in bars],
        "name": "Attacked images",
        "text": [f"<b>{value}{sign}</b>" if value else "" for value in values],
        "textposition": "outside",
        "cliponaxis": False,
        "constraintext": "none",
        "textangle": 0,
        "textfont": {
            "color": ROLES["purified"].color,
            "size": 9 if len(bars) >= CROWDED else 12,
        },
        # Plotly looks for these on a click, and stops with an error where a bar with text has none.
        "selected": {"textfont": {"color": ROLES["purified"].color}},
        "unselected": {"textfont": {"color": ROLES["purified"].color}},
        "marker": {
            "color": look.color,
            "opacity": [1.0 if not chosen or place in chosen else DIMMED for place in places],
            "line": {"color": look.color, "width": 1},
            "pattern": {"shape": look.pattern, "size": 6, "solidity": 0.35},
        },
        "customdata": [
            [counts_words(bar), bar.n, f"{value} %" if value else "no image here"]
            for bar, value in zip(bars, values, strict=True)
        ],
        "hovertemplate": "%{customdata[0]} " + unit + ": %{customdata[1]} images (%{y:.1%})<br>"
        "right once purified: %{customdata[2]}<extra></extra>",
    }


def _intervals(bars: Sequence[Bar], places: list[int]) -> dict[str, object]:
    look = ROLES["purified"]
    known = [
        (place, bar.accuracy, bar.n)
        for place, bar in zip(places, bars, strict=True)
        if bar.accuracy
    ]
    values = [accuracy.value for _, accuracy, _ in known]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [place for place, _, _ in known],
        "y": values,
        "yaxis": "y2",
        "name": "Accuracy, purified",
        "marker": {"color": look.color, "symbol": look.symbol, "size": 8},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [accuracy.interval[1] - accuracy.value for _, accuracy, _ in known],
            "arrayminus": [accuracy.value - accuracy.interval[0] for _, accuracy, _ in known],
            "color": look.color,
            "thickness": 1.5,
            "width": 3,
        },
        "customdata": [[*(f"{end:.1%}" for end in one.interval), n] for _, one, n in known],
        "hovertemplate": "%{y:.1%} right (%{customdata[0]} to %{customdata[1]}), "
        "%{customdata[2]} images<extra></extra>",
        "selected": STILL,
        "unselected": STILL,
    }


def _layout(ticks: Sequence[str], title: str, lowest: float) -> dict[str, object]:
    percent = {"tickformat": ".0%", "fixedrange": True, "rangemode": "tozero"}
    return {
        "height": HEIGHT,
        "bargap": 0.15,
        "xaxis": {
            "tickmode": "array",
            "tickvals": list(range(len(ticks))),
            "ticktext": list(ticks),
            "title": {"text": title},
            "fixedrange": True,
            "tickangle": 0,
            "anchor": "y",
        },
        "yaxis": {**percent, "domain": [0, 0.68], "title": {"text": "share of images"}},
        "yaxis2": {
            **percent,
            "domain": [0.77, 1],
            "range": [lowest - 0.04, 1.04],
            "anchor": "x",
            "nticks": 3,
            "title": {"text": "accuracy"},
        },
    }
