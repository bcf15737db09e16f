"""The quantizer page from menus to verdicts, with what goes wrong said in its place."""

from dataclasses import replace

import streamlit as st

from app.quantizer.checks import show_checks
from app.quantizer.coarse import show_coarseness
from app.quantizer.form import checks_form
from app.quantizer.settings import FIRST_AGAINST, page_session
from app.quantizer.work import obtain_checks
from app.runs.opening import open_choices

INTRODUCTION = (
    "An LQ-VAE squeezes a picture into bits and draws it again from these alone. Does its "
    "quantizer do what its author thinks? Each tile below is one demand, with the number that "
    "decides it and the reason; the same checks are tests of this project."
)


def show_page() -> None:
    """Draw the whole page below its title."""
    st.markdown(INTRODUCTION)
    choices = open_choices()
    if choices is None:
        show_coarseness(FIRST_AGAINST, lambda against: None)
        return
    session = page_session(*choices)
    settings = session.open()
    run = checks_form(settings.run, *choices)
    session.keep(replace(settings, run=run))
    session.show_notes()
    sanity = obtain_checks(run)
    if sanity is not None:
        show_checks(sanity)

    def keep(against: str) -> None:
        if against != session.current().against:
            session.keep(replace(session.current(), against=against))

    show_coarseness(session.current().against, keep)
