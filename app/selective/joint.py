"""The attacker who knows encoder, decoder and both limits, beside those who do not."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from app.selective.choices import selective_title
from app.selective.settings import PAGE
from app.selective.simplex import QUIET
from app.selective.stored import find_measured, measured_or_reason, selected_of, total_of
from app.selective.words import share, with_interval
from app.theme import CHART_CONFIG, ROLES, RoleName, lay_out
from core.analysis.selective_bench import Row
from core.attacks import ATTACKS
from core.evaluation.selected import Selected
from core.types import LabError

JOINT = "Joint, all limits"
LOOKS: tuple[tuple[str, RoleName, str], ...] = (
    ("FGSM", "clean", ""),
    ("MI-FGSM", "noise", "-"),
    ("PGD", "code", "|"),
    (JOINT, "adversarial", "/"),
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one attack of one budget comes to.

    Attributes:
        attack: Its name on the screen.
        knows: Whether it knows decoder and limits.
        budget: In words, for example ``Linf 0.1``.
        selected: Counts.
    """

    attack: str
    knows: bool
    budget: str
    selected: Selected


def show_joint(dataset: str, name: str) -> None:
    """The stored results, beside all other attacks, with a conclusion from the figures."""
    st.header("An attacker who knows the limits", divider="gray", anchor="joint")
    st.markdown(
        "All attacks of the paper but one see the encoder alone. That one (Eq. 10) has no budget, "
        "one weighting and one start. Here is what it leaves out: projected gradient descent on "
        "the margin and both limits at once within a hard budget, with several weightings, "
        "starts and targets, and the worst counts, image by image."
    )
    joint = measured_or_reason(dataset, name, "joint")
    outcomes = [
        *encoder_outcomes(_rows(dataset, name, "sweep"), _rows(dataset, name, "iterative")),
        *([] if joint is None else joint_outcomes(joint.rows)),
    ]
    if joint is not None:
        st.markdown(f"**{conclusion(outcomes)}**")
    if outcomes:
        _show_outcomes(selective_title(name), outcomes)
    _show_papers(dataset, name)


def encoder_outcomes(sweep: Sequence[Row], iterative: Sequence[Row]) -> list[Outcome]:
    """The attacks on the encoder, FGSM at the budgets of the others."""
    budgets = {row["parameters"]["epsilon"] for row in iterative} or {0.1, 0.2, 0.3}
    chosen = [row for row in sweep if row["parameters"]["epsilon"] in budgets]
    return [
        Outcome(
            attack=ATTACKS[row["attack"]].title,
            knows=False,
            budget=f"Linf {row['parameters']['epsilon']:g}",
            selected=selected,
        )
        for row in (*chosen, *iterative)
        if (selected := selected_of(row)) is not None
    ]


def joint_outcomes(rows: Sequence[Row]) -> list[Outcome]:
    """The joint attack at its budgets."""
    return [
        Outcome(
            attack=JOINT,
            knows=True,
            budget=f"{'Linf' if row['norm'] == 'linf' else 'L2'} {row['epsilon']:g}",
            selected=selected,
        )
        for row in rows
        if (selected := selected_of(row)) is not None
    ]


def conclusion(outcomes: Sequence[Outcome]) -> str:
    """One sentence from the figures: what knowing the limits is worth to an attacker."""
    blindly = {one.budget for one in outcomes if not one.knows}
    knowing = [one for one in outcomes if one.knows]
    # Where there is somebody to compare with, if there is.
    knowing = [one for one in knowing if one.budget in blindly] or knowing
    worst = max(knowing, key=lambda one: one.selected.error.value)
    blind = [one for one in outcomes if not one.knows and one.budget == worst.budget]
    told = (
        f"An attacker who knows the limits gets {share(worst.selected.error)} of "
        f"{worst.selected.n:,} images accepted with a wrong class at {worst.budget}"
    )
    if not blind:
        return f"{told}; nobody else is measured at this budget."
    best = max(blind, key=lambda one: one.selected.error.value)
    beside = (
        f"{best.attack} on the encoder alone, the worst of those, {share(best.selected.error)} of "
        f"{best.selected.n:,}"
    )
    apart = worst.selected.error.interval[0] > best.selected.error.interval[1]
    end = (
        "the limits stop those who do not know them, not those who do"
        if apart
        else "the intervals overlap, so knowing the limits is not shown to help"
    )
    return f"{told}, {beside}: {end}."


