"""What the limits cost on clean images and catch of attacked ones."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from app.controls import seed
from app.gallery import percent
from app.runs.words import sentence
from app.selective.crowd import Crowd, counted
from app.selective.curves import Told, rejected_of, risk_chart, roc_chart, roc_of
from app.selective.settings import PAGE, TOLD_APART, Settings
from app.selective.words import selected_words, share, with_interval
from app.selective.work import attacked_crowd
from app.theme import CHART_CONFIG, ROLES, RoleName
from core.evaluation.accuracy import Accuracy
from core.evaluation.selected import Selected
from core.selective import Thresholds
from core.types import LabError

COUNTS_STYLE = """
<style>
.counts { display: grid; grid-template-columns: repeat(3, minmax(0, 11rem)); gap: 0.5rem 1.5rem; }
.counts span { display: block; font-weight: 600; white-space: nowrap; }
.counts b { display: block; font-size: 1.7rem; line-height: 1.2; font-variant-numeric: tabular-nums;
  font-weight: 600; white-space: nowrap; }
.counts small { opacity: 0.8; }
@media (max-width: 640px) { .counts { gap: 0.5rem; } .counts b { font-size: 1.35rem; } }
</style>
"""


def show_limits(
    settings: Settings, crowd: Crowd, usual: Thresholds, limits: Thresholds
) -> Settings:
    """Accuracy, error and rejection together, and both curves with the present point.

    Args:
        settings: Names the classifier and the attack that is told apart.
        crowd: Clean validation images.
        usual: The limits of the training images.
        limits: The limits as the sliders stand.
    """
    st.subheader("What your limits cost, and what they catch", anchor="limits")
    _show_counts(counted(crowd.found, limits))
    left, right = st.columns(2, gap="large")
    with left:
        _show_risk(crowd, usual, limits)
    with right:
        settings = _choose_against(settings)
        try:
            attacked = attacked_crowd(settings)
        except LabError as error:
            st.error(sentence(error), icon=":material/error:")
            attacked = None
        if attacked is not None:
            _show_roc(settings, crowd, attacked, usual, limits)
    return settings


def _show_counts(selected: Selected) -> None:
    st.html(counts_html(selected))
    st.caption(
        f"Of {selected.n:,} clean validation images, on which nothing was trained. With 95 % "
        f"intervals: accuracy {with_interval(selected.accuracy)}, error "
        f"{with_interval(selected.error)}, rejection {with_interval(selected.rejection)}. The "
        "three add up to 100 %, so read none of them alone."
    )


def counts_html(selected: Selected) -> str:
    """Accuracy, error and rejection side by side on every screen, as HTML."""
    cells: tuple[tuple[str, str, Accuracy, RoleName], ...] = (
        ("accuracy", "accepted and right", selected.accuracy, "purified"),
        ("error", "accepted and wrong", selected.error, "adversarial"),
        ("rejection", "not answered", selected.rejection, "noise"),
    )
    drawn = "".join(
        f'<div class="{name}"><span style="color:{ROLES[role].color}">{ROLES[role].mark} {name}'
        f"</span><b>{share(accuracy)}</b><small>{about}</small></div>"
        for name, about, accuracy, role in cells
    )
    return f'{COUNTS_STYLE}<div class="counts">{drawn}</div>'


def _show_risk(crowd: Crowd, usual: Thresholds, limits: Thresholds) -> None:
    now = counted(crowd.found, limits)
    st.markdown("**Risk over coverage**")
    risk = (
        "nobody is answered"
        if now.risk is None
        else f"{100 * now.risk:.2f} % of the answers are wrong"
    )
    st.plotly_chart(
        risk_chart(crowd.found, usual, limits),
        key=f"{PAGE}_risk",
        config=dict(CHART_CONFIG),
        alt=f"Wrong answers over the share answered; at your limits {risk}, {selected_words(now)}.",
    )
    none = " Nobody is answered at your limits, so there is no point." if now.risk is None else ""
    st.caption(
        f"A limit that is moved from strict to loose follows its line from left to right; the "
        f"orange point is where yours stand. *Both together* moves them in the proportion of the "
        f"paper's.{none} A line that does not fall to the left means that the limit rejects right "
        "answers as readily as wrong ones. Clean images only: it says nothing about attacks."
    )


def _choose_against(settings: Settings) -> Settings:
    st.markdown("**Attacks told from clean images**")
    key = f"{PAGE}_w_against"
    seed(key, settings.against)
    chosen = st.segmented_control(
        "FGSM of epsilon",
        TOLD_APART,
        key=key,
        required=True,
        format_func=lambda epsilon: f"FGSM {epsilon}",
        label_visibility="collapsed",
        help="The attack sees the encoder alone.",
    )
    return replace(settings, against=str(chosen))


def _show_roc(
    settings: Settings, crowd: Crowd, attacked: Crowd, usual: Thresholds, limits: Thresholds
) -> None:
    fooled = ~attacked.found.right
    if not fooled.any():
        st.info(
            f"FGSM {settings.against} changes the class of none of {attacked.n} images, so there "
            "is nothing to be told apart.",
            icon=":material/shield:",
        )
        return
    told = roc_of(crowd.found, attacked.found, usual)
    caught = rejected_of(attacked.found, fooled, limits)
    after = counted(attacked.found, limits)
    st.plotly_chart(
        roc_chart(told, crowd.found, attacked.found, limits),
        key=f"{PAGE}_roc",
        config=dict(CHART_CONFIG),
        alt=f"Attacks rejected over clean images rejected. {_areas(told)}. Your limits reject "
        f"{percent(caught)} of the attacks.",
    )
    st.caption(
        f"FGSM {settings.against} on {attacked.n} validation images: it changes the class of "
        f"{int(fooled.sum())}, and your limits reject {percent(caught)} of these; of all "
        f"{attacked.n}: {selected_words(after)}. Area below each line, 0.5 is guessing: "
        f"{_areas(told)}. This attack does not know the limits; one that does is further below."
    )


def _areas(told: Mapping[str, Told]) -> str:
    return ", ".join(f"{score} {curve.area:.3f}" for score, curve in told.items())
