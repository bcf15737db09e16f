"""The sidebar of a page that attacks many images: choose first, then run."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from app.controls import Menu, seed
from app.runs.attacked import is_ready, remember_asked
from app.runs.choices import Offer
from app.runs.estimate import duration_words, estimated_seconds
from app.runs.menus import (
    attack_menu,
    budget_slider,
    classifier_menu,
    dataset_menu_of,
    defense_menu,
    not_ready,
    other_parameters,
    seed_number,
)
from app.runs.parameters import kept_budget
from app.runs.settings import RunSettings, most_images, purifiers
from app.state import widget_key
from core.analysis.attacked_spec import MIN_IMAGES


def run_form(
    page: str, settings: RunSettings, datasets: Menu, offers: Mapping[str, Offer]
) -> RunSettings:
    """Draw the menus of a run in the sidebar.

    Moving them starts nothing: the page goes on showing ``settings`` until the button is pressed.

    Args:
        page: Names the page; the widgets' keys begin with ``widget_key(page, "")``.
        settings: The run the page shows.
        datasets: The data sets that can be chosen, at least one.
        offers: The choices of each of them.

    Returns:
        The run to show now: ``settings``, or what the menus say when the button was pressed.
    """
    with st.sidebar:
        chosen = _menus(page, settings, datasets, offers)
        pressed = st.button(
            "Run the attack",
            key=f"{page}_run",
            type="secondary" if chosen == settings else "primary",
            icon=":material/play_arrow:",
            width="stretch",
            help="Nothing is computed before this is pressed. A run that was made before, here "
            "or by somebody else on this server, is shown at once.",
        )
        st.caption(_what_happens(settings, chosen))
        not_ready(datasets, purifiers(offers[chosen.dataset]))
    if not pressed:
        return settings
    remember_asked(chosen)
    return chosen


def _menus(
    page: str, settings: RunSettings, datasets: Menu, offers: Mapping[str, Offer]
) -> RunSettings:
    left, right = st.columns([13, 9], gap="xsmall")
    with left:
        dataset = dataset_menu_of(page, datasets, settings.dataset)
    offer = offers[dataset]
    with right:
        classifier = classifier_menu(page, offer.classifiers, settings.classifier)
    defense = defense_menu(page, purifiers(offer), settings.defense)
    attack = attack_menu(page, settings.attack)
    parameters = kept_budget(settings.attack, attack, settings.parameters)
    parameters = budget_slider(page, attack, parameters)
    key, most = widget_key(page, "n"), most_images(offer)
    seed(key, settings.n)
    st.session_state[key] = min(max(st.session_state[key], MIN_IMAGES), most)
    n = st.slider(
        "Images",
        MIN_IMAGES,
        most,
        step=10,
        key=key,
        help="How many images are attacked: the first ones of the validation split, on which no "
        "shipped model was trained, as many of each class as of any other.",
    )
    with st.expander("All parameters", key=widget_key(page, "all"), icon=":material/tune:"):
        parameters = other_parameters(page, attack, parameters)
        number = seed_number(page, settings.seed)
    return replace(
        settings,
        dataset=dataset,
        classifier=classifier,
        defense=defense,
        attack=attack,
        parameters=parameters,
        n=n,
        seed=number,
    )


def _what_happens(settings: RunSettings, chosen: RunSettings) -> str:
    """What pressing the button would do, and how long that may take."""
    if is_ready(chosen):
        if chosen == settings:
            return "This run is shown."
        return "These settings differ from what is shown. Their run is stored: it shows at once."
    seconds = duration_words(estimated_seconds(chosen))
    shown = "" if chosen == settings else "These settings differ from what is shown. "
    return f"{shown}Their run takes {seconds} on this machine, by estimate."
