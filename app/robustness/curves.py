"""Accuracy over epsilon, and over the steps of the attack: from stored cells to Plotly figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from app.robustness.names import defense_title
from app.theme import ROLES, RoleName, lay_out, rgb
from core.evaluation import Accuracy, Evaluation

PERCENT = {"tickformat": ".0%", "range": [-0.03, 1.03], "nticks": 6, "fixedrange": True}
BAND = 0.16
"""Opacity of the intervals."""

LOOKS: Mapping[str, tuple[RoleName, str]] = {
    "lq_vae": ("code", "solid"),
    "lq_vae_plus": ("purified", "dash"),
    "bit_depth": ("noise", "dot"),
}
"""Colour and dash of the defenses where several share a chart."""


@dataclass(frozen=True)
class Curve:
    """One line of a chart.

    Attributes:
        name: In the legend.
        role: Its colour and mark.
        dash: As Plotly names it.
        points: Place and accuracy, by place.
        open: Whether its marks are open.
    """

    name: str
    role: RoleName
    dash: str
    points: tuple[tuple[float, Accuracy], ...]
    open: bool = False


def epsilon_curves(evaluations: Sequence[Evaluation], defense: str) -> list[Curve]:
    """The lines of one defense: clean, adaptive, oblivious, no defense, random noise.

    Args:
        evaluations: Stored cells of the suite ``curves``.
        defense: A row of ``DEFENSES``.
    """
    mine = [one for one in evaluations if one.specification.defense == defense]
    clean = max((one.clean_defended for one in mine if one.clean_defended), key=_n, default=None)
    bare = max((one.clean for one in evaluations), key=_n, default=None)
    kinds: tuple[tuple[str, RoleName, str, bool, Accuracy | None, dict[float, Accuracy]], ...] = (
        (
            "attacker knows the defense",
            "adversarial",
            "solid",
            False,
            clean,
            _over_epsilon(mine, "adaptive", "pgd", "robust"),
        ),
        (
            "attacker does not see it",
            "purified",
            "dash",
            False,
            clean,
            _over_epsilon(mine, "oblivious", "pgd", "robust"),
        ),
        (
            "no defense",
            "adversarial",
            "dot",
            True,
            bare,
            _over_epsilon(evaluations, "oblivious", "pgd", "attacked"),
        ),
        (
            "random noise",
            "noise",
            "dash",
            False,
            clean,
            _over_epsilon(mine, "oblivious", "noise", "robust"),
        ),
    )
    curves = []
    for name, role, dash, hollow, start, found in kinds:
        if found:
            first = {} if start is None else {0.0: start}
            points = tuple(sorted((first | found).items()))
            curves.append(Curve(name, role, dash, points, hollow))
    if curves and clean is not None:
        last = max(place for curve in curves for place, _ in curve.points)
        curves.append(Curve("clean images", "clean", "longdash", ((0.0, clean), (last, clean))))
    return curves


def convergence_curves(evaluations: Sequence[Evaluation]) -> list[Curve]:
    """Accuracy over the steps of adaptive PGD, one line a defense.

    Args:
        evaluations: Stored cells of the suite ``convergence``.
    """
    curves = []
    for defense, (role, dash) in LOOKS.items():
        points = {
            float(dict(one.specification.parameters)["steps"]): one.robust
            for one in evaluations
            if one.specification.defense == defense
            and one.robust is not None
            and "steps" in dict(one.specification.parameters)
        }
        if points:
            ordered = tuple(sorted(points.items()))
            curves.append(Curve(defense_title(defense), role, dash, ordered))
    return curves


def settled(curves: Sequence[Curve]) -> str:
    """What the last doubling of the steps still changed, in words."""
    told = []
    for curve in curves:
        if len(curve.points) < 2:
            continue
        (before, earlier), (after, later) = curve.points[-2:]
        fell = 100 * (later.value - earlier.value)
        sign = "+" if fell > 0 else "−" if fell < 0 else "±"
        told.append(f"{sign}{abs(fell):.1f} points behind {curve.name}")
        steps = f"From {before:.0f} to {after:.0f} steps"
    if not told:
        return ""
    return (
        f"{steps} the figures change by {', '.join(told)}. A curve that still falls at its end "
        "means an attack that has not finished, and a figure that is too high."
    )


def over_epsilon(curves: Sequence[Curve]) -> go.Figure:
    """The chart of ``epsilon_curves``."""
    return _figure(curves, {"title": {"text": "epsilon (Linf)"}, "fixedrange": True})


def over_steps(curves: Sequence[Curve]) -> go.Figure:
    """The chart of ``convergence_curves``; the axis of steps is logarithmic."""
    places = sorted({place for curve in curves for place, _ in curve.points})
    axis = {
        "type": "log",
        "title": {"text": "steps of the attack"},
        "tickvals": places,
        "ticktext": [f"{place:.0f}" for place in places],
        "fixedrange": True,
    }
    return _figure(curves, axis)


def in_words(curves: Sequence[Curve]) -> str:
    """The ends of every line, for those who do not see the chart."""
    return "; ".join(
        f"{curve.name}: {curve.points[0][1].value:.1%} at {curve.points[0][0]:g}, "
        f"{curve.points[-1][1].value:.1%} at {curve.points[-1][0]:g}"
        for curve in curves
    )


def _over_epsilon(
    evaluations: Sequence[Evaluation], threat: str, attack: str, accuracy: str
) -> dict[float, Accuracy]:
    found: dict[float, Accuracy] = {}
    for one in evaluations:
        spec = one.specification
        value: Accuracy | None = getattr(one, accuracy)
        if (spec.threat, spec.attack) == (threat, attack) and value is not None:
            found[float(dict(spec.parameters)["epsilon"])] = value
    return found


def _figure(curves: Sequence[Curve], xaxis: dict[str, Any]) -> go.Figure:
    figure = go.Figure()
    for curve in curves:
        _band(figure, curve)
    for curve in curves:
        _line(figure, curve)
    yaxis = {**PERCENT, "title": {"text": "right answers"}}
    return lay_out(figure, height=400, xaxis=xaxis, yaxis=yaxis)


def _band(figure: go.Figure, curve: Curve) -> None:
    """The intervals of a line as a closed, faint area."""
    low = [(place, accuracy.interval[0]) for place, accuracy in curve.points]
    high = [(place, accuracy.interval[1]) for place, accuracy in curve.points]
    around = [*high, *reversed(low)]
    color = ", ".join(str(part) for part in rgb(ROLES[curve.role].color))
    figure.add_scatter(
        x=[place for place, _ in around],
        y=[value for _, value in around],
        fill="toself",
        fillcolor=f"rgba({color}, {BAND})",
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
    )


def _line(figure: go.Figure, curve: Curve) -> None:
    look = ROLES[curve.role]
    flat = curve.role == "clean"
    symbol = "circle" if curve.role == "code" else look.symbol
    figure.add_scatter(
        x=[place for place, _ in curve.points],
        y=[round(accuracy.value, 4) for _, accuracy in curve.points],
        customdata=[
            [*(round(end, 4) for end in accuracy.interval), accuracy.n]
            for _, accuracy in curve.points
        ],
        name=curve.name,
        mode="lines" if flat else "lines+markers",
        line={"color": look.color, "width": 2.5, "dash": curve.dash},
        marker={
            "color": look.color,
            "symbol": f"{symbol}-open" if curve.open else symbol,
            "size": 9,
            "line": {"color": look.color, "width": 2},
        },
        hovertemplate="%{x:g}: %{y:.1%} (%{customdata[0]:.1%} to %{customdata[1]:.1%}, "
        "%{customdata[2]:,} images)<extra>" + curve.name + "</extra>",
    )


def _n(accuracy: Accuracy) -> int:
    return accuracy.n
