"""The picture of what becomes of all images: from clean to adversarial to purified."""

import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from app.defenses.settings import ALL, OUTCOMES
from app.runs.words import BADGES, OUTCOME_COLORS
from app.theme import lay_out
from core.analysis import Outcome

STAGES = ("Original", "Adversarial", "Purified")
STACKS: tuple[tuple[Outcome, ...], ...] = (
    ("wrong before", "not repaired", "repaired", "spoiled", "not fooled"),
    ("wrong before", "not repaired", "repaired", "spoiled", "not fooled"),
    ("wrong before", "not repaired", "spoiled", "repaired", "not fooled"),
)
"""From the bottom up; in each stage those the classifier gets wrong lie below the others."""

WRONG: tuple[frozenset[Outcome], ...] = (
    frozenset({"wrong before"}),
    frozenset({"wrong before", "not repaired", "repaired"}),
    frozenset({"wrong before", "not repaired", "spoiled"}),
)
HALF = 0.17
"""Half the width of a bar; the bars stand one apart."""

CURVE = 12
"""Points along the edge of a band."""

NAMED = 0.05
"""Parts smaller than this share have no room for a word."""

DIMMED = 0.25


def flow_chart(counts: Mapping[Outcome, int], chosen: str) -> go.Figure:
    """Three stacked bars with bands between; the first traces are ``OUTCOMES``, in that order.

    Args:
        counts: Images of each outcome.
        chosen: The outcome that stands out, or ``ALL``.
    """
    figure = go.Figure()
    total = sum(counts.values())
    floors = [_floors(counts, stack) for stack in STACKS]
    for outcome in OUTCOMES:
        strength = 1.0 if chosen in (ALL, outcome) else DIMMED
        figure.add_bar(
            x=list(range(len(STAGES))),
            y=[counts.get(outcome, 0)] * len(STAGES),
            base=[floor[outcome] for floor in floors],
            width=2 * HALF,
            name=BADGES[outcome].text,
            text=_words(counts.get(outcome, 0), outcome, total),
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": "#FFFFFF", "size": 12},
            constraintext="none",
            marker={"color": OUTCOME_COLORS[outcome], "opacity": strength, "line": {"width": 0}},
            selected={"marker": {"opacity": strength}},
            unselected={"marker": {"opacity": strength}},
            hovertemplate=f"{BADGES[outcome].text}: %{{y:,}} of {total:,}<extra></extra>",
        )
    for outcome in OUTCOMES:
        if counts.get(outcome, 0):
            strength = 0.35 if chosen in (ALL, outcome) else 0.08
            for stage in range(len(STAGES) - 1):
                lows = (floors[stage][outcome], floors[stage + 1][outcome])
                figure.add_scatter(
                    **_band(stage, lows, counts[outcome]),
                    fillcolor=OUTCOME_COLORS[outcome],
                    opacity=strength,
                )
    return lay_out(
        figure,
        height=320,
        barmode="overlay",
        xaxis={
            "tickmode": "array",
            "tickvals": list(range(len(STAGES))),
            "ticktext": [f"<b>{stage}</b>" for stage in STAGES],
            "range": [-0.25, len(STAGES) - 0.75],
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
        },
        yaxis={"visible": False, "fixedrange": True, "range": [0, total]},
    )


def flow_words(counts: Mapping[Outcome, int]) -> str:
    """The picture in words."""
    total = sum(counts.values())
    told = ", ".join(
        f"{counts[outcome]:,} {BADGES[outcome].text.lower()}"
        for outcome in OUTCOMES
        if counts.get(outcome)
    )
    return f"Of {total:,} images: {told}."


def _floors(counts: Mapping[Outcome, int], stack: Sequence[Outcome]) -> dict[Outcome, int]:
    """Where each outcome begins in a stack."""
    floors, floor = {}, 0
    for outcome in stack:
        floors[outcome] = floor
        floor += counts.get(outcome, 0)
    return floors


def _words(count: int, outcome: Outcome, total: int) -> list[str]:
    """What the classifier says in each stage, where there is room for it."""
    if total == 0 or count < NAMED * total:
        return [""] * len(STAGES)
    return [f"{'wrong' if outcome in wrong else 'right'} {count:,}" for wrong in WRONG]


def _band(stage: int, lows: tuple[int, int], count: int) -> dict[str, object]:
    """The outline of a band from one bar to the next."""
    shares = [place / CURVE for place in range(CURVE + 1)]
    across = [stage + HALF + share * (1 - 2 * HALF) for share in shares]
    lower = [
        lows[0] + (lows[1] - lows[0]) * (1 - math.cos(math.pi * share)) / 2 for share in shares
    ]
    upper = [low + count for low in lower]
    return {
        "x": [*across, *reversed(across)],
        "y": [*lower, *reversed(upper)],
        "mode": "lines",
        "line": {"width": 0},
        "fill": "toself",
        "hoverinfo": "skip",
        "showlegend": False,
    }
