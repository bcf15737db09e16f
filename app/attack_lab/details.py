"""Below the pictures: the probabilities, the change itself, and its figures."""

from collections.abc import Sequence
from dataclasses import replace
from html import escape

import streamlit as st
import torch

from app.attack_lab import session
from app.attack_lab.settings import GAINS, PAGE, Settings
from app.charts import Series, probability_bars
from app.gallery import data_uri
from app.state import publish
from app.theme import CHART_CONFIG, LOWERED, RAISED, SIGNED
from core.analysis import Triplet
from core.images import signed_picture, to_png

FIGURES_STYLE = """
<style>
.change { display: grid; grid-template-columns: minmax(90px, 40%) 1fr; gap: 1rem; }
.change img { width: 100%; aspect-ratio: 1; image-rendering: pixelated; border-radius: 6px;
  border: 1px solid color-mix(in srgb, currentColor 25%, transparent); display: block; }
.change dl { display: grid; grid-template-columns: 1fr auto; gap: 0.15rem 0.75rem; margin: 0;
  align-content: start; font-size: 0.9rem; white-space: nowrap; }
.change dt { opacity: 0.8; }
.change dd { margin: 0; font-variant-numeric: tabular-nums; font-weight: 600; text-align: right; }
.change p { font-size: 0.85rem; margin: 0.35rem 0 0; }
</style>
"""


def show_probabilities(triplet: Triplet, classes: Sequence[str]) -> None:
    """One chart with a group of bars a class."""
    series = [
        Series("clean", "Original", triplet.original.probabilities),
        Series("adversarial", "Adversarial", triplet.adversarial.probabilities),
    ]
    if triplet.purified is not None:
        series.append(Series("purified", "Purified", triplet.purified.probabilities))
    said = ", ".join(
        f"{one.title.lower()} {classes[int(one.probabilities.argmax())]} "
        f"{one.probabilities.max():.0%}"
        for one in series
    )
    st.markdown("**What the classifier believes**")
    st.plotly_chart(
        probability_bars(series, classes),
        key="lab_probabilities",
        config=dict(CHART_CONFIG),
        alt=f"Probability of each class, three bars a class. Highest: {said}.",
    )
    st.caption("A tall bar is confidence, not correctness: fooled networks are often very sure.")


@st.fragment
def show_change(triplet: Triplet, settings: Settings) -> None:
    """The signed change with its gain, and the figures beside it; moving the gain redraws this."""
    st.markdown("**What the attack changed**")
    key = session.key("gain")
    if st.session_state.get(key) not in GAINS:
        st.session_state[key] = settings.gain
    gain = st.select_slider(
        "Gain",
        GAINS,
        key=key,
        format_func=lambda value: f"{value}x",
        help="Magnifies the change so that it can be seen. The attack itself stays as it is.",
    )
    st.html(change_html(triplet, int(gain)))
    if gain != settings.gain:
        publish(PAGE, replace(settings, gain=int(gain)).params())


def change_html(triplet: Triplet, gain: int) -> str:
    """The signed change as a picture, and the run's figures as a list."""
    delta = torch.from_numpy(triplet.adversarial.image - triplet.original.image)
    picture = to_png(signed_picture(delta, gain, **SIGNED), 8)
    pixels = triplet.original.image[0].size
    rows = [
        ("Pixels (L0)", f"{triplet.l0} of {pixels}"),
        ("Length (L2)", f"{triplet.l2:.3f}"),
        ("Largest (Linf)", f"{triplet.linf:.4f}"),
        ("in levels of 255", f"{255 * triplet.linf:.4g}"),
        ("Attack took", f"{1000 * triplet.attack_seconds:.0f} ms"),
    ]
    if triplet.purified is not None:
        rows.append(("Purifying took", f"{1000 * triplet.purify_seconds:.0f} ms"))
    if triplet.code is not None:
        rows.append(("Bits flipped", f"{triplet.code.flipped.sum()} of {len(triplet.code.clean)}"))
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    legend = (
        f'<p><span style="color:{RAISED}">■ brighter</span> '
        f'<span style="color:{LOWERED}">■ darker</span></p>'
    )
    alt = f"Signed change of each pixel, magnified {gain} times"
    return (
        f'{FIGURES_STYLE}<div class="change"><div><img src="{data_uri(picture)}" '
        f'alt="{alt}">{legend}</div><dl>{listed}</dl></div>'
    )


def code_words(triplet: Triplet) -> str:
    """How much of the code the attack flipped."""
    if triplet.code is None:
        return ""
    flips, bits = int(triplet.code.flipped.sum()), len(triplet.code.clean)
    return f"{flips} of {bits} bits flipped ({flips / bits:.0%}); they are framed and crossed"
