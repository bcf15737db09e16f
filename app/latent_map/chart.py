"""The map as a Plotly figure: points in the shape of their kind, arrows, a grid or the walls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.latent_map.colors import FLIPS_SCALE, Coloring
from app.latent_map.divisions import add_grid, add_walls
from app.latent_map.links import FEW, add_links
from app.latent_map.points import Floats, Points, zoomed
from app.theme import ROLES, lay_out
from core.analysis.attacked import Attacked
from core.analysis.default_map import MapRole
from core.analysis.grids import CodeGrid, Grid

HEIGHT = 620
SIZES: Mapping[MapRole, int] = {"clean": 5, "adversarial": 8, "purified": 10}
EDGE = "rgba(255,255,255,0.75)"
DIMMED = 0.12
LABEL_INK, LABEL_GROUND = "#1C2333", "rgba(255,255,255,0.8)"


@dataclass(frozen=True, eq=False, kw_only=True)
class Drawing:
    """What a map shows.

    Attributes:
        attacked: The run.
        points: Where its images lie.
        coloring: What the colours say.
        classes: Names of the classes.
        division: A grid on the picture, the walls on raw axes, or neither.
        axes: Titles of the axes; empty where they mean nothing.
        labels: Class names are written where the clean images of the class lie.
        zoom: The picture is cut to the chosen points.
    """

    attacked: Attacked
    points: Points
    coloring: Coloring
    classes: Sequence[str]
    division: Grid | CodeGrid | None = None
    axes: tuple[str, str] = ("", "")
    labels: bool = True
    zoom: bool = False


def map_chart(drawing: Drawing) -> go.Figure:
    """The whole map. ``customdata`` of every point is its image's place in the split."""
    figure = go.Figure()
    if isinstance(drawing.division, CodeGrid):
        add_walls(figure, drawing.division)
    elif drawing.division is not None:
        add_grid(figure, drawing.division)
    add_links(figure, drawing.points)
    # The smallest mark last, so that three points in one place are all seen.
    for kind in reversed(tuple(drawing.points.places)):
        figure.add_trace(_points(drawing, kind))
    for kind in drawing.points.places:
        figure.add_trace(_kind_entry(drawing, kind))
    for name, color in drawing.coloring.entries:
        figure.add_trace(_color_entry(name, color))
    if drawing.labels:
        run, clean = drawing.attacked, drawing.points.places["clean"]
        add_labels(figure, clean, run.labels, drawing.classes)
    return lay_out(figure, **_layout(drawing))


def _points(drawing: Drawing, kind: MapRole) -> dict[str, Any]:
    points, run, look = drawing.points, drawing.attacked, ROLES[kind]
    shown = points.shown
    places = points.places[kind][shown]
    chosen = np.isin(shown, points.chosen)
    size = SIZES[kind] + (2 if len(shown) <= FEW else 0)
    marker: dict[str, Any] = {
        "symbol": look.symbol,
        "color": drawing.coloring.values[kind][shown],
        "size": size,
        "opacity": 0.8,
        "line": {"color": EDGE, "width": 0.7},
    }
    if chosen.any():
        marker |= {
            "size": np.where(chosen, size + 5, size),
            "opacity": np.where(chosen, 1.0, DIMMED),
            "line": {
                "color": np.where(chosen, look.color, EDGE),
                "width": np.where(chosen, 2, 0.7),
            },
        }
    if drawing.coloring.top is not None:
        marker |= {
            "colorscale": list(zip((0, 0.5, 1), FLIPS_SCALE, strict=True)),
            "cmin": 0,
            "cmax": drawing.coloring.top,
        }
        if kind == "clean":
            marker["colorbar"] = _colorbar(drawing.coloring.title)
    return {
        "type": "scatter",
        "x": places[:, 0],
        "y": places[:, 1],
        "mode": "markers",
        "marker": marker,
        "customdata": run.indices[shown],
        "text": _hover_texts(drawing, kind),
        "hovertemplate": "%{text}<extra></extra>",
        "name": look.title,
        "legendgroup": kind,
        "showlegend": False,
    }


