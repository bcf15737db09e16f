"""The figures behind the tiles, as Plotly charts: from finished checks to figures; none draws."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.theme import ROLES, RoleName, lay_out
from core.analysis.attack_checks import Point
from core.analysis.checks import signed
from core.analysis.network_checks import NEAR
from core.analysis.sanity_report import CodeFigures
from core.evaluation.accuracy import Accuracy

HEIGHT = 270
STILL = {"fixedrange": True}
PERCENT = {"tickformat": ".0%", "nticks": 5, **STILL}


def accuracy_curve(points: Sequence[Point]) -> go.Figure:
    """Accuracy of the bare and of the defended classifier over the attack's budget."""
    figure = go.Figure()
    x = [point.epsilon for point in points]
    curves: list[tuple[RoleName, str, list[Accuracy]]] = [
        ("adversarial", "bare classifier", [point.bare for point in points]),
        ("purified", "behind the purifier", [point.defended for point in points]),
    ]
    for role, title, values in curves:
        figure.add_scatter(x=x, **accuracy_marks(role, title, values))
    return _laid_out(
        figure,
        xaxis={"title": {"text": "epsilon"}, **STILL},
        yaxis={**PERCENT, "range": [-0.04, 1.04], "title": {"text": "right answers"}},
    )


def accuracy_marks(role: RoleName, title: str, values: Sequence[Accuracy | None]) -> dict[str, Any]:
    """A line of accuracies with their intervals; None leaves a gap."""
    look = ROLES[role]
    return {
        "y": [None if one is None else round(one.value, 4) for one in values],
        "customdata": [
            None if one is None else [*(round(end, 4) for end in one.interval), one.n]
            for one in values
        ],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [0 if one is None else one.interval[1] - one.value for one in values],
            "arrayminus": [0 if one is None else one.value - one.interval[0] for one in values],
            "thickness": 1.5,
            "width": 4,
        },
        "name": f"{look.mark} {title}",
        "mode": "lines+markers",
        "line": {"color": look.color, "width": 2.5},
        "marker": {"color": look.color, "symbol": look.symbol, "size": 9},
        "hovertemplate": "%{x}: %{y:.1%} (%{customdata[0]:.1%} to %{customdata[1]:.1%}, "
        "%{customdata[2]:,} images)<extra>" + title + "</extra>",
    }


def quantizer_curve(code: CodeFigures) -> go.Figure:
    """Hard and soft bits over single latent values, with the walls."""
    figure = go.Figure()
    several = len(code.curve.hard) > 1
    for bit, (hard, soft) in enumerate(zip(code.curve.hard, code.curve.soft, strict=True)):
        name = f" bit {bit}" if several else " bit"
        dash = ("solid", "dash", "dot", "dashdot")[bit % 4]
        for look, kind, values in (
            (ROLES["code"], "hard", hard),
            (ROLES["purified"], "soft", soft),
        ):
            figure.add_scatter(
                x=code.curve.latents,
                y=values,
                mode="lines",
                name=f"{look.mark} {kind}{name}",
                line={"color": look.color, "width": 2.5, "dash": dash},
                hovertemplate="latent %{x:.3f}: %{y:.2f}<extra>" + kind + name + "</extra>",
            )
    walls = [edge for wall in code.walls for edge in (wall, wall, None)]
    names = ", ".join(signed(wall) for wall in code.walls)
    _upright(figure, walls, 1.2, "noise", f"wall at {names}", low=-1.2)
    return _laid_out(
        figure,
        xaxis={"title": {"text": "latent value"}, **STILL},
        yaxis={"range": [-1.2, 1.2], "tickvals": [-1, 0, 1], "title": {"text": "bit"}, **STILL},
    )


def gradient_histogram(code: CodeFigures) -> go.Figure:
    """Gradient norms of the encoder, with K."""
    figure = go.Figure()
    target = code.penalty.norm
    highest = _bars(
        figure, [("code", "gradient norm", code.gradients)], bins=60, also=target * NEAR
    )
    figure.add_vrect(
        target / NEAR,
        target * NEAR,
        fillcolor=ROLES["purified"].color,
        opacity=0.1,
        line={"width": 0},
    )
    _upright(figure, [target, target], 1.05 * highest, "purified", f"K = {target:g}")
    return _laid_out(
        figure,
        xaxis={"title": {"text": "gradient norm"}, "rangemode": "tozero", **STILL},
        yaxis={"title": {"text": "images"}, **STILL},
    )


