"""Charts of what the limits cost and catch, from distances and errors to figures."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.selective.crowd import counted
from app.theme import ROLES, RoleName, lay_out
from core.analysis.selective_curves import SCORES, Found, risk_coverage
from core.selective import Thresholds

Floats = NDArray[np.float64]
MOST_POINTS = 200
"""Points of a drawn curve."""

LOOKS: Mapping[str, tuple[RoleName, str, str]] = {
    "latent": ("clean", "dash", "latent limit alone"),
    "output": ("code", "dot", "output limit alone"),
    "both": ("purified", "solid", "both together"),
}
"""Colour, dash and name of each row of ``SCORES``."""

PERCENT = {"tickformat": ".0%", "fixedrange": True}


@dataclass(frozen=True, eq=False, kw_only=True)
class Told:
    """How well one score tells attacked images from clean ones.

    Attributes:
        false_rates: Share of clean images rejected, rising from 0 to 1.
        true_rates: Share of attacked ones rejected, beside it.
        area: Area below the curve; 0.5 is guessing.
    """

    false_rates: Floats
    true_rates: Floats
    area: float


def told_apart(clean: Floats, attacked: Floats) -> Told:
    """The curve for every threshold, from the scores of clean (n,) and attacked images (m,).

    Raises:
        ValueError: There are none of one kind.
    """
    if not len(clean) or not len(attacked):
        raise ValueError("telling apart needs at least one clean and one attacked image")
    thresholds = np.unique(np.concatenate([clean, attacked]))[::-1]
    above = [
        1 - np.searchsorted(np.sort(scores), thresholds, side="left") / len(scores)
        for scores in (clean, attacked)
    ]
    false, true = (np.concatenate([[0.0], rates]) for rates in above)
    return Told(false_rates=false, true_rates=true, area=float(np.trapezoid(true, false)))


def risk_chart(found: Found, usual: Thresholds, limits: Thresholds) -> go.Figure:
    """Share of wrong answers over the share answered, and where the limits stand now.

    Args:
        found: Clean images.
        usual: The limits of the training images, in whose units both are tightened together.
        limits: The limits as the sliders stand.
    """
    figure = go.Figure()
    scores = found.scores(usual)
    for score in SCORES:
        role, dash, name = LOOKS[score]
        curve = risk_coverage(scores[score], found.right)
        figure.add_scatter(
            x=list(curve.coverage),
            y=list(curve.risk),
            mode="lines",
            name=name,
            line={"color": ROLES[role].color, "width": 2.5, "dash": dash},
            hovertemplate="%{x:.1%} answered, %{y:.2%} of them wrong<extra>" + name + "</extra>",
        )
    now = counted(found, limits)
    if now.risk is not None:
        _now(figure, 1 - now.rejection.value, now.risk, "%{x:.1%} answered, %{y:.2%} of them wrong")
    return lay_out(
        figure,
        height=340,
        xaxis={"title": {"text": "share answered"}, **PERCENT, "range": [-0.03, 1.03]},
        yaxis={
            "title": {"text": "wrong among the answers"},
            "tickformat": ".1%",
            "nticks": 5,
            "fixedrange": True,
            "rangemode": "tozero",
        },
    )


def roc_of(clean: Found, attacked: Found, usual: Thresholds) -> Mapping[str, Told]:
    """By row of ``SCORES``; only images whose class the attack changed count as attacked.

    Raises:
        ValueError: The attack changed none.
    """
    fooled = ~attacked.right
    before, after = clean.scores(usual), attacked.scores(usual)
    return {score: told_apart(before[score], after[score][fooled]) for score in SCORES}


def roc_chart(
    told: Mapping[str, Told], clean: Found, attacked: Found, limits: Thresholds
) -> go.Figure:
    """Attacks rejected over clean images rejected, and where the limits stand now.

    Args:
        told: From ``roc_of``.
        clean: Clean images.
        attacked: Attacked ones.
        limits: The limits as the sliders stand.
    """
    figure = go.Figure()
    for score, curve in told.items():
        role, dash, name = LOOKS[score]
        kept = np.linspace(0, len(curve.false_rates) - 1, MOST_POINTS).round().astype(int)
        figure.add_scatter(
            x=curve.false_rates[kept].round(4).tolist(),
            y=curve.true_rates[kept].round(4).tolist(),
            mode="lines",
            name=f"{name}, area {curve.area:.3f}",
            line={"color": ROLES[role].color, "width": 2.5, "dash": dash},
            hovertemplate="%{y:.1%} of the attacked, %{x:.1%} of the clean<extra>"
            + name
            + "</extra>",
        )
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": ROLES["noise"].color, "width": 1, "dash": "dot"},
        hoverinfo="skip",
        showlegend=False,
    )
    caught = rejected_of(attacked, ~attacked.right, limits)
    words = "%{y:.1%} of the attacked, %{x:.1%} of the clean rejected"
    _now(figure, counted(clean, limits).rejection.value, caught, words)
    span = {**PERCENT, "range": [-0.03, 1.03]}
    return lay_out(
        figure,
        height=340,
        xaxis={"title": {"text": "clean images rejected"}, **span},
        yaxis={"title": {"text": "attacks rejected"}, **span},
    )


def rejected_of(found: Found, among: NDArray[np.bool_], limits: Thresholds) -> float:
    """Share of some of the images, at least one, that is beyond a limit."""
    beyond = (found.nearest > limits.latent) | (found.errors > limits.output)
    return float(beyond[among].mean())


def _now(figure: go.Figure, x: float, y: float, words: str) -> None:
    look = ROLES["adversarial"]
    figure.add_scatter(
        x=[round(x, 5)],
        y=[round(y, 5)],
        mode="markers",
        name="your limits",
        marker={
            "color": look.color,
            "symbol": "diamond",
            "size": 15,
            "line": {"color": "white", "width": 2},
        },
        hovertemplate=words + "<extra>your limits</extra>",
    )
