"""Patch-wise VAEs against JPEG while FGSM grows: the figure of Luo & Pfister, measured here."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from app.stored import suite_or_reason
from app.theme import CHART_CONFIG, ROLES, RoleName, lay_out, rgb
from core.data import DATASETS
from core.defenses import DEFENSES
from core.evaluation import Accuracy, Evaluation
from core.evaluation.cells import CLASSIFIERS
from core.evaluation.curve_suites import DISTORTIONS
from core.models import classifier_title

SUITE = "distortion"

LOOKS: dict[str, tuple[RoleName, str]] = {
    "none": ("noise", "dot"),
    "jpeg": ("adversarial", "solid"),
    "patch_vae": ("purified", "solid"),
    "patch_vae_16": ("purified", "dash"),
    "patch_vae_8": ("purified", "dot"),
    "patch_vae_beta1": ("clean", "dash"),
    "lq_vae_plus": ("code", "dashdot"),
}
"""Colour and dash of the lines that see no defense, in the order of the legend."""


@dataclass(frozen=True)
class Point:
    """One place on a line.

    Attributes:
        size: Mean of the changes' L2 norm over the image's own.
        accuracy: Right answers.
        note: What else to say of it.
    """

    size: float
    accuracy: Accuracy
    note: str = ""


def show_distortion() -> None:
    """Draw the figure for every data set that has one, side by side."""
    st.header("Patch-wise VAE or JPEG?", divider="gray", anchor="distortion")
    st.markdown(
        "Luo & Pfister ([arXiv 1812.02891](https://arxiv.org/abs/1812.02891)) claim that their VAE "
        "does as well as JPEG at its best quality, or better, once the attack is moderate. The "
        "same figure from our networks:"
    )
    for place, dataset in zip(st.columns(len(DISTORTIONS), gap="large"), DISTORTIONS, strict=True):
        with place:
            _show_one(dataset)


def _show_one(dataset: str) -> None:
    title = DATASETS[dataset].title
    classifier = classifier_title(CLASSIFIERS[dataset][0])
    st.markdown(f"**{title}**, classifier {classifier}")
    cells = suite_or_reason(dataset, SUITE)
    if not cells:
        return
    blind, knowing = blind_lines(cells), knowing_lines(cells)
    st.plotly_chart(
        chart(blind, knowing),
        key=f"distortion_{dataset}",
        config=dict(CHART_CONFIG),
        alt=f"{title}: accuracy over the size of FGSM. {verdict(blind)}",
    )
    st.caption(f"{verdict(blind)} {_images(blind, knowing)}")


def blind_lines(cells: Sequence[Evaluation]) -> dict[str, list[Point]]:
    """Lines of FGSM that sees no defense; of JPEG the best quality at every size."""
    lines: dict[str, list[Point]] = {}
    best: dict[float, Point] = {}
    for one in cells:
        spec = one.specification
        size = one.mean_relative_l2
        if spec.threat != "oblivious" or size is None:
            continue
        right = one.attacked if spec.defense is None else one.robust
        if right is None:
            continue
        if spec.defense == "jpeg":
            point = Point(size, right, f"quality {dict(spec.settings).get('quality')}")
            if size not in best or right.value > best[size].accuracy.value:
                best[size] = point
        else:
            lines.setdefault(spec.defense or "none", []).append(Point(size, right))
    if best:
        lines["jpeg"] = list(best.values())
    return {
        name: sorted(lines[name], key=lambda point: point.size) for name in LOOKS if name in lines
    }


def knowing_lines(cells: Sequence[Evaluation]) -> dict[str, list[Point]]:
    """PGD that knows the defense, at the size of FGSM with the same budget."""
    sizes = {
        dict(one.specification.parameters)["epsilon"]: one.mean_relative_l2
        for one in cells
        if one.specification.threat == "oblivious"
    }
    lines: dict[str, list[Point]] = {}
    for one in cells:
        spec = one.specification
        size = sizes.get(dict(spec.parameters)["epsilon"])
        if spec.threat == "adaptive" and one.robust is not None and size is not None:
            lines.setdefault(str(spec.defense), []).append(Point(size, one.robust))
    return lines


def chart(blind: dict[str, list[Point]], knowing: dict[str, list[Point]]) -> go.Figure:
    """All lines, with intervals for the two rivals."""
    figure = go.Figure()
    for name, points in blind.items():
        role, dash = LOOKS[name]
        if name in ("jpeg", "patch_vae"):
            figure.add_scatter(**_band(points, role))
        figure.add_scatter(
            x=[point.size for point in points],
            y=[point.accuracy.value for point in points],
            name=_title(name),
            mode="lines+markers",
            line={"color": ROLES[role].color, "dash": dash, "width": 2},
            marker={"symbol": ROLES[role].symbol.replace("line-ns", "x"), "size": 6},
            customdata=[point.note for point in points],
            hovertemplate="%{y:.1%} %{customdata}<extra>" + _title(name) + "</extra>",
        )
    for name, points in knowing.items():
        role, _ = LOOKS[name]
        figure.add_scatter(
            x=[point.size for point in points],
            y=[point.accuracy.value for point in points],
            name=f"{_title(name, best=False)}, known",
            mode="markers",
            marker={
                "symbol": f"{ROLES[role].symbol}-open",
                "size": 11,
                "color": ROLES[role].color,
                "line": {"width": 2},
            },
            hovertemplate="%{y:.1%}<extra>attacker knows " + _title(name, best=False) + "</extra>",
        )
    return lay_out(
        figure,
        height=430,
        xaxis={"title": "size of the change, share of the image (L2)", "fixedrange": True},
        yaxis={"tickformat": ".0%", "range": [-0.03, 1.03], "fixedrange": True},
    )


def _title(name: str, *, best: bool = True) -> str:
    """A line in the legend, short enough for two beside each other on a phone."""
    if name == "jpeg":
        return "JPEG, best of 4" if best else "JPEG 23"
    short = {"none": "No defense", "patch_vae_16": "Patches of 16", "patch_vae_8": "Patches of 8"}
    return short.get(name) or DEFENSES[name].title


def _band(points: Sequence[Point], role: RoleName) -> dict[str, object]:
    """The 95 % intervals of a line."""
    lows, highs = zip(*(point.accuracy.interval for point in points), strict=True)
    sizes = [point.size for point in points]
    red, green, blue = rgb(ROLES[role].color)
    return {
        "x": [*sizes, *reversed(sizes)],
        "y": [*lows, *reversed(highs)],
        "mode": "lines",
        "line": {"width": 0},
        "fill": "toself",
        "fillcolor": f"rgba({red},{green},{blue},0.14)",
        "hoverinfo": "skip",
        "showlegend": False,
    }


def verdict(blind: dict[str, list[Point]]) -> str:
    """Where the VAE on whole images is above the best JPEG, and where any patch VAE is."""
    jpeg = {point.size: point.accuracy.value for point in blind.get("jpeg", [])}
    whole = _above(blind.get("patch_vae", []), jpeg)
    if not whole:
        return "The two have not been measured at the same sizes."
    told = (
        f"On whole images the patch VAE is at or above the best of four JPEG qualities, chosen "
        f"anew at each point, {_where(whole)}"
    )
    others = [name for name in blind if name.startswith("patch_vae_")]
    any_of_them = dict(whole)
    for name in others:
        for size, above in _above(blind[name], jpeg).items():
            any_of_them[size] = any_of_them.get(size, False) or above
    if any_of_them == whole:
        return f"{told}."
    return f"{told}; the best of its patch sizes {_where(any_of_them)}."


def _above(points: Sequence[Point], jpeg: dict[float, float]) -> dict[float, bool]:
    """Whether a line is at or above another, at the sizes where both are measured."""
    return {p.size: p.accuracy.value >= jpeg[p.size] for p in points if p.size in jpeg}


def _where(above: dict[float, bool]) -> str:
    """At which sizes, in words."""
    sizes = [f"{size:.2f}" for size, yes in sorted(above.items()) if yes]
    if not sizes:
        return "at none of the sizes measured"
    if len(sizes) == len(above):
        return "at every size measured"
    return f"at {', '.join(sizes)} of the image's own size"


def _images(blind: dict[str, list[Point]], knowing: dict[str, list[Point]]) -> str:
    """On how many images, and what the open marks are."""
    first = next(iter(blind.values()))[0].accuracy.n
    told = f"Lines: FGSM that sees no defense, {first:,} test images; bands are 95 % intervals."
    if knowing:
        n = next(iter(knowing.values()))[0].accuracy.n
        told += (
            f" Open marks: PGD that knows the defense, {n:,} images, at the same "
            "budgets; they are the ones to judge a defense by. They were not checked for gradient "
            "masking."
        )
    return told
