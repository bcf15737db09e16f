"""Flips and accuracy over the strength of the attack; a click on a point chooses the histogram."""

import numpy as np
import streamlit as st

from app.bit_flips.curve import Curve, curve_chart, flipped_share
from app.bit_flips.explorer import Mask, selected_places
from app.bit_flips.session import BitSession, key
from app.bit_flips.view import PAGE
from app.theme import CHART_CONFIG
from core.analysis.epsilon_sweep import StrengthSweep
from core.attacks import ATTACKS

OWN = -1
"""The choice of the run itself, in the menu of strengths."""


def curve_of(sweep: StrengthSweep, used: Mask) -> Curve:
    """The curve over some of the images, at least one."""
    flips = np.stack([sweep.flips_at(place)[used] for place in range(len(sweep.strengths))])
    flipped, spread = flipped_share(flips, sweep.bits)
    return Curve(
        strengths=[float(strength) for strength in sweep.strengths],
        bare=sweep.accuracy(False, used),
        defended=sweep.accuracy(True, used),
        flipped=flipped,
        spread=spread,
        l2=sweep.mean_l2(used),
    )


def axis_title(sweep: StrengthSweep) -> str:
    """What the strength is."""
    if sweep.kind == "stretch":
        return "perturbation, as a multiple of the one the attack found"
    norm = {"linf": "largest change of a pixel", "l2": "length of the change"}
    return f"epsilon: {norm.get(ATTACKS[sweep.spec.attack].norm, 'budget')}"


def show_strength(session: BitSession, sweep: StrengthSweep, used: Mask) -> None:
    """The curve and its menu of strengths."""
    count = int(used.sum())
    if not count:
        st.info("No image is chosen, so there is no curve. Choose other bars, or show all.")
        return
    place = session.view.strength
    curve = curve_of(sweep, used)
    chart_key = f"{PAGE}_curve_{session.version}"
    st.plotly_chart(
        curve_chart(curve, axis_title(sweep), sweep.own if place is None else place),
        key=chart_key,
        config=dict(CHART_CONFIG),
        on_select=lambda: _choose(session, sweep, selected_places(chart_key, "point_index")),
        selection_mode="points",
        alt=curve_alt(curve),
    )
    words = "all" if count == len(used) else f"the {count:,} chosen of"
    st.caption(
        f"Each point: {words} {len(used):,} images, with 95 % intervals (Wilson for accuracies, "
        "normal for the mean share of bits). The dashed upright line is the strength of the "
        "histogram above; click a point to see the histogram there. More flips with less "
        "accuracy side by side do not prove that the flips are the reason: both grow with "
        "the change of the picture."
    )


def show_strength_menu(session: BitSession, sweep: StrengthSweep) -> None:
    """The strength whose histogram is shown, as a menu, for those who do not click charts."""
    options = [OWN, *(place for place in range(len(sweep.strengths)) if place != sweep.own)]
    place = session.view.strength
    st.session_state[key("strength")] = OWN if place is None else place
    st.selectbox(
        "Histogram at",
        options,
        format_func=lambda one: strength_words(sweep, sweep.own if one == OWN else one, one == OWN),
        key=key("strength"),
        on_change=lambda: _choose(session, sweep, [st.session_state[key("strength")]]),
        help="Which strength of the attack the histogram above shows. The controls are drawn "
        "only for the run itself.",
    )


def strength_words(sweep: StrengthSweep, place: int, own: bool = False) -> str:
    """One strength in words."""
    strength = float(sweep.strengths[place])
    words = f"epsilon {strength:g}" if sweep.kind == "epsilon" else f"{strength:g} times the change"
    return f"{words} (the run itself)" if own else words


def curve_alt(curve: Curve) -> str:
    """The curve in words: its two ends."""
    told = [
        f"at {curve.strengths[end]:g} the bare classifier is right on {curve.bare[end].value:.0%}, "
        f"once purified {curve.defended[end].value:.0%}, and {curve.flipped[end]:.1%} of the bits "
        "have flipped"
        for end in (0, -1)
    ]
    return f"Accuracy and flipped bits over the strength of the attack: {'; '.join(told)}."


def _choose(session: BitSession, sweep: StrengthSweep, places: list[int]) -> None:
    """Callback: one strength; the run's own one is the run itself."""
    if places:
        place = places[-1]
        session.look(strength=None if place in (OWN, sweep.own) else place, brush=None)
