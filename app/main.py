"""The entry: ``streamlit run app/main.py``. Page settings and navigation, nothing else."""

import streamlit as st

from app.pages import PAGES
from app.theme import favicon

st.set_page_config(
    page_title="LQ-VAE Lab",
    page_icon=favicon(),
    layout="wide",
    # An entry of our own keeps the menu, and with it the choice of light or dark for a projector.
    menu_items={"About": "LQ-VAE Lab: adversarial attacks made live, purified, and explained."},
)

# The default page has its address at / and only there.
navigation = st.navigation(
    [
        # Icons would push two more titles behind "more" on a laptop; the overview has them.
        st.Page(row.path, title=row.title, url_path=row.name, default=not index)
        for index, row in enumerate(PAGES)
    ],
    position="top",
)
navigation.run()
