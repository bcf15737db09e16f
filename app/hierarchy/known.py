"""What an attacker who knows the defense leaves, beside other defenses at the same budgets."""

from collections.abc import Sequence

import streamlit as st

from app.robustness.names import budget_title, defense_title
from app.robustness.table_view import interval, percent
from app.runs.words import listed, sentence
from app.stored import stored_suites
from core.contrast import CONTRASTS
from core.evaluation.adaptive_column import AdaptiveFigure, adaptive_figures
from core.evaluation.cells import CLASSIFIERS, QUIET
from core.evaluation.commands import table_command
from core.evaluation.specification import Evaluation
from core.models import classifier_title
from core.types import LabError

SUITES = ("levels", "adaptive", "headline", "break")
DEFENSE = "mlvgm"
NONE = "–"


def show_known(dataset: str) -> None:
    """The table of the stored figures, or the command that measures them."""
    st.markdown("**An attacker who knows the defense**")
    evaluations, problems = stored_suites(dataset, SUITES)
    for problem in problems:
        st.warning(sentence(LabError(problem)), icon=":material/warning:")
    figures = known_figures(dataset, evaluations)
    mine = [one for one in figures if one.defense == DEFENSE]
    if not mine and problems:
        return
    if not mine:
        st.info(
            f"Not measured yet: `{table_command(SUITES[0], dataset)}`",
            icon=":material/timer:",
        )
        return
    lines = known_table(figures)
    st.table(lines, hide_index=True, border="horizontal", alt="An attacker who knows the defense")
    st.caption(known_words(dataset, mine))


def known_figures(dataset: str, evaluations: Sequence[Evaluation]) -> list[AdaptiveFigure]:
    """The figures of this defense and of those beside it, behind the first classifier."""
    return [
        one
        for one in adaptive_figures(evaluations)
        if one.classifier == CLASSIFIERS[dataset][0] and one.defense in (DEFENSE, *QUIET)
    ]


def known_table(figures: Sequence[AdaptiveFigure]) -> list[dict[str, str]]:
    """A line for every budget at which this defense was measured, in percent with intervals."""
    found = {(one.norm, one.epsilon, one.defense): one for one in figures}
    budgets = sorted(
        {(one.norm, one.epsilon) for one in figures if one.defense == DEFENSE},
        key=lambda budget: (budget[0] != "linf", budget[1]),
    )
    lines = []
    for budget in budgets:
        line = {"budget": budget_title(*budget)}
        for name in (DEFENSE, *QUIET):
            line[defense_title(name)] = _figure(found.get((*budget, name)))
        lines.append(line)
    return lines


def known_words(dataset: str, mine: Sequence[AdaptiveFigure]) -> str:
    """What was tried, on how many images, and what may be behind the figures."""
    tried = dict.fromkeys(attack for one in mine for attack in one.attacks)
    network = classifier_title(CLASSIFIERS[dataset][0])
    words = f"Right answers behind classifier {network}, in percent: {listed(list(tried))}."
    if dataset in CONTRASTS:
        words += (
            " Before the levels a soft threshold pushes every pixel towards black or white. Bit "
            "depth is a threshold and nothing else: what holds under Linf may be its doing alone."
        )
    warnings = dict.fromkeys(warning for one in mine for warning in one.warnings)
    return (
        " ".join((words, *warnings)) if warnings else f"{words} No check of MLVGM raised a warning."
    )


def _figure(one: AdaptiveFigure | None) -> str:
    if one is None:
        return NONE
    mark = "?" if one.warnings else ""
    return f"{percent(one.accuracy)}{mark} ({interval(one.accuracy)})"
