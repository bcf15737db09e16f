"""The latent map from menus to results, with what goes wrong said in its place."""

from dataclasses import replace
from functools import partial

import streamlit as st

from app.controls import Menu
from app.latent_map.chart import Drawing, map_chart
from app.latent_map.choosing import CHART, known_chosen, show_choice, take_selection
from app.latent_map.colors import coloring
from app.latent_map.compare import show_comparison
from app.latent_map.controls import draw_controls
from app.latent_map.export import as_csv
from app.latent_map.panel import show_panel, show_walls
from app.latent_map.picture import picture_of
from app.latent_map.points import Points, place_points, raw_points
from app.latent_map.settings import PAGE, VIEWS, MapSettings, read_map
from app.latent_map.words import alt_words, caption_words, heading_words
from app.runs.attacked import obtain_attacked
from app.runs.choices import Offer
from app.runs.form import run_form
from app.runs.session import PageSession
from app.runs.triplets import show_triplets
from app.runs.words import sentence
from app.theme import CHART_CONFIG
from core.analysis.attacked import Attacked
from core.analysis.grids import CodeGrid, Grid, picture_grid, raw_axes_walls
from core.analysis.projections import Projection
from core.types import LabError

CONFIG = {
    **CHART_CONFIG,
    "displayModeBar": True,
    "displaylogo": False,
    "modeBarButtonsToRemove": ["autoScale2d", "toImage"],
}
"""The map alone has Plotly's own buttons: lasso, box, zoom and back."""


def show_latent_map(datasets: Menu, offers: dict[str, Offer]) -> None:
    """Draw the whole page."""
    session = PageSession(PAGE, lambda params: read_map(params, datasets, offers))
    settings = session.open()
    settings = replace(settings, run=run_form(PAGE, settings.run, datasets, offers))
    heading = st.container()
    settings, asked = draw_controls(settings)
    session.keep(settings)
    session.show_notes()
    attacked = obtain_attacked(settings.run)
    if attacked is None:
        return
    classes = offers[settings.run.dataset].classes
    heading.markdown(heading_words(attacked))
    try:
        picture = _picture(attacked, settings, asked=asked)
    except LabError as error:
        st.error(sentence(error), icon=":material/error:")
        return
    if picture is not None:
        points, projection = picture
        _show_map(session, attacked, settings, (points, projection), classes)
        show_triplets(PAGE, attacked, show_choice(session, attacked, settings), classes)
        show_comparison(attacked, settings, classes)
        _offer_csv(attacked, points, settings)


def _picture(
    attacked: Attacked, settings: MapSettings, *, asked: bool
) -> tuple[Points, Projection | None] | None:
    """Where the points lie; None while that is computed, or was not asked for.

    Raises:
        LabError: It cannot be: no code, no such axis, too few points.
    """
    spec = settings.projection()
    if spec is None:
        return raw_points(attacked, settings), None
    projection = picture_of(attacked, settings, spec, asked=asked)
    if projection is None:
        return None
    return place_points(attacked, settings, projection.coordinates), projection


def _division(attacked: Attacked, settings: MapSettings, points: Points) -> Grid | CodeGrid:
    """The walls on raw axes, else the grid on the picture."""
    if settings.view == "axes":
        return raw_axes_walls(attacked.walls, attacked.codewords, points.everything)
    return picture_grid(points.everything, settings.cells)


def _show_map(
    session: PageSession[MapSettings],
    attacked: Attacked,
    settings: MapSettings,
    picture: tuple[Points, Projection | None],
    classes: tuple[str, ...],
) -> None:
    points, projection = picture
    division = _division(attacked, settings, points)
    left, right = st.columns([7, 3], gap="medium")
    with left:
        drawing = Drawing(
            attacked=attacked,
            points=points,
            coloring=coloring(attacked, settings.color, classes),
            classes=classes,
            division=division if settings.grid else None,
            axes=_titles(settings),
            labels=settings.view != "axes",
            zoom=settings.zoom,
        )
        st.plotly_chart(
            map_chart(drawing),
            key=CHART,
            on_select=partial(take_selection, session),
            selection_mode=("points", "lasso", "box"),
            config=dict(CONFIG),
            alt=alt_words(attacked, settings, points),
        )
        st.caption(caption_words(attacked, settings, points))
        if settings.view == "axes":
            show_walls(attacked, settings, known_chosen(attacked, settings))
    with right:
        show_panel(attacked, points, division, projection)


def _titles(settings: MapSettings) -> tuple[str, str]:
    if settings.view == "axes":
        return f"latent {settings.x}", f"latent {settings.y}"
    return "", ""


def _offer_csv(attacked: Attacked, points: Points, settings: MapSettings) -> None:
    st.download_button(
        "Coordinates (CSV)",
        lambda: as_csv(attacked, points),
        f"latent_map_{settings.view}.csv",
        "text/csv",
        key=f"{PAGE}_csv",
        on_click="ignore",
        icon=":material/download:",
        help=f"Every point of the {VIEWS[settings.view]} picture with its image, label, kind, "
        "prediction, outcome and flipped bits.",
    )
