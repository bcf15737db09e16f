"""The trade-off of coarse and fine codes as Plotly charts."""

from collections.abc import Callable, Sequence
from typing import Any

import plotly.graph_objects as go

from app.quantizer.figures import PERCENT, STILL, accuracy_marks
from app.quantizer.trade_off import Code
from app.theme import ROLES, RoleName, lay_out
from core.evaluation import Accuracy


def accuracy_over_bits(codes: Sequence[Code], against: str, title: str) -> go.Figure:
    """Clean, oblivious and adaptive accuracy of every code.

    Args:
        codes: From ``join``.
        against: The oblivious attack, a key of their ``robust``.
        title: Its name.
    """
    figure = go.Figure()
    adaptive = next((code.adaptive_title for code in codes if code.adaptive_title), "")
    series: list[tuple[RoleName, str, list[Accuracy | None]]] = [
        ("clean", "clean images, purified", [code.clean for code in codes]),
        ("purified", f"{title}, oblivious, purified", [code.robust.get(against) for code in codes]),
        ("adversarial", f"{adaptive}, adaptive", [code.adaptive for code in codes]),
        ("noise", f"{title}, no defense", [code.bare.get(against) for code in codes]),
    ]
    for role, name, values in series:
        if any(value is not None for value in values):
            _in_line_and_apart(figure, codes, accuracy_marks(role, name, values))
    return lay_out(
        figure,
        height=380,
        xaxis=_axis(codes),
        yaxis={**PERCENT, "range": [-0.04, 1.04], "title": {"text": "right answers"}},
    )


def error_over_bits(codes: Sequence[Code]) -> go.Figure:
    """Reconstruction error of every code."""
    figure = go.Figure()
    _plain(
        figure,
        codes,
        "clean",
        "clean pictures, purified",
        lambda code: None if code.kept is None else code.kept.mean_squared_error,
    )
    return _small(figure, codes, {"title": {"text": "mean squared error"}, "rangemode": "tozero"})


def flips_over_bits(codes: Sequence[Code]) -> go.Figure:
    """Share of the bits that the attack, and noise of its size, flip in every code."""
    figure = go.Figure()
    _plain(
        figure,
        codes,
        "adversarial",
        "flipped by the attack",
        lambda code: None if code.kept is None else code.kept.share_flipped,
    )
    _plain(
        figure,
        codes,
        "noise",
        "by noise of its size",
        lambda code: None if code.kept is None else code.kept.share_flipped_by_noise,
    )
    axis = {"title": {"text": "share of the bits"}, "rangemode": "tozero", "tickformat": ".1%"}
    return _small(figure, codes, axis)


def _plain(
    figure: go.Figure,
    codes: Sequence[Code],
    role: RoleName,
    name: str,
    value: Callable[[Code], float | None],
) -> None:
    look = ROLES[role]
    marks = {
        "y": [value(code) for code in codes],
        "name": f"{look.mark} {name}",
        "mode": "lines+markers",
        "line": {"color": look.color, "width": 2.5},
        "marker": {"color": look.color, "symbol": look.symbol, "size": 9},
        "hovertemplate": "%{x}: %{y:.4f}<extra>" + name + "</extra>",
    }
    _in_line_and_apart(figure, codes, marks)


def _in_line_and_apart(figure: go.Figure, codes: Sequence[Code], marks: dict[str, Any]) -> None:
    """Codes of one recipe joined by a line; the others as open marks of the same colour."""
    for apart in (False, True):
        chosen = [place for place, code in enumerate(codes) if code.apart is apart]
        if not chosen:
            continue
        trace = {**marks, "x": [codes[place].place for place in chosen]}
        for name in ("y", "customdata"):
            if name in marks:
                trace[name] = [marks[name][place] for place in chosen]
        if "error_y" in marks:
            ends = {n: [marks["error_y"][n][p] for p in chosen] for n in ("array", "arrayminus")}
            trace["error_y"] = {**marks["error_y"], **ends, "color": marks["line"]["color"]}
        if apart:
            trace |= {"mode": "markers", "showlegend": False}
            symbol = f"{marks['marker']['symbol']}-open"
            trace["marker"] = {**marks["marker"], "symbol": symbol, "size": 11}
            trace["marker"]["line"] = {"width": 2, "color": marks["line"]["color"]}
        figure.add_scatter(**trace)


def _axis(codes: Sequence[Code]) -> dict[str, Any]:
    return {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": [code.place for code in codes],
        "title": {"text": "bits of the code"},
        **STILL,
    }


def _small(figure: go.Figure, codes: Sequence[Code], yaxis: dict[str, Any]) -> go.Figure:
    return lay_out(
        figure,
        height=290,
        showlegend=True,
        xaxis=_axis(codes),
        yaxis={"nticks": 5, **STILL, **yaxis},
    )
