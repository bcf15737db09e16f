"""What the page needs beyond the run itself: the sweep over strengths, the importance of bits."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias, TypeVar

import streamlit as st
from torch import Tensor

from app import cache
from app.results import Results
from app.runs.estimate import duration_words, estimated_seconds
from app.runs.obtain import leave_slot, obtain
from app.runs.settings import RunSettings
from app.runs.words import sentence
from core.analysis.attacked_spec import AttackedSpec
from core.analysis.epsilon_sweep import StrengthSweep, make_sweep, strengths_of
from core.analysis.importance import BitImportance, bit_importance, find_importance
from core.analysis.sweep_file import find_sweep, keep_sweep
from core.analysis.thresholds import highest_epsilon
from core.devices import pick_device
from core.types import Classifier, LabError, OnStep, Purifier

T = TypeVar("T")
Parts: TypeAlias = tuple[Classifier, Purifier, Tensor, Tensor]
"""The classifier, the defense, and the images with their classes."""

SWEEP, IMPORTANCE = "flips_sweep", "flips_importance"
ASKED = "flips_asked"
KEPT = 12
DECODING = 0.15
"""Decoding and classifying an image, as a share of all that FGSM on it takes; measured."""


@st.cache_resource(show_spinner=False)
def _table() -> Results:
    return Results(most=KEPT)


def known_sweep(spec: AttackedSpec) -> StrengthSweep | None:
    """The sweep of a run if it is stored or was made since the server began."""
    key = (SWEEP, spec.fingerprint())
    found: StrengthSweep | None = _table().find(key)
    if found is None:
        found = find_sweep(spec)
        if found is not None:
            _table().keep(key, found)
    return found


def obtain_sweep(run: RunSettings) -> StrengthSweep | None:
    """The sweep of a run: found, or made once this visitor has asked; else what to say about it."""
    spec = run.spec()
    found = known_sweep(spec)
    if found is not None:
        return found
    strengths = strengths_of(spec)
    # Stretching what an attack without a budget found costs little beside finding it.
    attacks = 1 if highest_epsilon(spec) is None else len(strengths)
    seconds = estimated_seconds(run)
    duration = duration_words(None if seconds is None else attacks * seconds)
    if not _asked(
        SWEEP,
        spec,
        "Measure over strength",
        f"This attack has not been measured at other strengths yet. {len(strengths)} strengths on "
        f"{run.n:,} images take {duration} on this machine, by estimate.",
    ):
        return None

    def compute(parts: Parts, on_step: OnStep) -> StrengthSweep:
        sweep = make_sweep(spec, *parts, on_step)
        keep_sweep(sweep)
        return sweep

    return _make(SWEEP, spec, compute, "Measuring over strength")


def obtain_importance(run: RunSettings, bits: int) -> BitImportance | None:
    """The importance of a defense's bits: stored, or measured once this visitor has asked.

    Args:
        run: Whose images, classifier and defense.
        bits: Size of the defense's code.
    """
    spec = run.spec()
    try:
        stored = find_importance(spec)
    except LabError as error:
        st.warning(sentence(error), icon=":material/warning:")
        stored = None
    if stored is not None:
        return stored
    # The attack plays no part in it.
    spec = replace(spec, attack="noise", parameters=(), seed=0)
    key = (IMPORTANCE, spec.fingerprint())
    found: BitImportance | None = _table().find(key)
    if found is not None:
        return found
    one = estimated_seconds(replace(run, attack="fgsm", parameters=()))
    duration = duration_words(None if one is None else bits * DECODING * one)
    if not _asked(
        IMPORTANCE,
        spec,
        "Measure which bits matter",
        "How much accuracy each bit is worth has not been measured for this defense and "
        f"classifier yet. Flipping each of {bits} bits on {run.n:,} images takes {duration} on "
        "this machine, by estimate.",
    ):
        return None

    def compute(parts: Parts, on_step: OnStep) -> BitImportance:
        return bit_importance(*parts, on_step)

    return _make(IMPORTANCE, spec, compute, "Flipping each bit in turn")


def _asked(slot: str, spec: AttackedSpec, label: str, why: str) -> bool:
    """Whether this visitor wants it; else the offer to make it is drawn."""
    asked: set[tuple[str, AttackedSpec]] = st.session_state.setdefault(ASKED, set())
    if (slot, spec) in asked:
        return True
    leave_slot(slot)
    place = st.container()
    place.info(why, icon=":material/play_arrow:")
    if not place.button(
        label, key=f"{slot}_ask", type="primary", help="Runs with progress and Cancel."
    ):
        return False
    asked.add((slot, spec))
    return True


def _make(
    slot: str, spec: AttackedSpec, compute: Callable[[Parts, OnStep], T], title: str
) -> T | None:
    """Load what the work needs and hand it to a job; what goes wrong is said on the page."""
    try:
        images, labels = cache.validation(spec.dataset)
        device = pick_device()
        parts = (
            cache.classifier(spec.dataset, spec.classifier),
            cache.purifier(spec.dataset, spec.defense),
            images[: spec.n].to(device),
            labels[: spec.n].to(device),
        )
        return obtain(
            slot,
            (slot, spec.fingerprint()),
            lambda on_step: compute(parts, on_step),
            title,
            _table(),
        )
    except LabError as error:
        st.error(sentence(error), icon=":material/error:")
        return None
