"""The panel "Can you break it?": choose an attacker, run it on a few images, see what is left."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from app.controls import Menu, choose, seed
from app.robustness.live_result import show_result
from app.robustness.live_work import ask_for, asked_spec, duration, obtain_evaluation, split_of
from app.robustness.names import DATA_TITLES
from app.robustness.settings import (
    LEAST_IMAGES,
    MOST_IMAGES,
    PAGE,
    Settings,
    Trial,
    impossible,
    substitutes,
)
from app.runs.choices import Offer
from app.runs.menus import (
    attack_menu,
    budget_slider,
    classifier_menu,
    defense_menu,
    not_ready,
    other_parameters,
    seed_number,
)
from app.runs.parameters import kept_budget
from app.state import widget_key
from core.evaluation import THREATS
from core.evaluation.specification import Specification

TITLE = "Can you break it?"
INTRODUCTION = (
    "Choose the attacker and what it knows, and run it here on a few images. Few images make wide "
    "intervals: the tables above take a thousand."
)


def show_live(settings: Settings, datasets: Menu, offer: Offer | None) -> Trial:
    """Draw the panel.

    Args:
        settings: What the page shows.
        datasets: The data sets that can be attacked here, with the reasons of the others.
        offer: The choices of the page's data set; None when it cannot be attacked here.

    Returns:
        What the menus say.
    """
    st.header(TITLE, divider="gray", anchor="break-it")
    st.markdown(INTRODUCTION)
    if offer is None:
        _explain(settings.data, datasets)
        return settings.trial
    trial = _menus(settings.trial, offer)
    split = split_of(settings.data)
    refused = impossible(trial)
    spec = None if refused else trial.spec(settings.data, split)
    with st.container(horizontal=True, vertical_alignment="center", key=f"{PAGE}_go"):
        st.button(
            "Break it",
            key=f"{PAGE}_run",
            type="primary",
            icon=":material/bolt:",
            disabled=spec is None,
            on_click=_asker(spec),
            help="Nothing is computed before this is pressed.",
        )
        if spec is not None:
            st.caption(
                f"{trial.n} images of the {split} split; takes {duration(spec, trial)} on this "
                "machine, by estimate."
            )
        not_ready(datasets, offer.defenses)
    if refused:
        st.warning(refused, icon=":material/block:")
    with st.container(key=f"{PAGE}_result"):
        shown = asked_spec(settings.data)
        if shown is not None:
            if shown != spec:
                st.caption("The menus differ from what is shown here.")
            evaluation = obtain_evaluation(shown)
            if evaluation is not None:
                show_result(evaluation)
    return trial


def _asker(spec: Specification | None) -> Callable[[], None]:
    def ask() -> None:
        if spec is not None:
            ask_for(spec)

    return ask


def _explain(dataset: str, datasets: Menu) -> None:
    """Why nothing of this data set can be attacked here."""
    title = DATA_TITLES[dataset]
    reason = datasets.missing.get(title)
    others = " or ".join(datasets.titles.values())
    words = f"{title} cannot be attacked here: {reason.rstrip('.')}." if reason else None
    if dataset == "celeba" and reason is None:
        words = "CelebA cannot be attacked here: its images are not part of this project."
    words = words or "\n\n".join(["Nothing can be attacked here yet.", datasets.reasons])
    if others:
        words += f" Choose {others} above."
    st.info(words, icon=":material/image_not_supported:")


def _menus(trial: Trial, offer: Offer) -> Trial:
    first, second, third = st.columns(3, gap="medium")
    with first:
        classifier = classifier_menu(PAGE, offer.classifiers, trial.classifier)
        defense = defense_menu(PAGE, offer.defenses, trial.defense)
    with second:
        threat = _threat(trial.threat)
        substitute = trial.substitute
        if threat == "transfer":
            substitute = choose(
                "Substitute",
                substitutes(offer),
                key=widget_key(PAGE, "substitute"),
                value=trial.substitute,
                help="What the attacker has in place of the classifier. The last one is trained "
                "from answers of the defended classifier to pictures grown from 150 images "
                "(Papernot et al., 2017), which takes a while.",
            )
        n = _images(trial.n)
    with third:
        attack = attack_menu(PAGE, trial.attack)
        parameters = kept_budget(trial.attack, attack, trial.parameters)
        parameters = budget_slider(PAGE, attack, parameters)
    with st.expander("All parameters", key=widget_key(PAGE, "all"), icon=":material/tune:"):
        parameters = other_parameters(PAGE, attack, parameters)
        number = seed_number(PAGE, trial.seed)
    return replace(
        trial,
        classifier=classifier,
        defense=defense,
        attack=attack,
        parameters=parameters,
        threat=threat,
        substitute=substitute,
        n=n,
        seed=number,
    )


def _threat(value: str) -> str:
    key = widget_key(PAGE, "threat")
    seed(key, value)
    chosen = st.segmented_control(
        "What the attacker knows",
        list(THREATS),
        format_func=str.capitalize,
        key=key,
        required=True,
        help="\n".join(f"- **{name.capitalize()}**: {words}" for name, words in THREATS.items()),
    )
    return str(chosen)


def _images(value: int) -> int:
    key = widget_key(PAGE, "n")
    seed(key, value)
    count = st.slider(
        "Images",
        LEAST_IMAGES,
        MOST_IMAGES,
        step=10,
        key=key,
        help="The first ones of the split. More images make a narrower interval and take longer.",
    )
    return int(count)
