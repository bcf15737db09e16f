"""The controls above the map: which picture, what the colours say, what is drawn over it."""

from dataclasses import replace

import streamlit as st

from app.controls import Menu, choose, seed
from app.latent_map.settings import (
    COLORS,
    MOST_AXIS,
    NEIGHBORS,
    PAGE,
    PERPLEXITIES,
    VIEWS,
    MapSettings,
)
from app.runs.parameters import MOST_SEED
from app.state import widget_key
from core.analysis.attacked_spec import MIN_IMAGES
from core.analysis.grids import MAX_CELLS, MIN_CELLS

WIDTH = 160
"""Of a slider in the row, in pixels: two of them fit side by side on a phone."""

VIEW_HELP = """How latents of many dimensions become a flat picture.

- **t-SNE** keeps near neighbours near. Sizes of groups and gaps between them mean nothing.
- **UMAP** likewise, by another recipe; gaps mean a little more.
- **PCA** turns and flattens: the two directions along which the latents differ most.
- **Raw axes** are two latents as they are, where the quantizer's walls are straight lines."""

COLOR_HELP = """What the colour of a point says; its shape always says which kind of image it is.

- **Class**: what the image shows.
- **Prediction**: what the bare classifier takes this very point for.
- **Outcome**: whether the attack fooled it, and whether the purifier repaired it.
- **Flipped bits**: how many bits of the code the attack flipped.
- **Kind of image**: original, adversarial or purified, in their usual colours."""


def draw_controls(settings: MapSettings) -> tuple[MapSettings, bool]:
    """The row of controls.

    Args:
        settings: What the page shows.

    Returns:
        The settings the controls say, and whether a projection was asked for just now.
    """
    left, middle, right = st.columns([5, 3, 3], vertical_alignment="bottom")
    with left:
        settings = replace(settings, view=_view(settings))
    with right:
        menu = Menu(COLORS)
        key = _key("color")
        color = choose("Colour", menu, key=key, value=settings.color, help=COLOR_HELP)
        settings = replace(settings, color=color)
    asked = False
    with middle:
        if settings.view == "axes":
            settings = _axes(settings)
        elif settings.view != "pca":
            settings, asked = _projection_form(settings)
    # The menu of comparisons is drawn further down the page.
    compare = st.session_state.get(_key("compare")) or settings.compare
    return replace(_shown(settings), compare=compare), asked


def _view(settings: MapSettings) -> str:
    key = _key("view")
    if st.session_state.get(key) not in VIEWS:
        st.session_state[key] = settings.view
    return str(
        st.segmented_control(
            "Picture",
            list(VIEWS),
            format_func=VIEWS.__getitem__,
            key=key,
            required=True,
            width="stretch",
            help=VIEW_HELP,
        )
    )


def _axes(settings: MapSettings) -> MapSettings:
    """Two numbers; whether there are such latents is known only once the run is there."""
    chosen = []
    for column, name, place in zip(st.columns(2), ("x", "y"), ("across", "up"), strict=True):
        seed(_key(name), getattr(settings, name))
        number = column.number_input(
            f"Latent {place}",
            0,
            MOST_AXIS,
            step=1,
            key=_key(name),
            help="Number of the latent on this axis, counted from 0. Every latent is quantized "
            "alike, so any two have the same walls.",
        )
        chosen.append(int(number))
    return replace(settings, x=chosen[0], y=chosen[1])


def _projection_form(settings: MapSettings) -> tuple[MapSettings, bool]:
    """Settings of the projection; they count when the button is pressed."""
    label = f"{VIEWS[settings.view]} settings"
    about = "How the picture is made. Nothing is computed before the button in here is pressed."
    with (
        st.popover(label, icon=":material/tune:", width="stretch", help=about),
        st.form(f"{PAGE}_form", border=False),
    ):
        if settings.view == "tsne":
            settings = replace(settings, perplexity=_perplexity(settings))
        else:
            settings = replace(settings, neighbors=_neighbors(settings))
        seed(_key("map_seed"), settings.map_seed)
        number = st.number_input(
            "Seed of the picture",
            0,
            MOST_SEED,
            step=1,
            key=_key("map_seed"),
            help="Another seed starts from another place. What it changes on the picture is "
            "chance, what stays is in the data.",
        )
        asked = st.form_submit_button(
            "Draw the map",
            type="primary",
            icon=":material/scatter_plot:",
            width="stretch",
            help="A picture that was drawn before, here or by somebody else, is shown at once.",
        )
        return replace(settings, map_seed=int(number)), asked


def _perplexity(settings: MapSettings) -> int:
    seed(_key("perplexity"), settings.perplexity)
    return int(
        st.slider(
            "Perplexity",
            *PERPLEXITIES,
            key=_key("perplexity"),
            help="About how many neighbours each point minds. Small values show small groups, "
            "also where there are none.",
        )
    )


def _neighbors(settings: MapSettings) -> int:
    seed(_key("neighbors"), settings.neighbors)
    return int(
        st.slider(
            "Neighbours",
            *NEIGHBORS,
            key=_key("neighbors"),
            help="How many neighbours each point minds. Few show details, many the whole.",
        )
    )


def _shown(settings: MapSettings) -> MapSettings:
    """What is drawn of the picture; nothing here computes a projection again but ``purified``."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        # Sliders first, then switches, so that a phone breaks the row between them.
        settings = replace(settings, pairs=_pairs(settings))
        if settings.view == "axes":
            about = "The quantizer's true walls: where a bit changes."
            settings = replace(settings, grid=_toggle("Walls", "grid", settings.grid, about))
        else:
            settings = replace(settings, cells=_cells(settings))
            about = (
                "The grid of the authors' slide, drawn on the picture. It is not the "
                "quantizer's: its walls are straight only on raw axes."
            )
            settings = replace(settings, grid=_toggle("Grid", "grid", settings.grid, about))
        about = (
            "The purified images as points of their own, encoded once more. All points share one "
            "projection, so this draws a t-SNE, UMAP or PCA anew."
        )
        purified = _toggle("Purified", "purified", settings.purified, about)
        about = "Cuts the picture to the chosen images and what became of them."
        zoom = _toggle("Zoom", "zoom", settings.zoom, about)
    return replace(settings, purified=purified, zoom=zoom)


def _pairs(settings: MapSettings) -> int:
    most = settings.run.n
    if most <= MIN_IMAGES:
        return most
    key = _key("pairs")
    seed(key, settings.pairs)
    st.session_state[key] = min(max(MIN_IMAGES, st.session_state[key]), most)
    return int(
        st.slider(
            "Pairs shown",
            MIN_IMAGES,
            most,
            step=10,
            key=key,
            width=WIDTH,
            help="How many pairs of points are drawn, as many of each class as of any other. All "
            "pairs are part of the projection and of the figures beside it.",
        )
    )


def _cells(settings: MapSettings) -> int:
    seed(_key("cells"), settings.cells)
    return int(
        st.slider(
            "Cells of the grid",
            MIN_CELLS,
            MAX_CELLS,
            key=_key("cells"),
            width=WIDTH,
            help="Cells along the longer side. The larger a cell, the more pairs share one: the "
            "share depends on this choice and not on the model alone.",
        )
    )


def _toggle(label: str, name: str, value: bool, about: str) -> bool:
    seed(_key(name), value)
    return st.toggle(label, key=_key(name), help=about)


def _key(name: str) -> str:
    return widget_key(PAGE, name)
