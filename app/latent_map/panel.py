"""The figures beside the map: pairs in one cell, pairs with the same code, how far to trust it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from app.latent_map.points import Points
from app.latent_map.settings import PAGE, MapSettings
from app.theme import CHART_CONFIG, ROLES, lay_out
from core.analysis.attacked import Attacked
from core.analysis.flips import PairAgreement, pair_agreement
from core.analysis.grids import CodeGrid, Grid, nearest_wall, pairs_in_one_cell
from core.analysis.projections import Projection
from core.evaluation import Accuracy

MOST_ROWS = 12
"""So many chosen images get their distances to the walls."""


@dataclass(frozen=True)
class Share:
    """A share with the sentence that says what it is of.

    Attributes:
        title: What is counted.
        value: The share, with its interval.
        help: What it means.
    """

    title: str
    value: Accuracy
    help: str

    @property
    def interval(self) -> str:
        """The interval and the number of pairs, in words."""
        low, high = self.value.interval
        return f"95 % interval {100 * low:.1f} to {100 * high:.1f} %, {self.value.n:,} pairs"


def cell_share(points: Points, division: Grid | CodeGrid) -> Share:
    """The share of all pairs whose clean and adversarial points lie in one cell."""
    share = pairs_in_one_cell(points.places["clean"], points.places["adversarial"], division)
    if isinstance(division, CodeGrid):
        return Share(
            "In one cell of these two axes",
            share,
            "Pairs whose original and adversarial image lie between the same walls on both axes. "
            "The other latents may still differ.",
        )
    return Share(
        "In one cell of the picture's grid",
        share,
        "Pairs whose original and adversarial point lie in the same square. It depends on the "
        "size of the squares and on the projection, not on the quantizer.",
    )


def code_share(agreement: PairAgreement) -> Share:
    """The share of all pairs with one and the same code."""
    return Share(
        "With the same code",
        agreement.same,
        "Pairs in which the attack flipped no bit. The purifier sees no difference between the "
        "two, so their purified images are the same.",
    )


def show_panel(
    attacked: Attacked,
    points: Points,
    division: Grid | CodeGrid | None,
    projection: Projection | None,
) -> None:
    """Shares of pairs, a chart of them by number of differing bits, and the trust figure."""
    st.markdown("**Pairs of an original and its adversarial image**")
    agreement = pair_agreement(attacked.flips)
    shares = [code_share(agreement)]
    if division is not None:
        shares.insert(0, cell_share(points, division))
    for share in shares:
        with st.container(gap="xxsmall"):
            st.metric(share.title, f"{100 * share.value.value:.1f} %", help=share.help)
            st.caption(share.interval)
    st.plotly_chart(
        agreement_chart(agreement),
        key=f"{PAGE}_agreement",
        config=dict(CHART_CONFIG),
        alt=f"Bars: share of pairs by number of differing bits, from {agreement.same.value:.0%} "
        f"with none to the largest number, {len(agreement.counts) - 1}.",
    )
    st.caption(
        f"All {agreement.n:,} pairs by the number of bits (of {attacked.code_size}) in which "
        "their codes differ. A pair in one square of a picture may differ in many bits; only "
        "equal codes are equal to the purifier."
    )
    if projection is not None:
        _show_trust(projection)


def agreement_chart(agreement: PairAgreement) -> go.Figure:
    """Share of pairs by number of differing bits; equal codes are filled, the others hatched."""
    look = ROLES["code"]
    figure = go.Figure()
    named = (("same code", slice(0, 1), ""), ("different code", slice(1, None), "/"))
    numbers = range(len(agreement.counts))
    for name, part, pattern in named:
        shares = [
            Accuracy(correct=count, n=agreement.n) for count in agreement.counts[part].tolist()
        ]
        figure.add_bar(
            x=list(numbers[part]),
            y=[share.value for share in shares],
            name=name,
            customdata=[[share.correct, *share.interval] for share in shares],
            marker={
                "color": look.color,
                "line": {"color": look.color, "width": 1},
                "pattern": {"shape": pattern, "size": 6, "solidity": 0.35},
            },
            hovertemplate="%{x} bits differ: %{y:.1%} of pairs (%{customdata[0]} of them, "
            "95 % %{customdata[1]:.1%} to %{customdata[2]:.1%})<extra></extra>",
        )
    return lay_out(
        figure,
        height=230,
        bargap=0.15,
        xaxis={"title": {"text": "differing bits"}, "fixedrange": True},
        yaxis={"tickformat": ".0%", "nticks": 5, "fixedrange": True},
    )


def wall_rows(
    attacked: Attacked, settings: MapSettings, chosen: Sequence[int]
) -> list[dict[str, Any]]:
    """Latents and distances to the nearest wall on both axes, two rows a chosen image."""
    latents = attacked.latents or {}
    position = {int(index): place for place, index in enumerate(attacked.indices)}
    rows = []
    for index in chosen[:MOST_ROWS]:
        for kind in ("clean", "adversarial"):
            row: dict[str, Any] = {"Image": index, "Kind": ROLES[kind].title}
            for axis in (settings.x, settings.y):
                value = float(latents[kind][position[index], axis])
                nearest = nearest_wall(value, attacked.walls)
                row[f"Latent {axis}"] = f"{value:+.3f}"
                row[f"To wall, {axis}"] = f"{nearest.distance:.3f} (at {nearest.wall:+.2f})"
            rows.append(row)
    return rows


def show_walls(attacked: Attacked, settings: MapSettings, chosen: Sequence[int]) -> None:
    """How far the chosen points are from the nearest wall of both axes."""
    st.markdown("**Distance to the nearest wall**")
    if not chosen:
        st.caption("Click a point to read how far it and its partner are from a wall.")
        return
    st.dataframe(
        wall_rows(attacked, settings, chosen), hide_index=True, key=f"{PAGE}_walls", width="stretch"
    )
    st.caption(
        "In units of the latent. A bit flips when a latent crosses a wall; how far it moved does "
        "not matter otherwise."
    )


def _show_trust(projection: Projection) -> None:
    st.metric(
        "Neighbours kept by the picture",
        f"{100 * projection.trust:.0f} %",
        help="Of each point's 10 nearest neighbours among the latents, how many are among its 10 "
        "nearest on the picture, on average. 100 % would be a picture without loss.",
    )
    st.caption(
        f"Random places would keep {100 * projection.baseline:.1f} %. What is lost is hidden in "
        "the picture: near on it need not be near in latent space."
    )
