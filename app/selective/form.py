"""The sidebar: which classifier, which image, and what is done to it."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from app.controls import Menu, choose, seed
from app.runs.choices import Offer
from app.runs.menus import dataset_menu_of, moved_to, not_ready
from app.runs.picture import Picture, pick_picture
from app.runs.picture_gallery import Host
from app.selective.settings import (
    ATTACKS,
    JOINT,
    MOST_EPSILON,
    NO_ATTACK,
    PAGE,
    PAPERS_JOINT,
    SelectiveSession,
    Settings,
)

HELP = (
    "FGSM, MI-FGSM and PGD see the encoder alone, as in the paper: they move the image towards "
    "another mean and know of no limit. The joint attacks see encoder, decoder and both limits. "
    "The paper's has no budget and one weighting; the last one keeps to the budget and tries "
    "several weightings and starts, which takes some seconds."
)
MODEL_HELP = (
    "How it was trained. **All labels**: one Gaussian a class, constant entropy. **100 labels a "
    "class**: the other images without theirs. **Variable entropy**: the encoder gives a variance "
    "too, which the paper's Figure 5 compares with."
)


def selective_form(
    session: SelectiveSession, datasets: Menu, offers: Mapping[str, Offer]
) -> tuple[Picture, Settings]:
    """Draw the menus; the picture and the settings they say.

    Raises:
        LabError: The images cannot be read.
    """
    before = session.current()
    place = st.container()
    settings = _classifier(before, datasets, offers)
    offer = offers[settings.dataset]

    def change(index: int, own: bool | None = None) -> None:
        kept = session.current().own if own is None else own
        session.replace(index=index, own=kept, reclassify=False)

    with place:
        picked = pick_picture(Host(PAGE, session.openings, change), settings, offer)
    settings = replace(settings, index=picked.index, own=picked.own)
    settings = _attack(settings, offer, picked.picture)
    not_ready(datasets, offer.classifiers)
    if settings != before:
        settings = replace(settings, reclassify=False)
    return picked.picture, settings


def _classifier(settings: Settings, datasets: Menu, offers: Mapping[str, Offer]) -> Settings:
    dataset = dataset_menu_of(PAGE, datasets, settings.dataset)
    if dataset != settings.dataset:
        settings = replace(settings, dataset=dataset, index=0, own=False, target=None)
    model = choose(
        "Trained with",
        offers[dataset].classifiers,
        key=f"{PAGE}_w_model",
        value=settings.model,
        help=MODEL_HELP,
    )
    return replace(settings, model=model)


def _attack(settings: Settings, offer: Offer, picture: Picture) -> Settings:
    attack = choose(
        "Attack", Menu(ATTACKS), key=f"{PAGE}_w_attack", value=settings.attack, help=HELP
    )
    key, off = f"{PAGE}_w_epsilon", attack in (NO_ATTACK, PAPERS_JOINT)
    seed(key, settings.epsilon)
    why = "it has no budget" if attack == PAPERS_JOINT else "there is no attack"
    epsilon = st.slider(
        "Epsilon",
        0.0,
        MOST_EPSILON,
        step=0.01,
        key=key,
        disabled=off,
        help=f"Off: {why}." if off else "The largest change of a pixel, in [0, 1].",
    )
    epsilon = moved_to(float(epsilon), settings.epsilon)
    if not off:
        st.caption(f"= {255 * epsilon:.4g}/255 per pixel.")
    settings = replace(settings, attack=attack, epsilon=epsilon)
    if attack == PAPERS_JOINT:
        return replace(settings, target=_target(settings, offer, picture))
    if attack == JOINT:
        st.caption("It aims at the paper's limits; a limit that you move later it does not know.")
    return settings


def _target(settings: Settings, offer: Offer, picture: Picture) -> int | None:
    key = f"{PAGE}_w_target"
    options = [-1, *(label for label in range(len(offer.classes)) if label != picture.label)]
    wanted = -1 if settings.target is None else settings.target
    if st.session_state.get(key) not in options:
        st.session_state[key] = wanted if wanted in options else -1
    chosen = st.selectbox(
        "Target",
        options,
        format_func=lambda label: "Nearest other class" if label < 0 else offer.classes[label],
        key=key,
        help="The class the attack aims at. The picture's own class is left out.",
    )
    st.caption("It aims at the paper's limits; a limit that you move later it does not know.")
    return None if chosen < 0 else int(chosen)
