"""FGSM on the encoder over its budget, as in the paper's Figures 3 and 5."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from app.selective.choices import TITLES, selective_names, selective_title
from app.selective.paper import MAXIMUM_ERROR
from app.selective.settings import PAGE
from app.selective.simplex import QUIET
from app.selective.stored import measured_or_reason, selected_of
from app.theme import CHART_CONFIG, ROLES, RoleName, lay_out
from core.analysis.selective_file import Measured
from core.evaluation.selected import Selected

LINES: tuple[tuple[str, RoleName, str], ...] = (
    ("accuracy", "purified", "solid"),
    ("error", "adversarial", "dash"),
    ("rejection", "noise", "dot"),
)

Point = tuple[float, Selected]


def show_sweep(dataset: str) -> None:
    """One chart a classifier of the data set, with the error where it is largest."""
    st.header("An attacker who sees the encoder alone", divider="gray", anchor="sweep")
    st.markdown(
        "FGSM of growing budget: accuracy falls, rejection takes over, and error should rise a "
        "little and fall again (Figure 3). The paper's encoder with a variable entropy rejects "
        "less and errs more (Figure 5)."
    )
    told: list[tuple[str, Sequence[Point]]] = []
    with st.grid(columns=3, min_column_width=260):
        for name in selective_names(dataset):
            with st.container():
                st.markdown(f"**{selective_title(name)}**")
                measured = measured_or_reason(dataset, name, "sweep")
                if measured is not None:
                    points = points_of(measured)
                    told.append((selective_title(name), points))
                    _show_one(dataset, name, measured, points)
    if told:
        st.caption(
            f"{maxima_words(told)} The thin line marks the paper's largest error on MNIST, "
            f"{100 * MAXIMUM_ERROR:.2f} %, of the one with all labels. Bars are 95 % intervals. "
            "This attack takes one step and does not know the limits: a low error here is no "
            "promise for any other attack."
        )


def points_of(measured: Measured) -> list[Point]:
    """Budget and counts of every row, by budget."""
    points = [
        (float(row["parameters"]["epsilon"]), selected)
        for row in measured.rows
        if (selected := selected_of(row)) is not None
    ]
    return sorted(points, key=lambda point: point[0])


def largest_error(points: Sequence[Point]) -> Point:
    """Where the error is largest, the first of equals."""
    return max(points, key=lambda point: point[1].error.value)


def maxima_words(told: Sequence[tuple[str, Sequence[Point]]]) -> str:
    """The largest error of every classifier, in words."""
    parts = []
    for title, points in told:
        epsilon, selected = largest_error(points)
        parts.append(f"{title}: {100 * selected.error.value:.2f} % at {epsilon:g}")
    n = {selected.n for _, points in told for _, selected in points}
    images = f"{min(n):,}" if len(n) == 1 else f"{min(n):,} to {max(n):,}"
    return f"Largest error, on {images} test images: {'; '.join(parts)}."


def sweep_chart(points: Sequence[Point], marked: bool) -> go.Figure:
    """Accuracy, error and rejection over epsilon.

    Args:
        points: By budget, at least one.
        marked: Whether the paper's largest error is drawn.
    """
    figure = go.Figure()
    x = [epsilon for epsilon, _ in points]
    for name, role, dash in LINES:
        shares = [getattr(selected, name) for _, selected in points]
        look = ROLES[role]
        figure.add_scatter(
            x=x,
            y=[round(one.value, 4) for one in shares],
            name=name,
            mode="lines+markers",
            line={"color": look.color, "dash": dash, "width": 2.5},
            marker={"color": look.color, "symbol": look.symbol, "size": 7},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [one.interval[1] - one.value for one in shares],
                "arrayminus": [one.value - one.interval[0] for one in shares],
                "thickness": 1,
                "width": 2,
            },
            hovertemplate="epsilon %{x:g}: %{y:.2%}<extra>" + name + "</extra>",
        )
    if marked:
        figure.add_scatter(
            x=[x[0], x[-1]],
            y=[MAXIMUM_ERROR, MAXIMUM_ERROR],
            mode="lines",
            name="paper's largest error",
            line={"color": QUIET, "width": 1.5},
            hovertemplate="%{y:.2%}<extra>paper's largest error</extra>",
        )
    return lay_out(
        figure,
        height=330,
        xaxis={"title": {"text": "epsilon (Linf)"}, "fixedrange": True},
        yaxis={"tickformat": ".0%", "range": [-0.03, 1.03], "nticks": 6, "fixedrange": True},
    )


def _show_one(dataset: str, name: str, measured: Measured, points: Sequence[Point]) -> None:
    epsilon, most = largest_error(points)
    marked = (dataset, name) == ("mnist", next(iter(TITLES)))
    (_, first), (last_epsilon, last) = points[0], points[-1]
    st.plotly_chart(
        sweep_chart(points, marked),
        key=f"{PAGE}_sweep_{name}",
        config=dict(CHART_CONFIG),
        alt=f"{selective_title(name)}: accuracy {first.accuracy.value:.1%} without an attack and "
        f"{last.accuracy.value:.1%} at {last_epsilon:g}, rejection {first.rejection.value:.1%} and "
        f"{last.rejection.value:.1%}; the error is largest at {epsilon:g}, "
        f"{most.error.value:.2%}, on {measured.about.n:,} {measured.about.split} images.",
    )
