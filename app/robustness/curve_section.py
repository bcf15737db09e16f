"""The section of the curves, from stored results alone."""

from collections.abc import Sequence
from dataclasses import replace

import plotly.graph_objects as go
import streamlit as st

from app.controls import seed
from app.robustness.curves import (
    Curve,
    convergence_curves,
    epsilon_curves,
    in_words,
    over_epsilon,
    over_steps,
    settled,
)
from app.robustness.names import defense_title
from app.robustness.settings import CURVES, PAGE, Settings
from app.state import widget_key
from app.stored import suite_or_reason
from app.theme import CHART_CONFIG
from core.evaluation import Accuracy
from core.evaluation.cells import CLASSIFIERS
from core.models import classifier_title

TITLE = "How it gives way"


def show_curves(settings: Settings) -> Settings:
    """Draw both charts, or the commands that measure them; returns what is chosen."""
    st.header(TITLE, divider="gray", anchor="curves")
    if settings.data == "celeba":
        st.markdown("The slides have no curves, and CelebA's images are not here.")
        return settings
    left, right = st.columns(2, gap="large")
    with left:
        settings = _show_epsilon(settings)
    with right:
        _show_steps(settings)
    return settings


def _show_epsilon(settings: Settings) -> Settings:
    st.markdown("**Accuracy over the budget**")
    cells = suite_or_reason(settings.data, "curves")
    if not cells:
        return settings
    key = widget_key(PAGE, "curve")
    seed(key, settings.curve)
    chosen = str(
        st.segmented_control(
            "Defense",
            list(CURVES),
            format_func=defense_title,
            key=key,
            required=True,
            help="Whose curves are shown. No defense is the same line for all.",
        )
    )
    curves = epsilon_curves(cells, chosen)
    if not curves:
        st.info(f"Nothing is stored of {defense_title(chosen)}.", icon=":material/show_chart:")
    else:
        _chart("epsilon", over_epsilon(curves), f"Accuracy over epsilon. {in_words(curves)}")
        st.caption(
            f"PGD on {_network(settings.data)}, {_images(curves)} test images; bands are 95 % "
            "Wilson intervals. The solid line is the one to judge by. A sound attack takes it to "
            "chance or below at large budgets; where it stays up, doubt the attack. Random noise "
            "should hardly lower its line: a defense that falls to it has no need of an attacker."
        )
        _table(curves, "epsilon")
    return replace(settings, curve=chosen)


def _network(dataset: str) -> str:
    return f"classifier {classifier_title(CLASSIFIERS[dataset][0])}"


def _show_steps(settings: Settings) -> None:
    st.markdown("**Has the attack converged?**")
    cells = suite_or_reason(settings.data, "convergence")
    if not cells:
        return
    curves = convergence_curves(cells)
    _chart("steps", over_steps(curves), f"Accuracy over the attack's steps. {in_words(curves)}")
    st.caption(
        f"Adaptive PGD at Linf 0.1 on {_network(settings.data)}, {_images(curves)} test images, "
        f"with more and more steps; bands are 95 % Wilson intervals. {settled(curves)}"
    )
    _table(curves, "steps")


def _chart(name: str, figure: go.Figure, alt: str) -> None:
    st.plotly_chart(figure, key=f"{PAGE}_{name}", config=dict(CHART_CONFIG), alt=alt)


def _table(curves: Sequence[Curve], title: str) -> None:
    with st.expander("The same as a table", key=widget_key(PAGE, f"{title}_table")):
        places = sorted({place for curve in curves for place, _ in curve.points})
        rows = []
        for place in places:
            row = {title: f"{place:g}"}
            for curve in curves:
                row[curve.name] = _text(dict(curve.points).get(place))
            rows.append(row)
        st.table(rows, hide_index=True, border="horizontal", alt=f"Accuracy over {title}")


def _text(accuracy: Accuracy | None) -> str:
    if accuracy is None:
        return "–"
    low, high = accuracy.interval
    return f"{100 * accuracy.value:.1f}\u00a0({100 * low:.1f}\u2060–\u2060{100 * high:.1f})"


def _images(curves: Sequence[Curve]) -> str:
    counts = {accuracy.n for curve in curves for _, accuracy in curve.points}
    return " or ".join(f"{count:,}" for count in sorted(counts))
