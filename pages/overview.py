"""Overview: a finished triplet at once, what this is, what is here, and where to go."""

import streamlit as st

from app import headlines, overview, showcase

st.title("See a digit fooled, and brought back")
stored, tables = showcase.stored_showcase(), headlines.stored_tables()
default = overview.open_settings(len(stored.examples) if stored else 0, list(tables))
if stored is not None:
    showcase.show_showcase(stored)
st.header("How well the defenses hold", divider="gray")
headlines.show_headlines(tables)
st.header("What is on this machine", divider="gray")
overview.show_state()
st.header("Where to go", divider="gray")
overview.show_ways()
overview.close_settings(default)
