"""What each level tells: its nats, and how many answers hang on it."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from app.hierarchy.settings import PAGE
from app.quantizer.figures import STILL
from app.runs.words import sentence
from app.theme import CHART_CONFIG, ROLES, RoleName, lay_out
from core.analysis.level_effects import COMMAND, LevelEffect, stored_effects
from core.models import classifier_title
from core.types import LabError


def show_what_levels_tell(
    dataset: str, sha256: str, names: Sequence[str], nats: Sequence[float], n: int
) -> None:
    """How much each level tells, and how often it decides the answer.

    Args:
        dataset: A row of ``DATASETS``.
        sha256: Hash of the generator's weights.
        names: Names of the levels.
        nats: Mean divergence of each level; empty where it was not measured.
        n: Images it was measured on.
    """
    st.header("What each level tells", divider="gray", anchor="tells")
    left, right = st.columns(2, gap="medium")
    with left:
        _show_nats(names, nats, n)
    with right:
        _show_effects(dataset, sha256, names)


def _show_nats(names: Sequence[str], nats: Sequence[float], n: int) -> None:
    st.subheader("Nats of an image")
    if len(nats) != len(names):
        st.info(
            "Not measured yet. `python -m core checkpoints measure` measures it.",
            icon=":material/bar_chart:",
        )
        return
    words = ", ".join(f"{name} {value:.1f}" for name, value in zip(names, nats, strict=True))
    st.plotly_chart(
        bars("code", names, [round(value, 2) for value in nats], "nats"),
        key=f"{PAGE}_nats",
        config=dict(CHART_CONFIG),
        alt=f"Nats by level: {words}",
    )
    st.caption(
        f"Mean divergence of a level's posterior from its prior on {n:,} test images. A level at "
        "0 would be dead: nothing of the image in it. More nats are more detail, not more meaning."
    )


def _show_effects(dataset: str, sha256: str, names: Sequence[str]) -> None:
    st.subheader("Answers it decides")
    command = f"{COMMAND} --dataset {dataset}"
    try:
        rows = [one for one in stored_effects() if (one.dataset, one.sha256) == (dataset, sha256)]
    except LabError as error:
        st.warning(sentence(error), icon=":material/warning:")
        return
    if len(rows) != len(names):
        st.info(
            f"Not measured yet for these weights. `{command}` measures it.",
            icon=":material/bar_chart:",
        )
        return
    st.plotly_chart(
        effect_chart(rows, names),
        key=f"{PAGE}_effects",
        config=dict(CHART_CONFIG),
        alt="Share of answers that change: "
        + ", ".join(f"{name} {row.share.value:.1%}" for name, row in zip(names, rows, strict=True)),
    )
    st.caption(
        f"Share of {rows[0].n:,} validation images on which classifier "
        f"{classifier_title(rows[0].classifier)} changes its answer when this level alone is drawn "
        "anew, with 95 % intervals. Clean images: nothing here is about attacks."
    )


def effect_chart(rows: Sequence[LevelEffect], names: Sequence[str]) -> go.Figure:
    """How often the answer changes, by level."""
    figure = bars("purified", names, [round(row.share.value, 4) for row in rows], "answers")
    ends = [row.share for row in rows]
    figure.data[0].error_y = {
        "type": "data",
        "symmetric": False,
        "array": [one.interval[1] - one.value for one in ends],
        "arrayminus": [one.value - one.interval[0] for one in ends],
        "thickness": 1.5,
    }
    figure.layout.yaxis.tickformat = ".0%"
    return figure


def bars(role: RoleName, names: Sequence[str], values: Sequence[float], title: str) -> go.Figure:
    """One bar a level, coarse to fine."""
    look = ROLES[role]
    figure = go.Figure()
    figure.add_bar(
        x=list(names),
        y=list(values),
        name=f"{look.mark} {title}",
        marker={
            "color": look.color,
            "line": {"color": look.color, "width": 1},
            "pattern": {"shape": look.pattern, "size": 6, "solidity": 0.35},
        },
        hovertemplate="level %{x}: %{y}<extra></extra>",
    )
    return lay_out(
        figure,
        height=270,
        showlegend=True,
        xaxis={"type": "category", "title": {"text": "level, coarse to fine"}, **STILL},
        yaxis={"title": {"text": title}, "rangemode": "tozero", "nticks": 5, **STILL},
    )
