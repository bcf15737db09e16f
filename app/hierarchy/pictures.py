"""What follows the sliders: the pictures, several draws, every level alone, the schedules."""

import streamlit as st
import torch

from app.gallery import Tile, show_tiles
from app.hierarchy.plans import Levels
from app.hierarchy.rows import Told, ladder_html, plans_html
from app.hierarchy.work import Subject, compared, each_alone, rebuilt
from app.theme import SIGNED, RoleName
from core.analysis import Reading
from core.analysis.levels import Leveled
from core.images import signed_picture, to_png

SCALE = 8
GAIN = 2
"""How much a removed change is magnified."""


def show_pictures(subject: Subject, found: Leveled, told: Told) -> None:
    """The picture before and after, and what was taken away."""
    triplet, attacked = subject.triplet, subject.settings.seen == "attacked"
    first = found.draws[0]
    size = float(torch.from_numpy(found.removed).norm())
    removed = Tile(
        role="noise",
        png=to_png(signed_picture(torch.from_numpy(found.removed), GAIN, **SIGNED), SCALE),
        title="Removed",
        note=f"L2 {size:.2f}, shown times {GAIN}",
    )
    show_tiles(
        [
            _tile("clean", triplet.original, told),
            _tile("adversarial", triplet.adversarial, told),
            removed,
        ]
    )
    show_tiles(
        [
            _tile("code", rebuilt(subject).draws[0], told, title="All kept"),
            _tile("purified", first, told),
            _tile("code", found.average, told, title=f"Average of {len(found.draws)}"),
        ]
    )
    seen = "attacked" if attacked else "original"
    st.caption(
        f"The right answer is {told.classes[told.label]}. Purified is one draw, which the "
        f"classifier gets to see; removed is what it changed in the {seen} picture: orange is "
        "brighter, blue is darker. The attack did not see this defense: what comes out right here "
        "may fail against one that does."
    )


def show_draws(found: Leveled, told: Told) -> None:
    """The same levels kept, several times."""
    st.subheader("Several draws", anchor="draws")
    tiles = [
        _tile("purified", draw, told, title=f"Draw {number}")
        for number, draw in enumerate(found.draws, start=1)
    ]
    show_tiles(tiles)
    st.caption(
        f"The same levels kept, {len(found.draws)} times: the classifier is right on "
        f"{found.votes(told.label)} of them. The defense is random, so one right draw proves "
        "little. The average above is of these pictures; the paper averages the classifier's "
        "answers to them, which a purifier in front of any classifier cannot."
    )


def show_alone(subject: Subject, levels: Levels, told: Told) -> None:
    """A row a level: it alone is drawn anew."""
    st.subheader("Only this level drawn anew", anchor="alone")
    notes = [f"{value:.1f} nats" for value in levels.nats] or [""] * len(levels.names)
    st.html(ladder_html(each_alone(subject), levels.names, notes, told))
    st.caption(
        "A row draws one level anew and keeps the others. The coarsest can turn the picture into "
        "another; the finest only touches strokes and edges. Nats say how much a level tells of "
        "an image on average. Levels below see the change and may mend it: a row that stays as "
        "it was does not prove that its level says nothing."
    )


def show_schedules(subject: Subject, levels: Levels, told: Told) -> None:
    """The picture by every schedule."""
    st.subheader("Schedules side by side", anchor="schedules")
    part = subject.settings.attenuation / 100
    shares = {name: tuple(part * one for one in whole) for name, whole in levels.shares.items()}
    found = compared(subject, dict(levels.shares), part)
    st.html(plans_html(found, shares, levels.names, told))
    st.caption(
        f"The same picture by every schedule, at {subject.settings.attenuation} % of it. Bars are "
        "the share of each level that is drawn anew. One picture decides nothing: the curve below "
        "is over a thousand."
    )
    for name, why in levels.missing.items():
        st.info(f"{name.capitalize()} is not here: {why}", icon=":material/search:")


def _tile(role: RoleName, reading: Reading, told: Told, *, title: str | None = None) -> Tile:
    return Tile(
        role=role,
        png=to_png(torch.from_numpy(reading.image), SCALE),
        says=told.classes[reading.prediction],
        confidence=reading.confidence,
        correct=reading.prediction == told.label,
        title=title,
    )
