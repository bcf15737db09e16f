"""Bit flips: how many bits an attack flips, which ones, and what a single bit does."""

import streamlit as st

from app.bit_flips.page import find_attacked, open_page, show_all

st.title("Bit flips")
st.markdown(
    "The LQ-VAE keeps nothing of a picture but a short code of bits: an attack that flips none "
    "is gone without trace."
)
opened = open_page()
if opened is not None:
    session, offers = opened
    attacked = find_attacked(session)
    if attacked is not None:
        show_all(session, attacked, offers[session.current().run.dataset].classes)
    session.keep(session.current())
