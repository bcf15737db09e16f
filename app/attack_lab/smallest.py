"""The section that looks for the smallest epsilon, and shows it with its picture."""

from collections.abc import Sequence

import streamlit as st
import torch

from app.attack_lab import session
from app.attack_lab.work import Subject, threshold_key, thresholds_of
from app.gallery import Tile, show_tiles
from app.runs.words import sentence
from core.analysis import Reading, Threshold, highest_epsilon
from core.attacks import ATTACKS
from core.images import to_png
from core.types import LabError

ASKED = "lab_smallest_asked"


def show_smallest(subject: Subject, classes: Sequence[str]) -> None:
    """The button, and what it found for the bare and for the defended classifier."""
    spec = subject.spec
    highest = highest_epsilon(spec)
    if highest is None:
        st.info(
            f"{ATTACKS[spec.attack].title} has no epsilon: it looks for the smallest change "
            "itself, and the figures above are what it found."
        )
        return
    st.markdown(
        f"How large must the budget be before the answer changes? Budgets up to {highest:g} are "
        "tried, first coarsely, then by halving."
    )

    def ask() -> None:
        st.session_state[ASKED] = threshold_key(spec)

    asked = st.session_state.get(ASKED) == threshold_key(spec)
    if not asked:
        st.button(
            "Find the smallest epsilon",
            key="lab_smallest",
            on_click=ask,
            type="primary",
            help="Runs the attack about twenty times, with progress and Cancel.",
        )
        return
    try:
        found = thresholds_of(subject)
    except LabError as error:
        st.error(sentence(error), icon=":material/error:")
        return
    if found is None:
        return
    left, right = st.columns(2)
    with left.container(key="lab_smallest_bare"):
        _show(found.bare, "Bare classifier", subject.label, classes)
    if found.defended is not None:
        with right.container(key="lab_smallest_defended"):
            _show(found.defended, "Behind the purifier", subject.label, classes)
    st.caption(
        f"Exact to about {found.bare.exactness:.4f}. For this picture and this attack only: "
        "another attack may need less."
    )


def _show(threshold: Threshold, title: str, label: int, classes: Sequence[str]) -> None:
    if threshold.epsilon is None or threshold.adversarial is None:
        st.metric(title, f"above {threshold.highest:g}", help="No budget tried was enough.")
        st.markdown(f"No budget up to {threshold.highest:g} changed the answer.")
        return
    st.metric(title, f"{threshold.epsilon:.4f}", help="The smallest epsilon that was enough.")
    tiles = [_tile("adversarial", threshold.adversarial, label, classes)]
    if threshold.purified is not None:
        tiles.append(_tile("purified", threshold.purified, label, classes))
    show_tiles(tiles)
    st.button(
        "Use this epsilon",
        key=f"lab_use_{title}",
        on_click=_use,
        args=(threshold.epsilon,),
        help="Sets the budget above to this value.",
    )


def _use(epsilon: float) -> None:
    values = dict(session.current().parameters) | {"epsilon": epsilon}
    session.change(parameters=tuple(sorted(values.items())))


def _tile(role: str, reading: Reading, label: int, classes: Sequence[str]) -> Tile:
    return Tile(
        role="purified" if role == "purified" else "adversarial",
        png=to_png(torch.from_numpy(reading.image), 8),
        says=classes[reading.prediction],
        confidence=reading.confidence,
        correct=reading.prediction == label,
    )
