"""Latent map: where images lie in latent space, where an attack moves them, and the walls."""

import streamlit as st

from app.latent_map.page import show_latent_map
from app.runs.opening import open_choices

st.title("Latent map")
choices = open_choices()
if choices is not None:
    show_latent_map(*choices)
