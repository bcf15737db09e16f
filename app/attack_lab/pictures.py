"""The top of the results: the verdict in words and the pictures side by side."""

from collections.abc import Mapping, Sequence

import streamlit as st
import torch

from app.attack_lab.words import (
    badge,
    control_words,
    gradient_check,
    stored_words,
    threat_words,
    verdict,
)
from app.gallery import Tile, show_tiles
from app.runs.words import show_badge
from app.stored import worst_cases
from app.theme import RoleName
from core.analysis import Reading, RunSpec, Triplet
from core.evaluation.threats import THREATS
from core.images import to_png

SCALE = 8
"""Screen pixels a side of one image pixel, in the PNG; the page then fits it to the column."""

NO_ANSWERS: Mapping[RoleName, str] = {}


def show_verdict(triplet: Triplet, spec: RunSpec, classes: Sequence[str]) -> None:
    """The verdict: a badge, what happened in words, and what the attacker knew."""
    told = badge(triplet)
    with st.container(key="lab_verdict", gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            show_badge(told)
            st.badge(
                spec.threat.capitalize() if spec.defense else "No defense",
                color="gray",
                help=THREATS[spec.threat],
            )
            check = gradient_check(triplet, spec)
            if check is not None:
                st.badge(check.text, color=check.color, help=check.help)
        st.markdown(f"**{verdict(triplet, spec, classes)}**")
        stored = stored_words(spec, worst_cases(spec.dataset)) if spec.defense else ""
        st.caption(f"{threat_words(triplet, spec)} {stored}".strip())


def show_pictures(
    triplet: Triplet, classes: Sequence[str], answers: Mapping[RoleName, str] = NO_ANSWERS
) -> None:
    """Original, adversarial, purified, and the control; ``answers`` as in ``triplet_tiles``."""
    show_tiles(triplet_tiles(triplet, classes, answers))


def triplet_tiles(
    triplet: Triplet, classes: Sequence[str], answers: Mapping[RoleName, str] = NO_ANSWERS
) -> list[Tile]:
    """The pictures of a run with what the classifier says of each.

    Args:
        triplet: The run.
        classes: Names of the classes.
        answers: Of a classifier that may decline: whether it accepts each picture, in words.
    """
    readings: tuple[tuple[RoleName, Reading | None], ...] = (
        ("clean", triplet.original),
        ("adversarial", triplet.adversarial),
        ("purified", triplet.purified),
    )
    tiles = [
        _tile(role, reading, triplet, classes, note=answers.get(role, ""))
        for role, reading in readings
        if reading is not None
    ]
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
