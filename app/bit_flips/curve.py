"""Flipped bits and accuracy over the strength of the attack, on one axis, with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.theme import ROLES, RoleName, lay_out
from core.evaluation import Accuracy
from core.evaluation.accuracy import Z_95

HEIGHT = 360
MARKS: Mapping[RoleName, str] = {
    **{role: look.symbol for role, look in ROLES.items()},
    "code": "square",  # the role's own stroke is too thin to click
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Curve:
    """What a curve shows of some images at P strengths.

    Attributes:
        strengths: Of the attack, ascending (P,).
        bare: Share of attacked images that the bare classifier gets right.
        defended: The same once they are purified.
        flipped: Mean share of flipped bits (P,), 0.0 to 1.0.
        spread: Half a 95 % interval of that mean (P,), from the normal distribution.
        l2: Mean Euclidean size of the perturbations (P,).
    """

    strengths: Sequence[float]
    bare: Sequence[Accuracy]
    defended: Sequence[Accuracy]
    flipped: NDArray[np.float64]
    spread: NDArray[np.float64]
    l2: NDArray[np.float64]

    @property
    def n(self) -> int:
        """How many images each point stands on."""
        return self.bare[0].n


def flipped_share(
    flips: NDArray[np.int64], bits: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean share of flipped bits at each strength, and half its 95 % interval.

    Args:
        flips: Flipped bits at each strength of each image (P, n), n at least 1.
        bits: Size of the code.
    """
    shares = flips / bits
    n = shares.shape[1]
    deviation = shares.std(1, ddof=1) if n > 1 else np.zeros(len(shares))
    return shares.mean(1), Z_95 * deviation / np.sqrt(n)


def curve_chart(curve: Curve, title: str, chosen: int | None) -> go.Figure:
    """Three lines over the strength; the chosen strength is marked.

    Args:
        curve: What was measured.
        title: Names the strength, below the axis.
        chosen: Place of the strength whose histogram is shown; None marks nothing.
    """
    figure = go.Figure([_trace(line, curve) for line in _lines(curve)])
    if chosen is not None:
        mark = {"color": ROLES["noise"].color, "width": 2, "dash": "dash"}
        figure.add_vline(x=curve.strengths[chosen], line=mark)
    return lay_out(
        figure,
        height=HEIGHT,
        xaxis={"title": {"text": title}, "fixedrange": True},
        yaxis={
            "range": [-0.03, 1.04],
            "tickformat": ".0%",
            "fixedrange": True,
            "title": {"text": "share of images, share of bits"},
        },
    )


@dataclass(frozen=True)
class _Line:
    role: RoleName
    name: str
    dash: str
    values: list[float]
    low: list[float]
    high: list[float]


def _lines(curve: Curve) -> list[_Line]:
    flipped, spread = curve.flipped, curve.spread
    return [
        _accuracy_line("adversarial", "Right without a defense", "dash", curve.bare),
        _accuracy_line("purified", "Right once purified", "solid", curve.defended),
        _Line(
            "code",
            "Share of bits flipped",
            "dot",
            flipped.tolist(),
            np.maximum(flipped - spread, 0).tolist(),
            (flipped + spread).tolist(),
        ),
    ]


def _accuracy_line(role: RoleName, name: str, dash: str, accuracies: Sequence[Accuracy]) -> _Line:
    ends = [one.interval for one in accuracies]
    values = [one.value for one in accuracies]
    return _Line(role, name, dash, values, [low for low, _ in ends], [high for _, high in ends])


def _trace(line: _Line, curve: Curve) -> dict[str, object]:
    look = ROLES[line.role]
    still = {"marker": {"opacity": 1}}
    values = np.asarray(line.values)
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": line.name,
        "x": list(curve.strengths),
        "y": line.values,
        "line": {"color": look.color, "width": 2.5, "dash": line.dash},
        "marker": {"color": look.color, "symbol": MARKS[line.role], "size": 10},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": (np.asarray(line.high) - values).tolist(),
            "arrayminus": (values - np.asarray(line.low)).tolist(),
            "color": look.color,
            "thickness": 1.2,
            "width": 3,
        },
        "customdata": [
            [f"{low:.1%}", f"{high:.1%}", f"{size:.2f}"]
            for low, high, size in zip(line.low, line.high, curve.l2, strict=True)
        ],
        "hovertemplate": "%{y:.1%} (%{customdata[0]} to %{customdata[1]}), "
        "mean L2 %{customdata[2]}<extra>" + line.name + "</extra>",
        "selected": still,
        "unselected": still,
    }