def ratio_histogram(code: CodeFigures) -> go.Figure:
    """How far the latents move for each unit the image moves: attack and random noise."""
    figure = go.Figure()
    _bars(
        figure,
        [
            ("noise", "same-size random noise", code.noise),
            ("adversarial", "attack", code.adversarial),
        ],
    )
    return _laid_out(
        figure,
        barmode="overlay",
        xaxis={"title": {"text": "latent move / image move"}, "rangemode": "tozero", **STILL},
        yaxis={"title": {"text": "images"}, **STILL},
    )


def kept_histogram(code: CodeFigures) -> go.Figure:
    """How many bits of each code change when its picture is encoded again."""
    size = len(code.plus)
    changed = [round((1 - share) * size) for share in code.kept]
    counts = np.bincount(changed, minlength=1)
    look = ROLES["code"]
    figure = go.Figure()
    figure.add_bar(
        x=list(range(len(counts))),
        y=counts.tolist(),
        name=f"{look.mark} images",
        marker=_fill("code"),
        hovertemplate="%{x} of " + str(size) + " bits change: %{y:,} images<extra></extra>",
    )
    return _laid_out(
        figure,
        xaxis={"title": {"text": f"bits that change, of {size}"}, **STILL},
        yaxis={"title": {"text": "images"}, **STILL},
    )


def use_chart(code: CodeFigures) -> go.Figure:
    """Share of +1 of every bit, from the rarest to the commonest."""
    order = np.argsort(code.plus)
    look = ROLES["code"]
    figure = go.Figure()
    figure.add_bar(
        x=list(range(len(order))),
        y=[code.plus[bit] for bit in order],
        customdata=order.tolist(),
        name=f"{look.mark} share of +1",
        marker=_fill("code"),
        hovertemplate="bit %{customdata}: +1 on %{y:.1%} of the images<extra></extra>",
    )
    return _laid_out(
        figure,
        bargap=0.15,
        xaxis={"title": {"text": "bits, sorted"}, "showticklabels": False, **STILL},
        yaxis={**PERCENT, "range": [0, 1], "title": {"text": "share of +1"}},
    )


def _bars(
    figure: go.Figure,
    series: Sequence[tuple[RoleName, str, Sequence[float]]],
    *,
    bins: int = 30,
    also: float = 0.0,
) -> int:
    """Histograms over shared bins that begin at 0; ``also`` lies within them.

    Returns:
        The height of the highest bar.
    """
    top = max([also, *(value for _, _, values in series for value in values)]) or 1.0
    edges = np.linspace(0, 1.02 * top, bins + 1)
    highest = 0
    for role, title, values in series:
        counts, _ = np.histogram(values, edges)
        highest = max(highest, int(counts.max()))
        figure.add_bar(
            x=((edges[1:] + edges[:-1]) / 2).round(5).tolist(),
            y=counts.tolist(),
            width=float(edges[1] - edges[0]),
            name=f"{ROLES[role].mark} {title}",
            marker=_fill(role, patterned=len(series) > 1),
            opacity=0.8,
            hovertemplate="about %{x:.3f}: %{y:,} images<extra>" + title + "</extra>",
        )
    return highest


def _upright(
    figure: go.Figure,
    x: Sequence[float | None],
    high: float,
    role: RoleName,
    name: str,
    low: float = 0.0,
) -> None:
    """Upright dashed lines as one trace, so that the legend names them."""
    figure.add_scatter(
        x=list(x),
        y=[None if value is None else (low, high)[place % 3] for place, value in enumerate(x)],
        mode="lines",
        name=name,
        line={"color": ROLES[role].color, "width": 2.5, "dash": "dash"},
        hoverinfo="skip",
    )


def _fill(role: RoleName, *, patterned: bool = False) -> dict[str, Any]:
    """The look of bars; the pattern only where two series have to be told apart."""
    look = ROLES[role]
    fill: dict[str, Any] = {"color": look.color, "line": {"color": look.color, "width": 1}}
    if patterned:
        fill["pattern"] = {"shape": look.pattern, "size": 6, "solidity": 0.35}
    return fill


def _laid_out(figure: go.Figure, **changes: Any) -> go.Figure:  # noqa: ANN401 - as Plotly takes them
    return lay_out(figure, **{"height": HEIGHT, "bargap": 0, "showlegend": True, **changes})
