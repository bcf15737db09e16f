"""Words every page uses: errors as sentences, and what became of an attacked image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from app.theme import ROLES, RoleName
from core.analysis import Outcome


def listed(parts: Sequence[str]) -> str:
    """Parts in a row: ``a, b and c``; nothing if there are none."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def sentence(error: Exception) -> str:
    """An error's message as a sentence: a capital in front, a full stop at the end."""
    text = str(error).strip().rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."


@dataclass(frozen=True)
class Badge:
    """A verdict in two or three words, with the role whose colour it takes."""

    text: str
    role: RoleName
    icon: str


BADGE_COLORS: Mapping[RoleName, str] = {
    "clean": "blue",
    "adversarial": "orange",
    "purified": "green",
    "noise": "gray",
    "code": "violet",
}
"""Streamlit's colour words; the configuration gives them the colours of the roles."""

BADGES: Mapping[Outcome, Badge] = {
    "wrong before": Badge("Wrong before the attack", "noise", ":material/help:"),
    "not fooled": Badge("Not fooled", "clean", ":material/shield:"),
    "fooled": Badge("Fooled", "adversarial", ":material/bolt:"),
    "repaired": Badge("Fooled, then repaired", "purified", ":material/healing:"),
    "not repaired": Badge("Fooled, not repaired", "adversarial", ":material/broken_image:"),
    "spoiled": Badge("Broken by the purifier", "adversarial", ":material/broken_image:"),
}

OUTCOME_COLORS: Mapping[Outcome, str] = {
    "not fooled": ROLES["clean"].color,
    "repaired": ROLES["purified"].color,
    "not repaired": ROLES["adversarial"].color,
    "spoiled": "#9C6B4E",
    "wrong before": ROLES["noise"].color,
}
"""The colour of each outcome over many images, where 'fooled' alone does not occur."""


def show_badge(badge: Badge) -> None:
    """Draw a verdict."""
    st.badge(badge.text, icon=badge.icon, color=BADGE_COLORS[badge.role])  # type: ignore[arg-type]
