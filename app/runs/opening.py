"""What every page that attacks begins with: what can be chosen here, or why nothing can."""

import streamlit as st

from app.controls import Menu
from app.runs.choices import Offer, dataset_menu, offer_for
from app.runs.words import sentence
from core.types import LabError


def open_choices() -> tuple[Menu, dict[str, Offer]] | None:
    """What can be chosen here; None, with the reasons on the page, when nothing can."""
    try:
        datasets = dataset_menu()
        offers = {name: offer_for(name) for name in datasets.titles}
    except LabError as error:
        st.error(sentence(error), icon=":material/error:")
        return None
    if not datasets.titles:
        st.error("There is nothing to attack yet.\n\n" + datasets.reasons, icon=":material/error:")
        return None
    return datasets, offers
