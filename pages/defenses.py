"""Defenses: one attacked image through all of them, and what became of many behind one."""

import streamlit as st

from app.defenses.page import show_page
from app.runs.opening import open_choices

st.title("Defenses")
st.markdown(
    "A purifier cleans a picture before the classifier sees it. Here every one of them gets the "
    "same attacked picture, and a gallery shows whom it saved and whom it harmed."
)
choices = open_choices()
if choices is not None:
    show_page(*choices)
