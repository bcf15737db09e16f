"""The live part of the page: a slider a level, and what follows them."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from app.controls import seed
from app.hierarchy.form import Session
from app.hierarchy.pictures import show_alone, show_draws, show_pictures, show_schedules
from app.hierarchy.plans import Levels
from app.hierarchy.rows import Told
from app.hierarchy.settings import (
    COOLEST,
    LEAST_ATTENUATION,
    MOST_BLUR,
    MOST_CONTRAST,
    MOST_NOISE,
    HierarchySettings,
)
from app.hierarchy.work import Subject, leveled
from core.defenses.mlvgm import HOTTEST


def show_levels(session: Session, subject: Subject, levels: Levels, classes: Sequence[str]) -> None:
    """Sliders, pictures, draws, every level alone, and the schedules side by side."""

    def draw() -> None:
        above, beside = st.columns([7, 4], gap="large", vertical_alignment="bottom")
        with above:
            _plan_pills(session, levels)
        with beside:
            attenuation = _attenuation(session, levels)
        left, right = st.columns([4, 7], gap="large")
        with left:
            settings = replace(_controls(session, levels), attenuation=attenuation)
        session.keep(settings)
        now = replace(subject, settings=settings)
        told = Told(subject.label, classes)
        found = leveled(now, settings.levels())
        with right:
            show_pictures(now, found, told)
        show_draws(found, told)
        show_alone(now, levels, told)
        show_schedules(now, levels, told)

    st.header("Keep or draw anew", divider="gray", anchor="levels")
    st.fragment(draw)()


def _controls(session: Session, levels: Levels) -> HierarchySettings:
    settings = session.current()
    percents = tuple(
        _level_slider(session, place, name, settings.percents[place])
        for place, name in enumerate(levels.names)
    )
    temperature, noise, blur = settings.temperature, settings.noise, settings.blur
    with st.expander("More settings", key=session.key("more"), icon=":material/tune:"):
        temperature = _number(
            session,
            "temperature",
            (COOLEST, HOTTEST, 0.05),
            temperature,
            "Of the draws: what the deviation of the prior is multiplied with. Near 0 every draw "
            "is the same, above 1 the pictures fall apart; the paper takes 0.6.",
        )
        noise = _number(
            session,
            "noise",
            (0.0, MOST_NOISE, 0.5),
            noise,
            "L2 norm of Gaussian noise that is added before the picture is encoded.",
        )
        blur = _number(
            session,
            "blur",
            (0.0, MOST_BLUR, 0.1),
            blur,
            "Deviation in pixels of a blur before the picture is encoded.",
        )
        contrast = _number(
            session,
            "contrast",
            (0.0, MOST_CONTRAST, 1.0),
            settings.contrast,
            "Sharpness of a soft threshold that pushes pixels towards black or white before the "
            "picture is encoded. Ours, not the paper's: on MNIST, whose pixels are nearly so, it "
            "takes away most of an attack within 0.3 by itself. Set it to 0 to see the levels "
            "work alone.",
        )
    return replace(
        settings,
        percents=percents,
        temperature=temperature,
        noise=noise,
        blur=blur,
        contrast=contrast,
    )


def _plan_pills(session: Session, levels: Levels) -> None:
    key = session.key("plan")
    st.session_state[key] = levels.plan_of(_moved(session, levels))

    def use() -> None:
        chosen = st.session_state[key]
        if chosen is not None:
            now = session.current()
            _set(session, now, levels.percents(chosen, now.attenuation))

    st.pills(
        "Schedule",
        list(levels.plans),
        format_func=str.capitalize,
        key=key,
        on_change=use,
        help="Sets all sliders: how much of each level is drawn anew, from the coarsest to the "
        "finest. The learned one was searched for on attacked training images."
        + "".join(
            f"\n\n**{name.capitalize()}** is off: {why}" for name, why in levels.missing.items()
        ),
    )


def _moved(session: Session, levels: Levels) -> HierarchySettings:
    """The settings with what the level sliders say by now."""
    settings = session.current()
    percents = tuple(
        int(st.session_state.get(session.key(f"level_{place}"), settings.percents[place]))
        for place in range(len(levels.names))
    )
    return replace(settings, percents=percents)


def _attenuation(session: Session, levels: Levels) -> int:
    key = session.key("attenuation")
    before = session.current()
    seed(key, before.attenuation)

    def follow() -> None:
        plan = levels.plan_of(before)
        value = int(st.session_state[key])
        if plan in levels.shares:
            _set(session, replace(before, attenuation=value), levels.percents(str(plan), value))

    return int(
        st.slider(
            "Attenuation",
            LEAST_ATTENUATION,
            100,
            step=5,
            format="%d %%",
            key=key,
            on_change=follow,
            help="Lowers a whole schedule by the same factor for every level.",
        )
    )


def _set(session: Session, settings: HierarchySettings, percents: tuple[int, ...]) -> None:
    """Callback: move all level sliders."""
    session.change(replace(settings, percents=percents))
    for place, percent in enumerate(percents):
        st.session_state[session.key(f"level_{place}")] = percent


def _level_slider(session: Session, place: int, name: str, percent: int) -> int:
    key = session.key(f"level_{place}")
    seed(key, percent)
    return int(
        st.slider(
            f"Level {name}",
            0,
            100,
            step=1,
            format="%d %%",
            key=key,
            help="0 % keeps the level as the picture has it, 100 % draws it anew from what the "
            "generator expects below the coarser levels.",
        )
    )


def _number(
    session: Session, name: str, limits: tuple[float, float, float], value: float, help: str
) -> float:
    key = session.key(name)
    seed(key, value)
    low, high, step = limits
    found = st.slider(name.capitalize(), low, high, step=step, key=key, help=help)
    return round(float(found), 4)
