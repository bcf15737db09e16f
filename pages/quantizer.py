"""Quantizer: does it do what its author thinks, and how coarse should a code be?"""

import streamlit as st

from app.quantizer.page import show_page

st.title("Quantizer")
show_page()
