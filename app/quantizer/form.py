"""The sidebar of the quantizer page: choose first, then run the checks."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from app.controls import Menu, choose, seed
from app.quantizer.settings import PAGE
from app.quantizer.work import duration, is_ready, remember_asked
from app.runs.choices import Offer
from app.runs.menus import (
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
from core.analysis.sanity import why_not
from core.attacks import ATTACKS

ATTACK_MENU = Menu(
    {name: row.title for name, row in ATTACKS.items() if why_not(name) is None},
    {row.title: reason for name, row in ATTACKS.items() if (reason := why_not(name))},
)
"""Attacks that can be turned up from nothing, and why the others cannot be used."""


def checks_form(run: RunSettings, datasets: Menu, offers: Mapping[str, Offer]) -> RunSettings:
    """Draw the menus of the checks in the sidebar; moving them starts nothing.

    Args:
        run: What the page shows.
        datasets: The data sets that can be chosen, at least one.
        offers: The choices of each of them.

    Returns:
        What to show now: ``run``, or what the menus say when the button was pressed.
    """
    with st.sidebar:
        chosen = _menus(run, datasets, offers)
        pressed = st.button(
            "Run the checks",
            key=f"{PAGE}_run",
            type="secondary" if chosen == run else "primary",
            icon=":material/play_arrow:",
            width="stretch",
            help="Nothing is computed before this is pressed. Checks that were made before, here "
            "or by somebody else on this server, are shown at once.",
        )
        st.caption(_what_happens(run, chosen))
        not_ready(datasets, purifiers(offers[chosen.dataset]))
    if not pressed:
        return run
    remember_asked(chosen)
    return chosen


def _menus(run: RunSettings, datasets: Menu, offers: Mapping[str, Offer]) -> RunSettings:
    left, right = st.columns([3, 2])
    with left:
        dataset = dataset_menu_of(PAGE, datasets, run.dataset)
    offer = offers[dataset]
    with right:
        classifier = classifier_menu(PAGE, offer.classifiers, run.classifier)
    defense = defense_menu(PAGE, purifiers(offer), run.defense)
    attack = choose(
        "Attack",
        ATTACK_MENU,
        key=widget_key(PAGE, "attack"),
        value=run.attack,
        help="It sees the bare classifier only, and is turned up from epsilon 0 to the budget "
        "below.",
    )
    parameters = kept_budget(run.attack, attack, run.parameters)
    parameters = budget_slider(PAGE, attack, parameters)
    n = _count(run.n, most_images(offer))
    with st.expander("All parameters", key=widget_key(PAGE, "all"), icon=":material/tune:"):
        parameters = other_parameters(PAGE, attack, parameters)
        number = seed_number(PAGE, run.seed)
    return replace(
        run,
        dataset=dataset,
        classifier=classifier,
        defense=defense,
        attack=attack,
        parameters=parameters,
        n=n,
        seed=number,
    )


def _count(value: int, most: int) -> int:
    key = widget_key(PAGE, "n")
    seed(key, value)
    st.session_state[key] = min(max(st.session_state[key], MIN_IMAGES), most)
    count = st.slider(
        "Images",
        MIN_IMAGES,
        most,
        step=10,
        key=key,
        help="How many images are attacked: the first ones of the validation split, on which no "
        "shipped model was trained. Their codes are looked at on more images.",
    )
    return int(count)


def _what_happens(run: RunSettings, chosen: RunSettings) -> str:
    """What pressing the button would do, and how long that may take."""
    shown = "" if chosen == run else "These settings differ from what is shown. "
    if not is_ready(chosen):
        return f"{shown}Their checks take {duration(chosen)} on this machine, by estimate."
    if chosen == run:
        return "These checks are shown."
    return f"{shown}Their checks are stored: they show at once."
