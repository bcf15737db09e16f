"""The menus in the sidebar: picture, classifier, defense, attack, budget, everything else."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from app import cache
from app.attack_lab import session
from app.attack_lab.presets import PRESETS, active
from app.attack_lab.settings import PAGE, Settings
from app.controls import Menu, choose, seed
from app.runs.choices import NO_DEFENSE, Offer
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
from app.runs.picture import Picture, pick_picture
from app.runs.picture_gallery import Host
from core.analysis import WORST
from core.attacks import ATTACKS
from core.evaluation.threats import WITHOUT_SUBSTITUTE as THREATS
from core.types import LabError


def draw_menus(
    settings: Settings, datasets: Menu, offers: Mapping[str, Offer]
) -> tuple[Picture, Settings]:
    """Draw all menus, and return the picture and the settings they say."""
    place = st.container()
    settings = _data_and_classifier(settings, datasets, offers)
    offer = offers[settings.dataset]
    settings = _defense(settings, offer)
    settings = _attack(settings)
    with place:
        picked = pick_picture(Host(PAGE, session.openings, session.change), settings, offer)
    picture, settings = picked.picture, replace(settings, index=picked.index, own=picked.own)
    with st.expander("All parameters", key=session.key("all"), icon=":material/tune:"):
        settings = _advanced(settings, offer, picture)
    not_ready(datasets, offer.defenses)
    return picture, settings


def preset_row(settings: Settings) -> None:
    """The row of ready experiments, and what the chosen one teaches."""
    key = session.key("preset")
    st.session_state[key] = active(settings)
    chosen = st.pills(
        "Try",
        list(PRESETS),
        format_func=lambda name: PRESETS[name].title,
        key=key,
        on_change=session.use_preset,
        label_visibility="collapsed",
        help="Each sets the attack; picture, classifier and defense stay.",
    )
    if chosen:
        st.caption(PRESETS[chosen].lesson)


def _data_and_classifier(
    settings: Settings, datasets: Menu, offers: Mapping[str, Offer]
) -> Settings:
    left, right = st.columns([13, 9], gap="xsmall")
    with left:
        dataset = dataset_menu_of(PAGE, datasets, settings.dataset)
    if dataset != settings.dataset:
        settings = replace(settings, dataset=dataset, index=0, own=False, target=None)
    with right:
        classifier = classifier_menu(PAGE, offers[dataset].classifiers, settings.classifier)
    return replace(settings, classifier=classifier)


def _defense(settings: Settings, offer: Offer) -> Settings:
    defense = defense_menu(PAGE, offer.defenses, settings.defense)
    threat = settings.threat if defense != NO_DEFENSE else "oblivious"
    return replace(settings, defense=defense, threat=threat)


def _attack(settings: Settings) -> Settings:
    chosen = attack_menu(PAGE, settings.attack)
    if chosen != settings.attack:
        settings = settings.with_attack(chosen)
    return replace(settings, parameters=budget_slider(PAGE, chosen, settings.parameters))


def _advanced(settings: Settings, offer: Offer, picture: Picture) -> Settings:
    changed = other_parameters(PAGE, settings.attack, settings.parameters)
    settings = replace(settings, parameters=changed)
    settings = replace(settings, target=_target(settings, offer, picture))
    settings = _knowledge(settings)
    return replace(settings, seed=seed_number(PAGE, settings.seed))


def _target(settings: Settings, offer: Offer, picture: Picture) -> int | None:
    attack = ATTACKS[settings.attack]
    if not attack.targetable:
        st.selectbox(
            "Target",
            ["Any other class"],
            disabled=True,
            key=session.key("no_target"),
            help=f"Off: {attack.title} cannot aim at a class.",
        )
        return None
    key = session.key("target")
    options = [-1, *(label for label in range(len(offer.classes)) if label != picture.label)]
    wanted = -1 if settings.target is None else settings.target
    if wanted == picture.label:
        wanted = (wanted + 1) % len(offer.classes)
        st.caption(
            f"The picture is a {offer.classes[picture.label or 0]} already, "
            f"so the attack aims at {offer.classes[wanted]}."
        )
        st.session_state[key] = wanted
    if st.session_state.get(key) not in options:
        st.session_state[key] = wanted
    chosen = st.selectbox(
        "Target",
        options,
        format_func=lambda label: "Any other class" if label < 0 else offer.classes[label],
        key=key,
        help="The class the attack aims at. The picture's own class is left out.",
    )
    return None if chosen < 0 else int(chosen)


def _knowledge(settings: Settings) -> Settings:
    off = settings.defense == NO_DEFENSE
    key = session.key("threat")
    if off:
        st.session_state[key] = "oblivious"
    seed(key, settings.threat)
    explained = "\n".join(f"- **{name.capitalize()}**: {words}" for name, words in THREATS.items())
    threat = st.segmented_control(
        "What the attacker knows",
        list(THREATS),
        format_func=str.capitalize,
        key=key,
        required=True,
        disabled=off,
        width="stretch",
        help=("Off: without a defense there is nothing to know.\n\n" if off else "") + explained,
    )
    settings = replace(settings, threat=str(threat))
    if threat != "adaptive":
        return settings
    try:
        surrogates = cache.purifier(settings.dataset, settings.defense).surrogates
    except LabError:
        return settings  # the pictures say what is wrong with this defense
    menu = Menu({WORST: "Worst of all", **{name: name.replace("_", " ") for name in surrogates}})
    surrogate = choose(
        "Through which stand-in",
        menu,
        key=session.key("surrogate"),
        value=settings.surrogate,
        help="The purifier rounds, so it has no useful gradient. An attacker puts a "
        "differentiable stand-in in its place (BPDA). Worst of all tries every one.",
    )
    return replace(settings, surrogate=surrogate)
