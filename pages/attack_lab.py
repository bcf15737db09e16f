"""Attack lab: attack one image, purify it, and see everything that happens on the way."""

import streamlit as st

from app.attack_lab.page import settings_and_picture, show_run
from app.runs.opening import open_choices

st.title("Attack lab")
lab = open_choices()
if lab is not None:
    datasets, offers = lab
    chosen = settings_and_picture(datasets, offers)
    if chosen is not None:
        settings, picture = chosen
        show_run(settings, picture, offers[settings.dataset])
