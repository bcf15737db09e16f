"""Selective: a classifier that rejects what it does not know, and an attacker who knows that."""

import streamlit as st

from app.selective.page import show_page

st.title("Selective classifier")
show_page()
