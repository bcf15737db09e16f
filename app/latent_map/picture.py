"""Where the points lie: from the stored pictures, or drawn when that was asked for."""

from collections.abc import Sequence

import streamlit as st

from app.latent_map.points import map_latents, points_key
from app.latent_map.settings import PAGE, MapSettings
from app.projector import projection_of, projections_of
from core.analysis.attacked import Attacked
from core.analysis.projection_file import find_projection
from core.analysis.projections import METHODS, Projection, ProjectionSpec, check_points

ASKED = f"{PAGE}_asked"
PLACE, PLACE_OF_MULTIPLES = f"{PAGE}_picture", f"{PAGE}_multiples"
"""A visitor waits for one request a place; see ``app.projector``."""


def picture_of(
    attacked: Attacked, settings: MapSettings, spec: ProjectionSpec, *, asked: bool
) -> Projection | None:
    """The picture of a run; a heavy one is drawn only when it was asked for.

    Args:
        attacked: The run.
        settings: Which kinds of image are points.
        spec: How they are laid out.
        asked: It was asked for just now.

    Returns:
        The picture; None when it is not there yet, with what there is to say about it on the page.

    Raises:
        LabError: There can be no such picture; the message says what can be.
    """
    if asked:
        remember_asked(attacked, settings, [spec])
    points = map_latents(attacked, settings)
    if not is_there(attacked, settings, spec) and not was_asked(attacked, settings, [spec]):
        _offer(attacked, settings, spec)
        return None
    return projection_of(points, PLACE, spec)


def pictures_of(
    attacked: Attacked, settings: MapSettings, specs: Sequence[ProjectionSpec]
) -> tuple[Projection | None, ...]:
    """Several pictures for comparing, drawn one after the other; None for those not there yet."""
    points = map_latents(attacked, settings)
    return projections_of(points, PLACE_OF_MULTIPLES, specs)


def is_there(attacked: Attacked, settings: MapSettings, spec: ProjectionSpec) -> bool:
    """Whether a picture is stored, or drawn in a moment.

    Raises:
        LabError: There can be no such picture; the message says what can be.
    """
    points = map_latents(attacked, settings)
    check_points(points, spec)
    heavy = METHODS[spec.method].heavy
    return not heavy or find_projection(points, spec) is not None


def remember_asked(
    attacked: Attacked, settings: MapSettings, specs: Sequence[ProjectionSpec]
) -> None:
    """Note that this visitor wants these pictures to be drawn."""
    name = points_key(attacked, settings)
    st.session_state.setdefault(ASKED, set()).update((name, spec) for spec in specs)


def was_asked(attacked: Attacked, settings: MapSettings, specs: Sequence[ProjectionSpec]) -> bool:
    """Whether this visitor wants these pictures to be drawn."""
    name = points_key(attacked, settings)
    asked: set[tuple[str, ProjectionSpec]] = st.session_state.get(ASKED, set())
    return {(name, spec) for spec in specs} <= asked


def _offer(attacked: Attacked, settings: MapSettings, spec: ProjectionSpec) -> None:
    """Say that the picture is not there, and offer to draw it."""
    many = len(map_latents(attacked, settings))
    st.info(
        f"This {spec.title} picture of {many:,} points has not been drawn here yet. It takes some "
        "seconds; PCA and raw axes are there at once.",
        icon=":material/scatter_plot:",
    )
    st.button(
        "Draw the map",
        key=f"{PAGE}_draw",
        type="primary",
        on_click=remember_asked,
        args=(attacked, settings, [spec]),
        help="Lays the points out. It can be cancelled, and is kept for the next time.",
    )
