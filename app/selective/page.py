"""The selective page from its menus to its sections, with what goes wrong said in its place."""

import streamlit as st

from app.runs.words import sentence
from app.selective.choices import selective_choices
from app.selective.form import selective_form
from app.selective.joint import show_joint
from app.selective.live import show_live
from app.selective.samples import show_samples
from app.selective.settings import page_session
from app.selective.sweep import show_sweep
from app.selective.tables import show_tables
from app.selective.work import attacked, load_subject
from core.types import LabError

INTRODUCTION = (
    "A classifier that may say *I do not know*. A Gaussian-mixture VAE keeps one Gaussian a class "
    "in its latent space. A picture that lies far from all of them, or that the decoder does not "
    "give back, is rejected: so are, its authors hope, attacked pictures and rubbish. "
    "[How far the hope goes](#joint)."
)


def show_page() -> None:
    """Draw the whole page below its title."""
    st.markdown(INTRODUCTION)
    try:
        datasets, offers = selective_choices()
    except LabError as error:
        st.error(sentence(error), icon=":material/error:")
        return
    if not datasets.titles:
        st.error(
            "There is no selective classifier here yet.\n\n" + datasets.reasons,
            icon=":material/error:",
        )
        return
    session = page_session(datasets, offers)
    session.open()
    try:
        with st.sidebar:
            picture, settings = selective_form(session, datasets, offers)
        session.keep(settings)
        session.show_notes()
        subject = load_subject(settings, picture)
        seen = attacked(subject, settings)
        if seen is not None:
            show_live(session, subject, seen, offers[settings.dataset].classes)
    except LabError as error:
        st.error(f"{sentence(error)} The other choices go on working.", icon=":material/error:")
    settings = session.current()
    show_sweep(settings.dataset)
    show_joint(settings.dataset, settings.model)
    show_tables(settings.dataset, settings.model)
    show_samples(session, offers[settings.dataset].classes)
