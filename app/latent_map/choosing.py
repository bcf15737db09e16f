"""Choosing images: by click or lasso on the map, by number, and letting them go."""

import re
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from app.latent_map.selection import chosen_in, known_and_vanished, vanished_words
from app.latent_map.settings import MOST_CHOSEN, PAGE, MapSettings
from app.runs.session import PageSession
from app.state import widget_key
from core.analysis.attacked import Attacked

Session = PageSession[MapSettings]

CHART = f"{PAGE}_chart"
FIELD = widget_key(PAGE, "chosen")
NUMBER = re.compile(r"\d{1,6}")
WRITTEN = 24
"""So many chosen images the field names; more are only counted."""


def known_chosen(attacked: Attacked, settings: MapSettings) -> tuple[int, ...]:
    """The chosen images that this run has."""
    return known_and_vanished(settings.chosen, set(attacked.indices.tolist()))[0]


def take_selection(session: Session) -> None:
    """Callback of the map: what was clicked or drawn round is now chosen."""
    choose_images(session, chosen_in(st.session_state.get(CHART)))


def choose_images(session: Session, chosen: Sequence[int]) -> None:
    """Choose these images instead of those before; from a callback."""
    session.change(replace(session.current(), chosen=tuple(chosen)))
    st.session_state[FIELD] = written(chosen)


def written(chosen: Sequence[int]) -> str:
    """Image numbers as the field shows them; empty when there are too many to read."""
    return ", ".join(map(str, chosen)) if len(chosen) <= WRITTEN else ""


def show_choice(session: Session, attacked: Attacked, settings: MapSettings) -> tuple[int, ...]:
    """The heading over the chosen images, a field for their numbers, and a button to let go.

    Returns:
        The chosen images of this run.
    """
    known, vanished = known_and_vanished(settings.chosen, set(attacked.indices.tolist()))
    st.subheader("Chosen images", anchor="chosen")
    if FIELD not in st.session_state:
        st.session_state[FIELD] = written(settings.chosen)
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"{PAGE}_choice"):
        st.text_input(
            "Image numbers",
            key=FIELD,
            placeholder="for example 12, 40, 7",
            on_change=_take_numbers,
            args=(session,),
            width=360,
            help="The same as clicking: places in the validation split, with commas between.",
        )
        st.button(
            "Let go",
            key=f"{PAGE}_clear",
            on_click=choose_images,
            args=(session, ()),
            disabled=not settings.chosen,
            icon=":material/close:",
            help="Nothing is chosen any more, and no point is dimmed.",
        )
    if vanished:
        words = vanished_words(vanished, attacked.spec.n)
        st.warning(words, icon=":material/link_off:")
    if len(settings.chosen) > MOST_CHOSEN:
        st.caption(f"{len(known)} images. The page's link carries the first {MOST_CHOSEN} of them.")
    if not known:
        st.info(
            "Click a point on the map. For several, take the lasso or the box at the map's right "
            "edge and draw round them. Their pictures appear here, and all other points step back.",
            icon=":material/ads_click:",
        )
    return known


def _take_numbers(session: Session) -> None:
    numbers = {int(found) for found in NUMBER.findall(str(st.session_state.get(FIELD, "")))}
    choose_images(session, sorted(numbers))
