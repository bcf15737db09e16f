"""The histogram and the curve, linked: bars choose images, a point of the curve chooses bars."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app.bit_flips.histogram import (
    Control,
    brush_of,
    chosen_bars,
    flip_chart,
    with_room,
)
from app.bit_flips.session import BitSession, key
from app.bit_flips.view import BINS, MOST_BITS, PAGE, STEPS_BINS, View
from app.theme import CHART_CONFIG
from core.analysis.attacked import Attacked
from core.analysis.epsilon_sweep import StrengthSweep
from core.analysis.flips import SLIDE_WIDTH, Bar, flip_histogram

DRAWN = f"{PAGE}_drawn"
"""Which brush the chart was drawn with, and which one the browser shows on it by itself."""

Mask = NDArray[np.bool_]
Counts = NDArray[np.int64]


def shown_flips(attacked: Attacked, sweep: StrengthSweep | None, view: View) -> tuple[Counts, Mask]:
    """What the histogram counts of each image, and whether its purified image is right (n,)."""
    if sweep is not None and view.strength is not None:
        return sweep.flips_at(view.strength), sweep.right_defended[view.strength]
    right = attacked.said_purified == attacked.labels
    if counts_steps(view):
        return attacked.level_steps("adversarial"), right
    return attacked.flips, right


def counts_steps(view: View) -> bool:
    """Whether level steps are counted; at other strengths only bits are known."""
    return view.bins == STEPS_BINS and view.strength is None


def brushed(flips: Counts, brush: tuple[int, int] | None) -> Mask:
    """Which images (n,) the brush holds; all without one."""
    if brush is None:
        return np.ones(len(flips), np.bool_)
    return np.asarray((flips >= brush[0]) & (flips <= brush[1]))


def histogram_bars(
    attacked: Attacked, flips: Counts, right: Mask, view: View
) -> tuple[tuple[Bar, ...], list[Control]]:
    """The bars, as far as any control reaches, and the controls where they are of the same run."""
    width = SLIDE_WIDTH if view.bins == "slide" else None
    steps = counts_steps(view)
    most = int(max(attacked.code_size, flips.max())) if steps else attacked.code_size
    bars = flip_histogram(flips, right, most, width=width)
    if view.strength is not None:
        return bars, []
    count = attacked.level_steps if steps else attacked.flips_of
    controls = [
        Control("noise", "Random noise, same size", count("noise")),
        Control("clean", "Fresh latent noise, no attack", count("redrawn")),
    ]
    for control in controls:
        most = max(most, int(control.flips.max()))
        longest = flip_histogram(control.flips, right, most, width=width)
        bars = with_room(bars, longest)
    return bars, controls


def show_histogram(
    session: BitSession, attacked: Attacked, sweep: StrengthSweep | None, used: Mask
) -> None:
    """The chart with its switch; clicked bars become the brush."""
    view = session.view
    flips, right = shown_flips(attacked, sweep, view)
    bars, controls = histogram_bars(attacked, flips, right, view)
    base, number = _drawn(view.brush)
    figure = flip_chart(
        bars,
        controls,
        unit="level steps" if counts_steps(view) else "flipped bits",
        chosen=chosen_bars(bars, base),
    )
    chart_key = f"{PAGE}_histogram_{number}"
    st.plotly_chart(
        figure,
        key=chart_key,
        config=dict(CHART_CONFIG),
        on_select=lambda: _choose_bars(session, bars, chart_key),
        selection_mode="points",
        alt=histogram_alt(bars),
    )
    if view.brush is not None:
        _say_brush(session, view.brush, int(used.sum()), len(used))


def histogram_alt(bars: Sequence[Bar]) -> str:
    """The histogram in words: the first bars with their shares and accuracies."""
    told = [
        f"{bar.counts}: {bar.share:.1%} of images, {bar.accuracy.value:.0%} right once purified"
        for bar in bars
        if bar.accuracy is not None
    ]
    more = f"; and {len(told) - 12} more bars" if len(told) > 12 else ""
    return "Histogram of flipped bits. " + "; ".join(told[:12]) + more


def show_switch(session: BitSession, attacked: Attacked, flips: Counts) -> None:
    """How the bars are made, and which images are looked at."""
    view = session.view
    left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
    options = dict(BINS)
    if attacked.bits_per_latent > 1:
        options[STEPS_BINS] = "Level steps"
    if st.session_state.get(key("bins")) not in options:
        st.session_state[key("bins")] = view.bins if view.bins in options else "counts"
    bins = left.segmented_control(
        "Bars",
        list(options),
        format_func=options.__getitem__,
        key=key("bins"),
        required=True,
        help="The slide counts in steps of 2 %. A 64-bit code flips in steps of 1.56 %, so such "
        "a bin holds one number of bits, or two: below each bar stand the numbers it holds.",
    )
    view = session.see(bins=str(bins))
    most = max(1, int(flips.max()))
    low, high = view.brush or (0, most)
    # The slider's callback has told the view already, so the view is always right.
    st.session_state[key("brush")] = (min(low, most), min(high, most))
    right.slider(
        "Images with so many flips",
        0,
        most,
        key=key("brush"),
        on_change=lambda: _slide(session, most),
        help="The same as a click on a bar; with shift, several bars. The curve and the images "
        "below are then those of the chosen bars.",
    )


def _slide(session: BitSession, most: int) -> None:
    """Callback of the slider: the whole range is no brush."""
    low, high = st.session_state[key("brush")]
    session.see(brush=None if (low, high) == (0, most) else (low, high))


def _choose_bars(session: BitSession, bars: Sequence[Bar], chart_key: str) -> None:
    """Callback of the chart: clicked bars, or the bars below a clicked line, become the brush."""
    places, traces = (selected_places(chart_key, field) for field in ("x", "curve_number"))
    brush = brush_of(bars, places)
    base, number = st.session_state.get(DRAWN, (None, 0))[:2]
    alone = base is None and not any(traces) and chosen_bars(bars, brush) == places
    # What the browser dims by itself needs no new chart, and a new chart would forget the clicks.
    st.session_state[DRAWN] = (base, number, brush) if alone else (brush, number + 1, brush)
    session.look(brush=brush)


def _drawn(brush: tuple[int, int] | None) -> tuple[tuple[int, int] | None, int]:
    """Which brush to draw the chart with, and the chart's number: a new one is a new chart."""
    base, number, shown = st.session_state.get(DRAWN, (None, 0, None))
    if shown != brush:
        base, number = brush, number + 1
        st.session_state[DRAWN] = (base, number, brush)
    return base, number


def selected_places(chart_key: str, field: str) -> list[int]:
    """The places of the points that are selected on a chart."""
    state: Any = st.session_state.get(chart_key) or {}
    points = state.get("selection", {}).get("points", [])
    return sorted({int(point[field]) for point in points if field in point})


def _say_brush(session: BitSession, brush: tuple[int, int], used: int, n: int) -> None:
    low, high = brush
    count = f"{low}" if low == high else f"{low} to {min(high, MOST_BITS)}"
    row = st.container(horizontal=True, vertical_alignment="center")
    row.markdown(f"**{used:,} of {n:,} images** chosen: those with {count}.", width="content")
    row.button(
        "Show all",
        key=f"{PAGE}_show_all",
        on_click=session.look,
        kwargs={"brush": None},
        icon=":material/close:",
        help="Lets go of the chosen bars.",
    )
