"""Robustness: the papers' tables beside our figures, and what an attacker who knows leaves."""

import streamlit as st

from app.robustness.page import show_page

st.title("Robustness")
show_page()
