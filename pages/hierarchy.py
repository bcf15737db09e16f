"""Hierarchy: coarse levels are kept, fine ones drawn anew."""

import streamlit as st

from app.hierarchy.page import show_page

st.title("Coarse to fine")
show_page()
