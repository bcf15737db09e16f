"""One colour and shape language: clean, adversarial, purified, noise, code.

Every word, border, point and bar that stands for one of these takes its colour and its mark from
here. The colours keep apart under the three common kinds of colour blindness and have at least
3.5:1 contrast on the light and on the dark background; the mark and, in bars, the pattern say the
same without colour.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from PIL import Image

if TYPE_CHECKING:
    import plotly.graph_objects as go

RoleName: TypeAlias = Literal["clean", "adversarial", "purified", "noise", "code"]


@dataclass(frozen=True, kw_only=True)
class Role:
    """How one kind of image, or the code, looks everywhere.

    Attributes:
        title: The word for it.
        color: Hexadecimal, the same on light and dark.
        mark: One character shown before the word.
        symbol: The same mark as Plotly names it.
        pattern: Plotly fill pattern of its bars; empty is solid.
        border: CSS border style of its pictures.
    """

    title: str
    color: str
    mark: str
    symbol: str
    pattern: str
    border: str


ROLES: Mapping[RoleName, Role] = {
    "clean": Role(
        title="Original", color="#2A7DE1", mark="●", symbol="circle", pattern="", border="solid"
    ),
    "adversarial": Role(
        title="Adversarial",
        color="#D9591C",
        mark="▲",
        symbol="triangle-up",
        pattern="/",
        border="dashed",
    ),
    "purified": Role(
        title="Purified", color="#11967A", mark="◆", symbol="diamond", pattern=".", border="double"
    ),
    "noise": Role(
        title="Random noise",
        color="#7C8594",
        mark="■",
        symbol="square",
        pattern="-",
        border="dotted",
    ),
    "code": Role(
        title="Code", color="#B8529F", mark="▮", symbol="line-ns", pattern="|", border="solid"
    ),
}

CATEGORICAL = tuple(ROLES[name].color for name in ("clean", "adversarial", "purified", "code"))
"""The first colours of every chart, as ``app/.streamlit/config.toml`` lists them too."""

RAISED = ROLES["adversarial"].color
"""A pixel or value that went up, in signed pictures."""

LOWERED = ROLES["clean"].color
"""A pixel or value that went down, in signed pictures."""


UNCHANGED = "#0B0E14"
"""A pixel or value that stayed, in signed pictures: dark, as the pictures themselves are."""


SIGNED = {"negative": LOWERED, "positive": RAISED, "neutral": UNCHANGED}
"""The colours of signed pictures, as ``core.images.signed_picture`` takes them."""


def rgb(color: str) -> tuple[int, int, int]:
    """The three bytes of a ``#RRGGBB`` colour."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red, green, blue


def favicon() -> Image.Image:
    """The browser tab's picture: one bar for each role. Icons by name would come from the web."""
    icon = Image.new("RGBA", (32, 32))
    for index, color in enumerate(CATEGORICAL[:3]):
        icon.paste(rgb(color), (2 + 10 * index, 4, 10 + 10 * index, 28))
    return icon


def word(role: RoleName, text: str | None = None) -> str:
    """A word in the colour and with the mark of its role, as HTML; the text must be escaped."""
    look = ROLES[role]
    return (
        f'<span style="color:{look.color};font-weight:600;white-space:nowrap">'
        f"{look.mark}&nbsp;{text or look.title}</span>"
    )


def layout(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - as Plotly takes them
    """Plotly layout shared by all charts: transparent, so it sits on light and dark alike.

    Text and grid colours are left to Streamlit's own Plotly theme, which follows the browser.
    """
    shared: dict[str, Any] = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "font": {"size": 13},
        "hoverlabel": {"font": {"size": 13}},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom"},
        "dragmode": False,
    }
    return shared | changes


def lay_out(figure: "go.Figure", **changes: Any) -> "go.Figure":  # noqa: ANN401
    """Give a chart the shared layout with changes.

    Key by key: Plotly's ``update_layout`` does the same in ten times the time, 30 ms a chart.
    """
    for name, value in layout(**changes).items():
        figure.layout[name] = value
    return figure


CHART_CONFIG: Mapping[str, Any] = {"displayModeBar": False, "responsive": True}
"""Plotly options of every chart; the page offers its own exports."""
