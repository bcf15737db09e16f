"""The robustness page from choices to live panel, with what goes wrong said in its place."""

from dataclasses import replace

import streamlit as st

from app.controls import Menu
from app.robustness.curve_section import show_curves
from app.robustness.live import show_live
from app.robustness.settings import page_session
from app.robustness.tables import choose_table, show_table
from app.runs.choices import Offer, dataset_menu, offer_for
from app.runs.words import sentence
from core.types import LabError

INTRODUCTION = (
    "What survives when the attacker knows the defense? The papers' tables attack the bare "
    "classifier and call that white box. Here stands every one of their figures beside ours, and "
    "beside both what is left when the attacker sees everything. "
    "[Try to break it yourself](#break-it)."
)


def show_page() -> None:
    """Draw the whole page below its title."""
    st.markdown(INTRODUCTION)
    datasets, offers = _choices()
    session = page_session(offers)
    settings = session.open()
    session.show_notes()
    settings = choose_table(settings)
    show_table(settings)
    settings = show_curves(settings)
    trial = show_live(settings, datasets, offers.get(settings.data))
    session.keep(replace(settings, trial=trial))


def _choices() -> tuple[Menu, dict[str, Offer]]:
    """What can be attacked here; the tables are there even when nothing can."""
    try:
        datasets = dataset_menu()
        return datasets, {name: offer_for(name) for name in datasets.titles}
    except LabError as error:
        return Menu({}, {"Everything": sentence(error)}), {}
