"""The settings in the session: opened from the address, changed by widgets, written back."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from app.attack_lab.presets import PRESETS, apply
from app.attack_lab.settings import PAGE, Settings, read_settings
from app.controls import Menu
from app.runs.choices import Offer
from app.state import follow, publish, reset_widgets, widget_key

SETTINGS, NOTES, OPENINGS = f"{PAGE}_settings", f"{PAGE}_notes", f"{PAGE}_openings"


def key(name: str) -> str:
    """The session key of one of the lab's widgets."""
    return widget_key(PAGE, name)


def open_settings(datasets: Menu, offers: Mapping[str, Offer]) -> Settings:
    """The settings to start this run from; a changed address is read, what is odd is noted."""
    params = follow(PAGE)
    if params is not None or SETTINGS not in st.session_state:
        settings, st.session_state[NOTES] = read_settings(params or {}, datasets, offers)
        put(settings)
    settings = current()
    # What lies outside the menus' widgets, or is drawn after them.
    section = st.session_state.get(key("section"))
    gain = st.session_state.get(key("gain"))
    return replace(settings, section=section or settings.section, gain=gain or settings.gain)


def current() -> Settings:
    """The settings as they were when last remembered."""
    settings: Settings = st.session_state[SETTINGS]
    return settings


def keep(settings: Settings, datasets: Menu, offers: Mapping[str, Offer]) -> None:
    """Remember settings and write them into the address, unless it means the same already."""
    if current() != settings:
        st.session_state[NOTES] = ()
    st.session_state[SETTINGS] = settings
    address, _ = read_settings(st.query_params.to_dict(), datasets, offers)
    publish(PAGE, settings.params(), same=address == settings)


def change(**changes: Any) -> None:  # noqa: ANN401 - any field of Settings
    """Change settings from a callback; the widgets follow."""
    put(replace(current(), **changes))


def put(settings: Settings) -> None:
    """Replace all settings; the widgets are drawn with the new values."""
    st.session_state[SETTINGS] = settings
    st.session_state[OPENINGS] = openings() + 1
    reset_widgets(PAGE)


def openings() -> int:
    """How often all settings were replaced in this session."""
    count: int = st.session_state.get(OPENINGS, 0)
    return count


def use_preset() -> None:
    """Callback of the row of presets."""
    chosen = str(st.session_state.get(key("preset")))
    if chosen in PRESETS:
        put(apply(PRESETS[chosen], current()))
        st.session_state[NOTES] = ()


def show_notes() -> None:
    """Say what of the address could not be used."""
    notes = st.session_state.get(NOTES)
    if notes:
        st.warning("From the link: " + " ".join(notes), icon=":material/link_off:")
