"""What drawing anew costs and brings, and what every level tells: from stored results alone."""

from collections.abc import Callable, Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from app.controls import seed
from app.hierarchy.settings import PAGE
from app.quantizer.figures import PERCENT, STILL, accuracy_marks
from app.robustness.stored import suite_or_reason
from app.runs.words import sentence
from app.state import widget_key
from app.theme import CHART_CONFIG, ROLES, RoleName, lay_out
from core.analysis.level_effects import COMMAND, LevelEffect, stored_effects
from core.attacks import ATTACKS
from core.defenses import DEFENSES
from core.defenses.level_schedules import SCHEDULES
from core.evaluation import Accuracy, Evaluation
from core.evaluation.commands import table_command
from core.models import classifier_title
from core.types import LabError

SUITE = "attenuation"
Point = tuple[int, Accuracy]


def show_trade_off(dataset: str, curve: str, keep: Callable[[str], object]) -> None:
    """Accuracy over the attenuation for one schedule, or the command that measures it.

    Args:
        dataset: A row of ``DATASETS``.
        curve: The schedule that is drawn.
        keep: Called with the chosen one, to remember it in the address.
    """
    st.header("What it costs and what it brings", divider="gray", anchor="trade-off")
    cells = suite_or_reason(dataset, SUITE)
    if cells:
        st.fragment(lambda: _show(cells, curve, keep))()


def _show(cells: Sequence[Evaluation], curve: str, keep: Callable[[str], object]) -> None:
    key = widget_key(PAGE, "curve")
    seed(key, curve)
    chosen = str(
        st.segmented_control(
            "Schedule of the curve",
            list(SCHEDULES),
            format_func=str.capitalize,
            key=key,
            required=True,
            help="An attacker who knows the defence was measured for the linear one alone: every "
            "point takes minutes.",
        )
    )
    keep(chosen)
    lines = lines_of(cells, SCHEDULES.index(chosen))
    st.plotly_chart(
        curve_chart(lines),
        key=f"{PAGE}_curve",
        config=dict(CHART_CONFIG),
        alt="; ".join(
            f"{name}: " + ", ".join(f"{one.value:.1%} at {percent} %" for percent, one in points)
            for (_, name), points in lines.items()
        ),
    )
    st.caption(
        f"Right answers behind classifier {classifier_title(cells[0].specification.classifier)} "
        f"with 95 % intervals: {_counts(lines)}. At 0 % every level is kept, at 100 % the "
        f"schedule is drawn anew as it stands. {_knowing_words(cells)} A rise of the other curves "
        "is no proof of safety: their attacks have never seen the defence."
    )


def _knowing_words(cells: Sequence[Evaluation]) -> str:
    """Who says how robust the defence is, and how often that attacker draws."""
    draws = {one.specification.draws for one in cells if one.specification.threat == "adaptive"}
    if draws:
        return (
            "Only the attacker who knows the defence says how robust it is; every gradient of it "
            f"averages {max(draws)} draws."
        )
    command = table_command(SUITE, cells[0].specification.dataset)
    return f"The attacker who knows the defence is not measured yet: `{command}` does that."


def lines_of(cells: Sequence[Evaluation], schedule: int) -> dict[tuple[RoleName, str], list[Point]]:
    """Clean and robust accuracy over the attenuation, by role and name.

    Args:
        cells: What is stored of the suite.
        schedule: The schedule's place in ``SCHEDULES``; at 0 % all are one.
    """
    found: dict[tuple[RoleName, str], dict[int, Accuracy]] = {}
    for cell in cells:
        spec = cell.specification
        # What is as usual, a cell does not say.
        usually = {n: one.default for n, one in DEFENSES[str(spec.defence)].settings.items()}
        settings = {**usually, **dict(spec.settings)}
        percent = settings["attenuation"]
        if percent and settings["schedule"] != schedule:
            continue
        usual = spec.threat == "oblivious" and settings["contrast"]
        if cell.clean_defended is not None and usual:
            found.setdefault(("clean", "clean images"), {})[percent] = cell.clean_defended
        if cell.robust is not None:
            knows = spec.threat == "adaptive"
            epsilon = f"{dict(spec.parameters)['epsilon']:g}"
            name = f"{ATTACKS[str(spec.attack)].title} {epsilon}"
            role: RoleName = "adversarial" if knows else _role(str(spec.attack))
            words = f"{name}, knows the defence" if knows else f"{name}, oblivious"
            if not settings["contrast"]:
                role, words = "noise", f"{words}, no threshold before"
            found.setdefault((role, words), {})[percent] = cell.robust
    lines = {key: sorted(points.items()) for key, points in found.items()}
    # One point, the one at 0 % that all schedules share, is no curve.
    return {key: points for key, points in lines.items() if len(points) > 1}


def _role(attack: str) -> RoleName:
    return "code" if attack == "fgsm" else "purified"