def error_chart(outcomes: Sequence[Outcome]) -> go.Figure:
    """Error of every attack, grouped by budget."""
    figure = go.Figure()
    budgets = list(dict.fromkeys(one.budget for one in outcomes))
    for attack, role, pattern in LOOKS:
        mine = {one.budget: one.selected.error for one in outcomes if one.attack == attack}
        if not mine:
            continue
        errors = [mine.get(budget) for budget in budgets]
        figure.add_bar(
            x=budgets,
            y=[None if one is None else round(one.value, 4) for one in errors],
            name=attack,
            marker={
                "color": ROLES[role].color,
                "pattern": {"shape": pattern, "size": 6, "solidity": 0.35},
            },
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [0 if one is None else one.interval[1] - one.value for one in errors],
                "arrayminus": [0 if one is None else one.value - one.interval[0] for one in errors],
                "thickness": 1.5,
                "color": QUIET,
            },
            hovertemplate="%{x}: %{y:.2%} accepted and wrong<extra>" + attack + "</extra>",
        )
    return lay_out(
        figure,
        height=340,
        barmode="group",
        xaxis={"type": "category", "fixedrange": True},
        yaxis={
            "title": {"text": "accepted and wrong"},
            # Errors may be small: their ticks lie below one percent.
            "tickformat": ".2~%",
            "fixedrange": True,
            "rangemode": "tozero",
        },
    )


def _rows(dataset: str, name: str, subject: str) -> Sequence[Row]:
    try:
        measured = find_measured(dataset, name, subject)
    except LabError:
        return ()  # the section that shows this subject says what is wrong with it
    return () if measured is None else measured.rows


def _show_outcomes(title: str, outcomes: Sequence[Outcome]) -> None:
    st.plotly_chart(
        error_chart(outcomes),
        key=f"{PAGE}_joint",
        config=dict(CHART_CONFIG),
        alt="Error by attack and budget: "
        + "; ".join(
            f"{one.attack} {one.budget} {one.selected.error.value:.1%}" for one in outcomes
        ),
    )
    counts = sorted({one.selected.n for one in outcomes})
    images = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    st.caption(
        f"{title}: images that are accepted with a wrong class, on {images} test images, with 95 % "
        "intervals. FGSM, MI-FGSM and PGD see the encoder alone; the table has all three figures. "
        "Even the joint attack is no upper bound: it may stop short of what a better one finds."
    )
    with st.expander("The figures as a table"):
        st.table(
            [
                {
                    "attack": one.attack,
                    "knows the limits": "yes" if one.knows else "no",
                    "budget": one.budget,
                    "accuracy": with_interval(one.selected.accuracy),
                    "error": with_interval(one.selected.error),
                    "rejection": with_interval(one.selected.rejection),
                    "images": f"{one.selected.n:,}",
                }
                for one in outcomes
            ],
            hide_index=True,
            border="horizontal",
            alt="Accuracy, error and rejection under every attack",
        )


def _show_papers(dataset: str, name: str) -> None:
    st.markdown("**The paper's own joint attack (Eq. 10)**")
    measured = measured_or_reason(dataset, name, "paper_joint")
    total = None if measured is None else total_of(measured.rows)
    if total is None:
        return
    st.markdown(
        f"Of {total.n:,} tries, each image towards every other class, {share(total.error)} end "
        f"accepted with a wrong class, {share(total.accuracy)} with the right one, and "
        f"{share(total.rejection)} are rejected. In the paper every try was answered right or "
        "rejected. It has no budget: some of these images may have become what they are taken for."
    )
