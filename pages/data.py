"""Data and models: what is here, where it comes from, how to check, fetch or mend it."""

import streamlit as st

from app import data_page, models_page

st.title("Data and models")
st.header("Data", divider="gray")
data_page.show_datasets()
st.header("Models", divider="gray")
models_page.show_models()
