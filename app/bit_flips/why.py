"""Why the flips differ from the slide: stored experiments, and the other attacks beside them."""

import json

import streamlit as st

from app.bit_flips.words import cause_groups, run_rows
from app.runs.words import sentence
from core.analysis.flips_file import stored_flips
from core.analysis.storage import damaged, shipped_folder
from core.types import LabError

COLUMNS = frozenset(
    {
        *("group", "setting", "n", "mean_l2", "mean_flips", "bits"),
        *("share_below_6", "first_bar_share", "first_bar_accuracy", "accuracy"),
    }
)


def stored_causes() -> list[dict[str, object]]:
    """The stored experiments; none when there is no such file.

    Raises:
        LabError: The file is damaged.
    """
    path = shipped_folder() / "causes.json"
    if not path.exists():
        return []
    try:
        rows: list[dict[str, object]] = json.loads(path.read_text(encoding="utf-8"))["causes"]
        if not all(row.keys() >= COLUMNS for row in rows):
            raise ValueError("a row lacks a column")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(path, error) from error
    return rows


def show_why() -> None:
    """One table a possible cause, then the same figures for every stored attack."""
    try:
        groups, runs = cause_groups(stored_causes()), stored_flips()
    except LabError as error:
        st.error(sentence(error), icon=":material/error:")
        return
    if groups:
        for title, rows in groups.items():
            st.markdown(f"**{title}**")
            st.table(rows, hide_index=True, border="horizontal", alt=f"Flips by {title.lower()}")
        st.caption(
            "Each table changes one thing and keeps the rest: CW on classifier A, MNIST, the first "
            "validation images, LQ-VAE with 64 bits. The authors print neither the size of their "
            "perturbations nor their training length, and their script leaves latent noise on. "
            "A setting that comes closer to the slide makes that cause possible; it does not "
            "prove that the authors used it."
        )
    if runs:
        st.markdown("**Every attack and classifier, through LQ-VAE**")
        st.table(
            run_rows(runs), hide_index=True, border="horizontal", alt="Flips by attack, classifier"
        )
        st.caption(
            "First bar: images with less than 2 % of their bits flipped. Choose a run in the "
            "sidebar to see its histogram. Attacks that stop just past the border of the bare "
            "classifier flip few bits; that is a mark of those attacks, not of a strong defense."
        )
    if not groups and not runs:
        st.info(
            "The comparisons are not stored here yet. `python -m core latent_lab all` makes them.",
            icon=":material/table_chart:",
        )
