"""What training on attacks did, epoch by epoch, from the manifest alone."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from app.defenses.settings import PAGE
from app.theme import CHART_CONFIG, ROLES, RoleName, lay_out
from core.checkpoints import CheckpointRow, checkpoint_rows, train_command
from core.evaluation.cells import ROBUST
from core.models import classifier_title
from core.shipping import WATCHED

LINES: Mapping[str, tuple[str, RoleName, str]] = {
    "clean": ("clean images", "clean", "solid"),
    "fgsm": ("one step (FGSM)", "noise", "dot"),
    "pgd": ("20 steps (PGD)", "adversarial", "dash"),
}
"""What is watched: its words, colour and dash."""

ROW = 3
"""Charts side by side: the networks that were trained in the same way."""


def show_robust_training(dataset: str) -> None:
    """Draw one chart for every robust classifier of a data set, or the command that trains one."""
    st.header("Trained on attacks", divider="gray", anchor="trained")
    st.markdown(
        "No purifier: the classifier itself learns from images that are attacked anew in every "
        "step, by one step of FGSM (the papers' Adv Tr) or by PGD (Madry et al.). A network that "
        "saw one step alone can learn to look robust to it and fall to many: then the dotted line "
        "rises and the dashed one does not. This is called catastrophic overfitting."
    )
    names = ROBUST[dataset]
    rows = [row for row in checkpoint_rows() if row.dataset == dataset and row.name in names]
    rows.sort(key=lambda row: names.index(row.name))
    watched = [row for row in rows if row.training.get("history")]
    missing = [name for name in names if name not in {row.name for row in rows}]
    for start in range(0, len(watched), ROW):
        places = st.columns(ROW, gap="large")
        for place, row in zip(places, watched[start : start + ROW], strict=False):
            with place:
                _show_one(row)
    if watched:
        st.caption(
            f"On {WATCHED:,} validation images, the network as it was after each epoch. While it "
            "is trained on PGD the budget grows over the first epochs. PGD with 20 steps is a "
            "quick look; the tables attack harder."
        )
    if not names:
        st.info("Not built for this data set.", icon=":material/model_training:")
    elif missing:
        titles = "; ".join(f"{classifier_title(name)}" for name in missing)
        st.caption(
            f"Not trained yet: {titles}. `{train_command(dataset, missing[0])}` trains the first."
        )


def _show_one(row: CheckpointRow) -> None:
    history = row.training["history"]
    recipe = row.training["recipe"]
    epsilon = recipe["objective_arguments"]["epsilon"]
    st.markdown(f"**{classifier_title(row.name)}**, Linf {epsilon:g}")
    last = history[-1]
    epochs = last["step"] / epoch_steps(row)
    words = (
        f"After {epochs:.0f} epochs {last['clean']:.1%} of clean images are right, "
        f"{last['fgsm']:.1%} under one step and {last['pgd']:.1%} under 20."
    )
    st.plotly_chart(
        history_chart(history, epoch_steps(row)),
        key=f"{PAGE}_trained_{row.name}",
        config=dict(CHART_CONFIG),
        alt=words,
    )
    st.caption(words)


def epoch_steps(row: CheckpointRow) -> int:
    """Training steps in which every image was seen once."""
    return int(row.training["images"]) // int(row.training["recipe"]["batch_size"])


def history_chart(history: Sequence[Mapping[str, float]], steps: int) -> go.Figure:
    """Accuracy after every epoch on clean images, under one step, and under many.

    Args:
        history: What was watched.
        steps: Training steps in an epoch.
    """
    figure = go.Figure()
    epochs = [round(row["step"] / steps, 2) for row in history]
    for name, (title, role, dash) in LINES.items():
        look = ROLES[role]
        figure.add_scatter(
            x=epochs,
            y=[epoch[name] for epoch in history],
            name=title,
            mode="lines+markers",
            line={"color": look.color, "dash": dash, "width": 2},
            marker={"symbol": look.symbol, "size": 6},
            hovertemplate="epoch %{x}: %{y:.1%}<extra>" + title + "</extra>",
        )
    return lay_out(
        figure,
        height=300,
        xaxis={"title": "epoch", "fixedrange": True},
        yaxis={"tickformat": ".0%", "range": [-0.03, 1.03], "fixedrange": True},
    )
