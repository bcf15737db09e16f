"""Small multiples: the same points with other settings, and the control without structure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from app.latent_map.chart import add_labels, bare_axis
from app.latent_map.colors import class_colors
from app.latent_map.picture import is_there, pictures_of, remember_asked, was_asked
from app.latent_map.points import Floats
from app.latent_map.settings import COMPARISONS, PAGE, MapSettings, projection_spec
from app.runs.words import sentence
from app.state import widget_key
from app.theme import CHART_CONFIG, ROLES, lay_out
from core.analysis.attacked import Attacked
from core.analysis.default_map import MapRole
from core.analysis.projections import Projection, ProjectionSpec
from core.types import LabError

SIZES = (5, 15, 30, 60)
"""Perplexities, or numbers of neighbours, side by side."""

SEEDS = 4
COLUMNS = 2

LESSONS = {
    "perplexity": "The same points, minding few neighbours or many. Small groups that only one of "
    "the pictures shows are made by the method.",
    "seed": "The same points and settings from another start. What moves from picture to picture "
    "is chance; what stays together is in the data.",
    "shuffled": "The control: every latent keeps its values, but they are dealt out to the images "
    "anew, so nothing is left to find. Groups that show up here as well mean nothing.",
}


@dataclass(frozen=True)
class Panel:
    """One small picture.

    Attributes:
        title: What is different about it.
        spec: How it is made.
    """

    title: str
    spec: ProjectionSpec


def comparisons(view: str) -> list[str]:
    """What can be compared on a kind of picture."""
    if view == "axes":
        return []
    return ["none", "shuffled"] if view == "pca" else list(COMPARISONS)


def panels(settings: MapSettings) -> tuple[Panel, ...]:
    """The small pictures of the comparison that was chosen."""
    whole = settings.projection()
    if whole is None or settings.compare not in comparisons(settings.view):
        return ()
    if settings.compare == "shuffled":
        shuffled = replace(whole, shuffled=True, seed=settings.map_seed)
        return (Panel("As they are", whole), Panel("Shuffled", shuffled))
    if settings.compare == "seed":
        first = settings.map_seed
        return tuple(
            Panel(f"Seed {seed}", replace(whole, seed=seed)) for seed in range(first, first + SEEDS)
        )
    if settings.compare == "perplexity":
        name = "Perplexity" if settings.view == "tsne" else "Neighbours:"
        return tuple(
            Panel(
                f"{name} {size}",
                projection_spec(
                    settings.view, perplexity=size, neighbors=size, seed=settings.map_seed
                ),
            )
            for size in SIZES
        )
    return ()


def show_comparison(attacked: Attacked, settings: MapSettings, classes: Sequence[str]) -> None:
    """Choose what to compare, and the small pictures; heavy ones are drawn one after the other."""
    possible = comparisons(settings.view)
    if not possible:
        return
    st.subheader("How much of this is the method?", anchor="compare")
    key = widget_key(PAGE, "compare")
    if st.session_state.get(key) not in possible:
        st.session_state[key] = settings.compare if settings.compare in possible else "none"
    st.segmented_control(
        "Compare",
        possible,
        format_func=COMPARISONS.__getitem__,
        key=key,
        required=True,
        help="The same points drawn several times. A picture of points always shows something; "
        "this tells what of it is in the data.",
    )
    wanted = panels(settings)
    if not wanted:
        return
    st.caption(LESSONS[settings.compare])
    found = _pictures(attacked, settings, wanted)
    for start in range(0, len(wanted), COLUMNS):
        row = wanted[start : start + COLUMNS]
        for column, panel in zip(st.columns(COLUMNS), row, strict=False):
            with column:
                _show_panel(panel, found[panel], attacked, classes)


def _pictures(
    attacked: Attacked, settings: MapSettings, wanted: Sequence[Panel]
) -> dict[Panel, Projection | str | None]:
    """The picture of each panel, why there can be none, or None while there is none."""
    found: dict[Panel, Projection | str | None] = {}
    missing = []
    for panel in wanted:
        try:
            if not is_there(attacked, settings, panel.spec):
                missing.append(panel.spec)
            found[panel] = None
        except LabError as error:
            found[panel] = sentence(error)
    possible = [panel for panel, picture in found.items() if picture is None]
    if missing and not was_asked(attacked, settings, missing):
        _offer(attacked, settings, missing)
        possible = [panel for panel in possible if panel.spec not in missing]
    drawn = pictures_of(attacked, settings, [panel.spec for panel in possible])
    return found | dict(zip(possible, drawn, strict=True))


def _offer(attacked: Attacked, settings: MapSettings, specs: Sequence[ProjectionSpec]) -> None:
    """Offer to draw the missing pictures."""
    st.button(
        "Draw the picture" if len(specs) == 1 else f"Draw {len(specs)} pictures",
        key=f"{PAGE}_draw_multiples",
        icon=":material/grid_view:",
        on_click=remember_asked,
        args=(attacked, settings, specs),
        help="One after the other, some seconds each. They can be cancelled, and are kept.",
    )


def _show_panel(
    panel: Panel, picture: Projection | str | None, attacked: Attacked, classes: Sequence[str]
) -> None:
    st.markdown(f"**{panel.title}**")
    if isinstance(picture, str):
        st.warning(picture, icon=":material/block:")
        return
    if picture is None:
        st.caption("Not drawn yet.")
        return
    st.plotly_chart(
        multiple_chart(picture.coordinates, attacked.labels, classes),
        key=f"{PAGE}_multiple_{panel.title}",
        config=dict(CHART_CONFIG),
        alt=f"{panel.spec.title}, {panel.title}: all points, coloured by class.",
    )
    st.caption(
        f"Keeps {100 * picture.trust:.0f} % of each point's 10 nearest neighbours; random places "
        f"would keep {100 * picture.baseline:.1f} %."
    )


def multiple_chart(places: Floats, labels: NDArray[np.int64], classes: Sequence[str]) -> go.Figure:
    """A small map for comparing: originals and adversarial images, coloured by their class.

    Args:
        places: Clean points, then adversarial ones, then any others (at least 2 n, 2).
        labels: Class of each image (n,).
        classes: Names of the classes, which stand where their points lie.
    """
    figure = go.Figure()
    n, colors = len(labels), class_colors(labels, classes)
    kinds: tuple[MapRole, MapRole] = ("clean", "adversarial")
    for kind, part in zip(kinds, (places[:n], places[n : 2 * n]), strict=True):
        look = ROLES[kind]
        figure.add_scatter(
            x=part[:, 0],
            y=part[:, 1],
            mode="markers",
            name=look.title,
            marker={"symbol": look.symbol, "color": colors, "size": 4, "opacity": 0.7},
            hoverinfo="skip",
        )
    add_labels(figure, places[:n], labels, classes)
    hidden = bare_axis("")
    return lay_out(figure, height=320, xaxis=hidden, yaxis={**hidden, "scaleanchor": "x"})
