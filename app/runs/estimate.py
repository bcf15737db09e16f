"""How long an attack on many images will take, said before it begins."""

import math
import time
from collections.abc import Mapping

import streamlit as st

from app import cache
from app.runs.settings import RunSettings
from core.attacks import ATTACKS, make_attack
from core.devices import pick_device
from core.types import LabError

UNITS: Mapping[str, float] = {
    "fgsm": 1,
    "bim": 7,
    "pgd": 35,
    "pgd_l2": 35,
    "deepfool": 15,
    "cw": 750,
    "square": 50,
    "jsma": 50,
    "noise": 0.3,
    "mi_fgsm": 8,
    "apgd": 45,
    "apgd_l2": 120,
    "apgd_t": 400,
    "eot_pgd": 350,
    "fab": 360,
    "fab_linf": 360,
    "fab_t": 800,
    "square_l2": 1000,
    "one_pixel": 1000,
    "noise_l2": 0.3,
    "one_step_bpda": 1,
    "fooling": 60,
    "adaptive": 20,
    "adaptive_l2": 1400,
    "flips": 90,
    "flips_l0": 30,
    "hop_skip_jump": 1250,
    "hop_skip_jump_linf": 1200,
}
"""Time of each attack with its defaults, in units of one FGSM on as many images; measured."""

REST = 4
"""Purifying, encoding and judging all pictures of one image, in the same units."""

MULTIPLIERS = (
    "steps",
    "searches",
    "restarts",
    "squares",
    "draws",
    "generations",
    "population",
    "targets",
    "rounds",
    "probes",
)
"""Parameters the time is proportional to."""

PROBE = 32
"""Images in the FGSM that is timed, a batch of the real run."""


def estimated_seconds(settings: RunSettings) -> float | None:
    """Seconds the run will take on this machine; None when its classifier cannot be tried."""
    unit = _unit_seconds(settings.dataset, settings.classifier)
    return None if unit is None else settings.n * units_of(settings) * unit


def units_of(settings: RunSettings) -> float:
    """The work of one image, in units of one FGSM."""
    attack = make_attack(settings.attack, **dict(settings.parameters))
    default = ATTACKS[settings.attack]()
    times = [
        float(getattr(attack, name) / getattr(default, name))
        for name in MULTIPLIERS
        if getattr(default, name, 0) and getattr(attack, name)
    ]
    return REST + UNITS[settings.attack] * math.prod(times)


def duration_words(seconds: float | None) -> str:
    """A length of time, as roughly as it is known."""
    if seconds is None:
        return "a time that is not known here"
    if seconds < 10:
        return "a few seconds"
    if seconds < 90:
        return f"about {round(seconds, -1):.0f} s"
    if seconds < 90 * 60:
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3600:.1f} hours"


@st.cache_resource(show_spinner=False, max_entries=32)
def _timed(dataset: str, classifier: str) -> float:
    model = cache.classifier(dataset, classifier)
    images, labels = (part[:PROBE].to(pick_device()) for part in cache.validation(dataset))
    attack = make_attack("fgsm")
    attack(model, images[:1], labels[:1])  # the first call of a model prepares itself
    started = time.perf_counter()
    attack(model, images, labels)
    return (time.perf_counter() - started) / len(images)


def _unit_seconds(dataset: str, classifier: str) -> float | None:
    try:
        return _timed(dataset, classifier)
    except LabError:
        return None  # the run itself says what is wrong with this classifier
