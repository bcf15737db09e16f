"""What drawing anew costs and brings: from stored results alone."""

from collections.abc import Callable, Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from app.controls import seed
from app.hierarchy.known import show_known
from app.hierarchy.settings import PAGE
from app.quantizer.figures import PERCENT, STILL, accuracy_marks
from app.state import widget_key
from app.stored import suite_or_reason
from app.theme import CHART_CONFIG, RoleName, lay_out
from core.attacks import ATTACKS
from core.defenses import DEFENSES
from core.defenses.level_schedules import SCHEDULES
from core.evaluation import Accuracy, Evaluation
from core.evaluation.commands import table_command
from core.models import classifier_title

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
    show_known(dataset)


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
            help="An attacker who knows the defense was measured for the linear one alone: every "
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
        f"schedule is drawn anew as it stands. {knowing_words(cells)} A rise of the other curves "
        "is no proof of safety: their attacks have never seen the defense."
    )


def knowing_words(cells: Sequence[Evaluation]) -> str:
    """Who says how robust the defense is, how much he may change, and reasons to distrust it."""
    knowing = [one for one in cells if one.specification.threat == "adaptive"]
    if not knowing:
        command = table_command(SUITE, cells[0].specification.dataset)
        return f"The attacker who knows the defense is not measured yet: `{command}` does that."
    words = (
        "Only the attacker who knows the defense says how robust it is; every gradient of it "
        f"averages {max(one.specification.draws for one in knowing)} draws."
    )
    his, theirs = _widest(knowing), _widest([one for one in cells if one not in knowing])
    if his < theirs:
        words += (
            f" That attacker may change a pixel by {his:g}, the others by {theirs:g}: "
            "a curve above theirs is a matter of that."
        )
    warnings = dict.fromkeys(warning for one in knowing for warning in one.warnings)
    return " ".join((words, *warnings))


def _widest(cells: Sequence[Evaluation]) -> float:
    """The largest budget of some attacks; 0 if there are none."""
    budgets = (dict(one.specification.parameters).get("epsilon", 0.0) for one in cells)
    return max((float(budget) for budget in budgets if budget is not None), default=0.0)


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
        usually = {n: one.default for n, one in DEFENSES[str(spec.defense)].settings.items()}
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
            words = f"{name}, knows the defense" if knows else f"{name}, oblivious"
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
