"""The page of levels from menus to curves, with what goes wrong said in its place."""

from dataclasses import replace

import streamlit as st

from app.hierarchy.form import Session, picture_form
from app.hierarchy.plans import Levels
from app.hierarchy.settings import (
    DEFENSE,
    PAGE,
    HierarchySettings,
    contrast_of,
    first_percents,
    read_settings,
)
from app.hierarchy.sliders import show_levels
from app.hierarchy.trade_off import show_trade_off
from app.hierarchy.what_levels_tell import show_what_levels_tell
from app.hierarchy.work import generators, load_subject, schedules_of
from app.runs.opening import open_choices
from app.runs.words import sentence
from core.analysis.levels import names_of
from core.checkpoints import find_row
from core.defenses.mlvgm import LevelGenerator
from core.types import LabError

INTRODUCTION = (
    "A generator whose latents go from coarse to fine reads the picture and draws it again. Keep "
    "the coarse levels, which say what it shows, and draw the fine ones anew, and an attack's "
    "noise goes with them: nothing was trained for this. The paper (arXiv 2412.03453) does it with "
    "large pre-trained generators; here a small one of a million weights has to do."
)


def show_page() -> None:
    """Draw the whole page below its title."""
    st.markdown(INTRODUCTION)
    choices = open_choices()
    if choices is None:
        return
    datasets, models = generators(*choices)
    if not datasets.titles:
        st.error("There is no generator here yet.\n\n" + datasets.reasons, icon=":material/error:")
        return
    offers = choices[1]
    counts = {name: len(model.level_shapes) for name, model in models.items()}
    session = Session(PAGE, lambda params: read_settings(params, datasets, offers, counts))
    before = session.open()
    settings = picture_form(session, before, datasets, offers)
    settings = _fitting(session, settings, counts[settings.dataset])
    session.keep(settings)
    session.show_notes()
    _show(session, settings, models, offers[settings.dataset].classes)


def _fitting(session: Session, settings: HierarchySettings, count: int) -> HierarchySettings:
    """The settings after another data set was chosen: its own threshold, and as many levels."""
    before = session.current()
    if settings.dataset != before.dataset:
        st.session_state.pop(session.key("contrast"), None)
        settings = replace(settings, contrast=contrast_of(settings.dataset))
    if len(settings.percents) == count:
        return settings
    for place in range(max(count, len(settings.percents))):
        st.session_state.pop(session.key(f"level_{place}"), None)
    return replace(settings, percents=first_percents(count))


def _show(
    session: Session,
    settings: HierarchySettings,
    models: dict[str, LevelGenerator],
    classes: tuple[str, ...],
) -> None:
    dataset, model = settings.dataset, models[settings.dataset]
    row = find_row(dataset, DEFENSE)
    nats = tuple(float(value) for value in row.figures.get("level_nats", ()))
    names = names_of(model.level_shapes)
    try:
        subject = load_subject(settings, model)
    except LabError as error:
        st.error(f"{sentence(error)} The other choices go on working.", icon=":material/error:")
        subject = None
    if subject is not None:
        ready, missing = schedules_of(dataset, len(names))
        known = nats if len(nats) == len(names) else ()
        levels = Levels(names=names, nats=known, shares=ready, missing=missing)
        show_levels(session, subject, levels, classes)

    def keep(curve: str) -> None:
        if curve != session.current().curve:
            session.keep(replace(session.current(), curve=curve))

    show_trade_off(dataset, session.current().curve, keep)
    show_what_levels_tell(dataset, row.sha256, names, nats, int(row.figures.get("n", 0)))