def curve_chart(lines: Mapping[tuple[RoleName, str], Sequence[Point]]) -> go.Figure:
    """Accuracy over the attenuation."""
    figure = go.Figure()
    for (role, name), points in lines.items():
        marks = accuracy_marks(role, name, [one for _, one in points])
        if role == "code":
            marks["marker"] = {**marks["marker"], "symbol": "square"}
        figure.add_scatter(x=[percent for percent, _ in points], **marks)
    return lay_out(
        figure,
        height=380,
        xaxis={"title": {"text": "attenuation, %"}, "tickvals": [0, 25, 50, 75, 100], **STILL},
        yaxis={**PERCENT, "range": [-0.04, 1.04], "title": {"text": "right answers"}},
    )


def _counts(lines: Mapping[tuple[RoleName, str], Sequence[Point]]) -> str:
    return ", ".join(
        f"{name} on {max(one.n for _, one in points):,} test images"
        for (_, name), points in lines.items()
    )


def show_what_levels_tell(
    dataset: str, sha256: str, names: Sequence[str], nats: Sequence[float], n: int
) -> None:
    """How much each level tells, and how often it decides the answer.

    Args:
        dataset: A row of ``DATASETS``.
        sha256: Hash of the generator's weights.
        names: Names of the levels.
        nats: Mean divergence of each level; empty where it was not measured.
        n: Images it was measured on.
    """
    st.header("What each level tells", divider="gray", anchor="tells")
    left, right = st.columns(2, gap="medium")
    with left:
        _show_nats(names, nats, n)
    with right:
        _show_effects(dataset, sha256, names)


def _show_nats(names: Sequence[str], nats: Sequence[float], n: int) -> None:
    st.subheader("Nats of an image")
    if len(nats) != len(names):
        st.info(
            "Not measured yet. `python -m core checkpoints measure` measures it.",
            icon=":material/bar_chart:",
        )
        return
    words = ", ".join(f"{name} {value:.1f}" for name, value in zip(names, nats, strict=True))
    st.plotly_chart(
        bars("code", names, [round(value, 2) for value in nats], "nats"),
        key=f"{PAGE}_nats",
        config=dict(CHART_CONFIG),
        alt=f"Nats by level: {words}",
    )
    st.caption(
        f"Mean divergence of a level's posterior from its prior on {n:,} test images. A level at "
        "0 would be dead: nothing of the image in it. More nats are more detail, not more meaning."
    )


def _show_effects(dataset: str, sha256: str, names: Sequence[str]) -> None:
    st.subheader("Answers it decides")
    command = f"{COMMAND} --dataset {dataset}"
    try:
        rows = [one for one in stored_effects() if (one.dataset, one.sha256) == (dataset, sha256)]
    except LabError as error:
        st.warning(sentence(error), icon=":material/warning:")
        return
    if len(rows) != len(names):
        st.info(
            f"Not measured yet for these weights. `{command}` measures it.",
            icon=":material/bar_chart:",
        )
        return
    st.plotly_chart(
        effect_chart(rows, names),
        key=f"{PAGE}_effects",
        config=dict(CHART_CONFIG),
        alt="Share of answers that change: "
        + ", ".join(f"{name} {row.share.value:.1%}" for name, row in zip(names, rows, strict=True)),
    )
    st.caption(
        f"Share of {rows[0].n:,} validation images on which classifier "
        f"{classifier_title(rows[0].classifier)} changes its answer when this level alone is drawn "
        "anew, with 95 % intervals. Clean images: nothing here is about attacks."
    )


def effect_chart(rows: Sequence[LevelEffect], names: Sequence[str]) -> go.Figure:
    """How often the answer changes, by level."""
    figure = bars("purified", names, [round(row.share.value, 4) for row in rows], "answers")
    ends = [row.share for row in rows]
    figure.data[0].error_y = {
        "type": "data",
        "symmetric": False,
        "array": [one.interval[1] - one.value for one in ends],
        "arrayminus": [one.value - one.interval[0] for one in ends],
        "thickness": 1.5,
    }
    figure.layout.yaxis.tickformat = ".0%"
    return figure


def bars(role: RoleName, names: Sequence[str], values: Sequence[float], title: str) -> go.Figure:
    """One bar a level, coarse to fine."""
    look = ROLES[role]
    figure = go.Figure()
    figure.add_bar(
        x=list(names),
        y=list(values),
        name=f"{look.mark} {title}",
        marker={
            "color": look.color,
            "line": {"color": look.color, "width": 1},
            "pattern": {"shape": look.pattern, "size": 6, "solidity": 0.35},
        },
        hovertemplate="level %{x}: %{y}<extra></extra>",
    )
    return lay_out(
        figure,
        height=270,
        showlegend=True,
        xaxis={"type": "category", "title": {"text": "level, coarse to fine"}, **STILL},
        yaxis={"title": {"text": title}, "rangemode": "tozero", "nticks": 5, **STILL},
    )
