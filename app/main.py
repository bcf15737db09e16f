"""The entry: ``streamlit run app/main.py``. Page settings and navigation, nothing else."""

from pathlib import Path

import streamlit as st

from app.theme import favicon

PAGES = Path(__file__).resolve().parent.parent / "pages"

st.set_page_config(
    page_title="LQ-VAE Lab",
    page_icon=favicon(),
    layout="wide",
    # An entry of our own keeps the menu, and with it the choice of light or dark for a projector.
    menu_items={"About": "LQ-VAE Lab: adversarial attacks made live, purified, and explained."},
)

# One line a page. The default page has its address at / and only there.
navigation = st.navigation(
    [
        st.Page(PAGES / "overview.py", title="Overview", icon=":material/home:", default=True),
        st.Page(
            PAGES / "attack_lab.py",
            title="Attack lab",
            icon=":material/science:",
            url_path="attack_lab",
        ),
        st.Page(
            PAGES / "defenses.py",
            title="Defences",
            icon=":material/cleaning_services:",
            url_path="defenses",
        ),
        st.Page(
            PAGES / "latent_map.py",
            title="Latent map",
            icon=":material/scatter_plot:",
            url_path="latent_map",
        ),
        st.Page(
            PAGES / "bit_flips.py",
            title="Bit flips",
            icon=":material/bar_chart:",
            url_path="bit_flips",
        ),
        st.Page(
            PAGES / "quantizer.py",
            title="Quantizer",
            icon=":material/grid_on:",
            url_path="quantizer",
        ),
        st.Page(
            PAGES / "hierarchy.py",
            title="Hierarchy",
            icon=":material/layers:",
            url_path="hierarchy",
        ),
        st.Page(
            PAGES / "robustness.py",
            title="Robustness",
            icon=":material/shield:",
            url_path="robustness",
        ),
        st.Page(
            PAGES / "selective.py",
            title="Selective",
            icon=":material/rule:",
            url_path="selective",
        ),
        st.Page(
            PAGES / "data.py", title="Data and models", icon=":material/database:", url_path="data"
        ),
    ],
    position="top",
)
navigation.run()
