"""Charts of Defense-GAN's search, from plain values to figures."""

from collections.abc import Sequence

import plotly.graph_objects as go

from app.theme import ROLES, RoleName, lay_out
from core.analysis.latent_search import Detection, Way
from core.attacks import ATTACKS
from core.defenses import DEFENSES
from core.evaluation import Evaluation
from core.models import classifier_title

LINES: tuple[tuple[RoleName, str], ...] = (
    ("adversarial", "solid"),
    ("purified", "dash"),
    ("code", "dot"),
)


def path_chart(way: Way) -> go.Figure:
    """The least error so far over the steps, of the attacked image and of the clean one."""
    figure = go.Figure()
    for role, title, path in (
        ("adversarial", "attacked image", way.path),
        ("clean", "clean image", way.clean_path),
    ):
        look = ROLES[role]  # type: ignore[index]
        figure.add_scatter(
            y=[float(value) for value in path],
            name=f"{look.mark} {title}",
            mode="lines",
            line={
                "color": look.color,
                "width": 2,
                "dash": "dash" if role == "adversarial" else "solid",
            },
            hovertemplate="step %{x}: %{y:.4f}<extra>" + title + "</extra>",
        )
    return lay_out(
        figure,
        height=240,
        xaxis={"title": "step", "fixedrange": True},
        yaxis={"title": "error", "rangemode": "tozero", "fixedrange": True, "nticks": 5},
    )


def time_chart(cells: Sequence[Evaluation]) -> go.Figure:
    """Accuracy over the time an image takes; one pass of LQ-VAE as a point of its own."""
    figure = go.Figure()
    for name in dict.fromkeys(str(one.specification.defense) for one in cells):
        mine = [one for one in cells if one.specification.defense == name]
        searches = name == "defense_gan"
        look = ROLES["noise" if searches else "purified" if name == "lq_vae" else "code"]
        symbol = look.symbol.replace("line-ns", "x")
        points = [one for one in mine if one.robust is not None and one.purify_ms is not None]
        points.sort(key=lambda one: one.purify_ms or 0)
        intervals = [one.robust.interval for one in points if one.robust is not None]
        values = [one.robust.value for one in points if one.robust is not None]
        figure.add_scatter(
            x=[one.purify_ms for one in points],
            y=values,
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [high - value for (_, high), value in zip(intervals, values, strict=True)],
                "arrayminus": [
                    value - low for (low, _), value in zip(intervals, values, strict=True)
                ],
                "thickness": 1,
            },
            name=DEFENSES[name].title,
            mode="lines+markers" if searches else "markers",
            line={"color": look.color, "width": 2},
            marker={"symbol": symbol, "size": 9 if searches else 12, "color": look.color},
            customdata=[_search(one) for one in points],
            hovertemplate="%{y:.0%} after %{x:.2g} ms%{customdata}<extra>"
            + DEFENSES[name].title
            + "</extra>",
        )
    return lay_out(
        figure,
        height=330,
        xaxis={
            "title": "milliseconds an image",
            "type": "log",
            "dtick": 1,
            "fixedrange": True,
        },
        yaxis={"tickformat": ".0%", "fixedrange": True},
    )


def _search(evaluation: Evaluation) -> str:
    settings = dict(evaluation.specification.settings)
    if not settings:
        return ""
    return f", R = {settings['search_starts']}, L = {settings['search_steps']}"


def time_words(cells: Sequence[Evaluation]) -> str:
    """The longest search beside one pass, in words."""
    searches = [one for one in cells if one.specification.defense == "defense_gan" and one.robust]
    passes = [one for one in cells if one.specification.defense != "defense_gan" and one.robust]
    if not searches or not passes:
        return "Only one of the two kinds of defense is measured."
    longest = max(searches, key=lambda one: one.purify_ms or 0)
    best = max(passes, key=lambda one: one.robust.value if one.robust else 0)
    assert longest.robust is not None
    assert best.robust is not None
    ratio = (longest.purify_ms or 0) / max(best.purify_ms or 0, 1e-3)
    spec = longest.specification
    attack = ATTACKS[str(spec.attack)].title
    return (
        f"{attack} at Linf {dict(spec.parameters)['epsilon']:g}, made on classifier "
        f"{classifier_title(spec.classifier)} without sight of a defense, {spec.n} test images: "
        f"the longest search{_search(longest)} leaves {longest.robust.value:.0%} right, "
        f"{DEFENSES[str(best.specification.defense)].title} {best.robust.value:.0%} in one pass, "
        f"{ratio:,.0f} times as fast on the same machine. Bars are 95 % intervals. "
        + " ".join(longest.warnings)
    ).strip()


def detection_chart(found: Sequence[Detection]) -> tuple[go.Figure, str]:
    """The ROC curve of every attack, and the areas below them in words."""
    figure = go.Figure()
    told = []
    for one, (role, dash) in zip(found, LINES, strict=False):
        budget = dict(one.parameters).get("epsilon")
        title = ATTACKS[one.attack].title + (f" {budget:g}" if budget else "")
        figure.add_scatter(
            x=list(one.false_rates),
            y=list(one.true_rates),
            name=title,
            mode="lines",
            line={"color": ROLES[role].color, "dash": dash, "width": 2},
            hovertemplate="%{y:.0%} of the attacked, %{x:.0%} of the clean<extra>"
            + title
            + "</extra>",
        )
        told.append(f"{title} {one.area:.2f}")
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": ROLES["noise"].color, "width": 1, "dash": "dot"},
        hoverinfo="skip",
        showlegend=False,
    )
    words = (
        "Flag every picture whose error is above a threshold: the share of attacked pictures "
        "caught over the share of clean ones flagged by mistake, for every threshold. Area below "
        f"the curve, 0.5 is guessing: {', '.join(told)}."
    )
    lay_out(
        figure,
        height=330,
        xaxis={
            "title": "clean pictures flagged",
            "tickformat": ".0%",
            "range": [-0.02, 1.02],
            "fixedrange": True,
        },
        yaxis={
            "title": "attacks caught",
            "tickformat": ".0%",
            "range": [-0.02, 1.02],
            "fixedrange": True,
        },
    )
    return figure, words
