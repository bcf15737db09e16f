"""The sidebar of the page of levels: which image, and how it is attacked."""

import random
from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from app.controls import Menu, seed
from app.hierarchy.settings import PAGE, SEEN, HierarchySettings
from app.runs.choices import Offer
from app.runs.menus import (
    attack_menu,
    budget_slider,
    classifier_menu,
    dataset_menu_of,
    not_ready,
    other_parameters,
    seed_number,
)
from app.runs.parameters import kept_budget
from app.runs.session import PageSession
from app.state import widget_key

Session = PageSession[HierarchySettings]


def picture_form(
    session: Session,
    settings: HierarchySettings,
    datasets: Menu,
    offers: Mapping[str, Offer],
) -> HierarchySettings:
    """Draw the menus in the sidebar.

    Args:
        session: The page's settings over its reruns.
        settings: What the page shows.
        datasets: The data sets with a generator, at least one.
        offers: The choices of each of them.

    Returns:
        What the menus say.
    """
    with st.sidebar:
        left, right = st.columns([13, 9], gap="xsmall")
        with left:
            dataset = dataset_menu_of(PAGE, datasets, settings.dataset)
        offer = offers[dataset]
        with right:
            classifier = classifier_menu(PAGE, offer.classifiers, settings.classifier)
        settings = replace(settings, index=_index(session, settings, offer.count))
        settings = replace(settings, seen=_seen(settings.seen))
        attack = attack_menu(PAGE, settings.attack)
        parameters = kept_budget(settings.attack, attack, settings.parameters)
        parameters = budget_slider(PAGE, attack, parameters)
        with st.expander("All parameters", key=session.key("all"), icon=":material/tune:"):
            parameters = other_parameters(PAGE, attack, parameters)
            number = seed_number(PAGE, settings.seed)
        not_ready(datasets)
    return replace(
        settings,
        dataset=dataset,
        classifier=classifier,
        attack=attack,
        parameters=parameters,
        seed=number,
    )


def _index(session: Session, settings: HierarchySettings, count: int) -> int:
    key = session.key("index")
    seed(key, settings.index)
    st.session_state[key] = min(int(st.session_state[key]), count - 1)

    def surprise() -> None:
        st.session_state[key] = random.randrange(count)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        index = st.number_input(
            "Image",
            0,
            count - 1,
            step=1,
            key=key,
            help="Place in the validation split, on which no shipped model was trained.",
        )
        st.button(
            "Any",
            key=f"{PAGE}_surprise",
            on_click=surprise,
            help="Any image of any class.",
            icon=":material/shuffle:",
        )
    return int(index)


def _seen(value: str) -> str:
    key = widget_key(PAGE, "seen")
    seed(key, value)
    chosen = st.segmented_control(
        "What goes through the levels",
        list(SEEN),
        format_func=SEEN.__getitem__,
        key=key,
        required=True,
        width="stretch",
        help="The attacked picture shows what a purifier removes; the original one shows best "
        "what a level holds.",
    )
    return str(chosen)
