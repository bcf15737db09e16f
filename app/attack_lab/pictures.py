"""The top of the results: the verdict in words and the pictures side by side."""

from collections.abc import Mapping, Sequence

import streamlit as st
import torch

from app.attack_lab.words import badge, control_words, threat_words, verdict
from app.gallery import Tile, show_tiles
from app.theme import RoleName
from core.analysis import Reading, RunSpec, Triplet
from core.evaluation.threats import THREATS
from core.images import to_png

SCALE = 8
"""Screen pixels a side of one image pixel, in the PNG; the page then fits it to the column."""

BADGE_COLORS: Mapping[RoleName, str] = {
    "clean": "blue",
    "adversarial": "orange",
    "purified": "green",
    "noise": "gray",
    "code": "violet",
}
"""Streamlit's colour words; the configuration gives them the colours of the roles."""


def show_verdict(triplet: Triplet, spec: RunSpec, classes: Sequence[str]) -> None:
    """The verdict: a badge, what happened in words, and what the attacker knew."""
    told = badge(triplet)
    with st.container(key="lab_verdict", gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.badge(told.text, icon=told.icon, color=BADGE_COLORS[told.role])  # type: ignore[arg-type]
            st.badge(
                spec.threat.capitalize() if spec.defense else "No defence",
                color="gray",
                help=THREATS[spec.threat],
            )
        st.markdown(f"**{verdict(triplet, spec, classes)}**")
        st.caption(threat_words(triplet, spec))


def show_pictures(triplet: Triplet, classes: Sequence[str]) -> None:
    """Original, adversarial, purified, and the control."""
    show_tiles(triplet_tiles(triplet, classes))


def triplet_tiles(triplet: Triplet, classes: Sequence[str]) -> list[Tile]:
    """The pictures of a run with what the classifier says of each."""
    tiles = [
        _tile("clean", triplet.original, triplet, classes),
        _tile("adversarial", triplet.adversarial, triplet, classes),
    ]
    if triplet.purified is not None:
        tiles.append(_tile("purified", triplet.purified, triplet, classes))
    control = control_words(triplet)
    return [*tiles, _tile("noise", triplet.noise, triplet, classes, note=control)]


def _tile(
    role: RoleName, reading: Reading, triplet: Triplet, classes: Sequence[str], note: str = ""
) -> Tile:
    return Tile(
        role=role,
        png=to_png(torch.from_numpy(reading.image), SCALE),
        says=classes[reading.prediction],
        confidence=reading.confidence,
        correct=reading.prediction == triplet.label,
        note=note,
    )