def _hover_texts(drawing: Drawing, kind: MapRole) -> list[str]:
    run, classes = drawing.attacked, drawing.classes
    said = {
        "clean": run.said_clean,
        "adversarial": run.said_adversarial,
        "purified": run.said_purified,
    }[kind]
    flips = None if run.bits is None else run.flips
    texts = []
    for place in drawing.points.shown.tolist():
        text = (
            f"<b>Image {run.indices[place]}</b>, {ROLES[kind].title.lower()}<br>"
            f"a {classes[run.labels[place]]}, classified as {classes[said[place]]}"
        )
        if flips is not None:
            text += f"<br>the attack flipped {flips[place]} of {run.code_size} bits"
        texts.append(text)
    return texts


def _kind_entry(drawing: Drawing, kind: MapRole) -> dict[str, Any]:
    """The legend's entry of a kind; a click on it hides the points of that kind."""
    look = ROLES[kind]
    plain = bool(drawing.coloring.entries) or drawing.coloring.top is not None
    return {
        "type": "scatter",
        "x": [None],
        "y": [None],
        "mode": "markers",
        "marker": {
            "symbol": look.symbol,
            "color": ROLES["noise"].color if plain else look.color,
            "size": 10,
        },
        "name": look.title,
        "legendgroup": kind,
        "legendrank": 1,
    }


def _color_entry(name: str, color: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": [None],
        "y": [None],
        "mode": "markers",
        "marker": {"symbol": "square", "color": color, "size": 10},
        "name": name,
        "legend": "legend2",
    }


def add_labels(
    figure: go.Figure, places: Floats, labels: NDArray[np.int64], classes: Sequence[str]
) -> None:
    """Write the name of each class where the middle of its points (n, 2) lies."""
    look = {
        "showarrow": False,
        "font": {"size": 16, "color": LABEL_INK},
        "bgcolor": LABEL_GROUND,
        "borderpad": 2,
    }
    names = []
    for label in np.unique(labels).tolist():
        x, y = np.median(places[labels == label], axis=0).tolist()
        names.append({"x": x, "y": y, "text": f"<b>{classes[label]}</b>", **look})
    figure.layout.annotations = [*figure.layout.annotations, *names]


def _layout(drawing: Drawing) -> dict[str, Any]:
    x, y = (bare_axis(title) for title in drawing.axes)
    if not any(drawing.axes):
        y |= {"scaleanchor": "x", "scaleratio": 1}
    if isinstance(drawing.division, CodeGrid):
        x["range"], y["range"] = list(drawing.division.x), list(drawing.division.y)
    if drawing.zoom and len(drawing.points.chosen):
        x["range"], y["range"] = zoomed(drawing.points)
    changes: dict[str, Any] = {
        "height": HEIGHT,
        "xaxis": x,
        "yaxis": y,
        # With the lasso in hand Streamlit takes no clicks, so the lasso is picked up when wanted.
        "dragmode": "pan",
        "hovermode": "closest",
        "legend2": {
            "orientation": "h",
            "x": 0,
            "y": 0,
            "yref": "container",
            "xanchor": "left",
            "yanchor": "bottom",
            "itemclick": False,
            "itemdoubleclick": False,
            "title": {"text": f"{drawing.coloring.title}:", "font": {"size": 13}},
        },
        "modebar": {
            "orientation": "v",
            "bgcolor": "rgba(0,0,0,0)",
            "color": ROLES["noise"].color,
            "activecolor": ROLES["clean"].color,
        },
        # A colour bar, other than a legend, makes no room for itself.
        "margin": {"l": 8, "r": 34, "t": 8, "b": 8 if drawing.coloring.top is None else 110},
    }
    return changes


def bare_axis(title: str) -> dict[str, Any]:
    """An axis without lines; without a title also without numbers, which would mean nothing."""
    named = bool(title)
    return {
        "title": {"text": title} if named else None,
        "showticklabels": named,
        "showgrid": False,
        "zeroline": False,
        "ticks": "outside" if named else "",
    }


def _colorbar(title: str) -> dict[str, Any]:
    return {
        "title": {"text": title, "side": "bottom"},
        "orientation": "h",
        "thickness": 12,
        "len": 0.6,
        "x": 0,
        "xanchor": "left",
        "y": 0,
        "yref": "container",
        "yanchor": "bottom",
    }
