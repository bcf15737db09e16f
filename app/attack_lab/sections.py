"""The sections below the pictures: steps, code, smallest epsilon, export. Only one runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app.attack_lab import session
from app.attack_lab.details import code_words
from app.attack_lab.export import show_export
from app.attack_lab.settings import PAGE, SECTIONS, Settings
from app.attack_lab.smallest import show_smallest
from app.attack_lab.work import Subject
from app.charts import bit_grid
from app.scrubber import Steps, step_scrubber
from app.state import publish
from app.theme import CHART_CONFIG, RoleName
from core.analysis import Trajectory, Triplet

TITLES: Mapping[str, str] = {
    "steps": "Step by step",
    "code": "Code",
    "smallest": "Smallest epsilon",
    "export": "Take it with you",
}


@st.fragment
def show_sections(
    triplet: Triplet, subject: Subject, settings: Settings, classes: Sequence[str]
) -> None:
    """The row of section names and the one that is open; switching redraws only this."""
    key = session.key("section")
    if st.session_state.get(key) not in SECTIONS:
        st.session_state[key] = settings.section
    section = str(
        st.segmented_control(
            "More about this run",
            SECTIONS,
            format_func=TITLES.__getitem__,
            key=key,
            required=True,
            label_visibility="collapsed",
            width="stretch",
        )
    )
    gain = int(st.session_state.get(session.key("gain"), settings.gain))
    if section != settings.section:
        publish(PAGE, replace(settings, section=section, gain=gain).params())
    draw: Mapping[str, Callable[[], None]] = {
        "steps": lambda: show_steps(triplet, classes, gain),
        "code": lambda: show_code(triplet),
        "smallest": lambda: show_smallest(subject, classes),
        "export": lambda: show_export(triplet, subject, settings, classes),
    }
    draw[section]()


def show_steps(triplet: Triplet, classes: Sequence[str], gain: int) -> None:
    """The scrubber; it plays in the browser."""
    way = triplet.trajectory
    if way is None:
        st.info("This attack has no steps to show: it makes its picture in one go.")
        return
    wrong = triplet.target if triplet.target is not None else int(way.bare[-1].argmax())
    figure = step_scrubber(steps_of(way, triplet.label, wrong, classes, gain))
    st.plotly_chart(
        figure,
        key="lab_steps",
        config=dict(CHART_CONFIG),
        alt=f"The attacked image, its change and the probabilities over {len(way.images) - 1} "
        f"steps; the probability of {classes[triplet.label]} goes from "
        f"{way.bare[0, triplet.label]:.0%} to {way.bare[-1, triplet.label]:.0%}.",
    )
    st.caption(
        "Play, or drag the step: the picture and its change are those of that step. The curves "
        "are what the classifier believes with and without the purifier. An attack that does "
        "not know the defense pushes only the dashed curve."
    )


def steps_of(way: Trajectory, label: int, wrong: int, classes: Sequence[str], gain: int) -> Steps:
    """What the scrubber shows of a trajectory."""
    lines: list[tuple[RoleName, str, NDArray[np.float32]]] = [
        ("clean", f"{classes[label]} (right)", way.bare[:, label])
    ]
    if wrong != label:
        lines.append(("adversarial", f"{classes[wrong]} (wrong)", way.bare[:, wrong]))
    if way.defended is not None:
        lines.append(("purified", f"{classes[label]}, purified", way.defended[:, label]))
    return Steps(pictures=way.images, gain=gain, lines=lines)


def show_code(triplet: Triplet) -> None:
    """The code before and after, flipped bits framed."""
    if triplet.code is None:
        st.info(
            "This purifier has no code: only the LQ-VAE defenses squeeze the picture into bits."
        )
        return
    st.markdown(f"**{code_words(triplet)}**")
    left, right = st.columns(2)
    flipped = triplet.code.flipped
    left.html(bit_grid(triplet.code.clean, flipped, "Original"))
    right.html(bit_grid(triplet.code.adversarial, flipped, "Adversarial"))
    st.caption(
        "The purifier keeps nothing of the picture but these bits: a change that flips none is "
        "gone without trace. Filled is +1, empty is -1. Few flips do not promise the right "
        "class: one bit can matter more than ten others."
    )
