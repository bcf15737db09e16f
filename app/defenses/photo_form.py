"""The widgets of the section on pictures of any size: the defense, its settings, the noise."""

from dataclasses import replace

import streamlit as st

from app.controls import choose, seed
from app.defenses.photo_settings import (
    MOST_NOISE,
    PAGE,
    SETTINGS,
    PhotoSettings,
    defense_menu,
    only_different,
    training_menu,
)
from app.runs.menus import not_ready
from app.state import widget_key
from core.defenses import DEFENSES


def photo_form(photo: PhotoSettings) -> PhotoSettings:
    """Draw the widgets but the picture's, and return the settings as they have them now."""
    defenses = defense_menu()
    first, second, third, fourth = st.columns(4)
    with first:
        defense = choose(
            "Defense",
            defenses,
            key=widget_key(PAGE, "photo_defense"),
            value=photo.defense,
            help="Those that take a picture of any size. LQ-VAE, VAE and their variants are left "
            "out: they take pictures of the one size they were trained on.",
        )
    photo = replace(photo, defense=defense)
    training = training_menu(defense)
    with second:
        photo = _trained_on(photo)
    with third:
        photo = _tune(photo)
    with fourth:
        photo = replace(photo, noise=_noise(photo.noise))
    not_ready(defenses, training)
    return photo


def _trained_on(photo: PhotoSettings) -> PhotoSettings:
    if not photo.trained:
        st.selectbox(
            "Trained on",
            ["Nothing: it needs no training"],
            key=f"{PAGE}_photo_untrained",
            disabled=True,
            help=f"Off: {DEFENSES[photo.defense].title} has no network.",
        )
        return photo
    dataset = choose(
        "Trained on",
        training_menu(photo.defense),
        key=widget_key(PAGE, "photo_data"),
        value=photo.dataset,
        help="The small pictures its network learned from. None of them is a photo of this kind.",
    )
    return replace(photo, dataset=dataset)


def _tune(photo: PhotoSettings) -> PhotoSettings:
    """The sliders of the chosen defense; what the others were set to is kept."""
    values = dict(photo.tuned)
    for name, value in photo.values.items():
        setting = SETTINGS[name]
        key = widget_key(PAGE, f"photo_{name}")
        seed(key, value)
        values[name] = int(
            st.slider(
                name.capitalize(),
                setting.low,
                setting.high,
                step=setting.step,
                key=key,
                help=setting.help,
            )
        )
    return replace(photo, tuned=only_different(values))


def _noise(value: float) -> float:
    key = widget_key(PAGE, "photo_noise")
    seed(key, value)
    noise = st.slider(
        "Noise",
        0.0,
        MOST_NOISE,
        step=0.005,
        format="%.3f",
        key=key,
        help="Every value of the picture moves up or down by this much, at random (Linf size), "
        "as a stand-in for a perturbation.",
    )
    return round(float(noise), 4)
