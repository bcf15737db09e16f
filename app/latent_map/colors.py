"""What the colour of a point says, and the legend that explains it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.runs.words import BADGES, OUTCOME_COLORS
from app.theme import ROLES
from core.analysis.attacked import Attacked
from core.analysis.default_map import MAP_ROLES, MapRole

CLASS_COLORS = (
    *("#4269D0", "#E0A100", "#E8543F", "#2E9C8C", "#3CA951"),
    *("#E57BA8", "#8F55D6", "#6FA3D8", "#9C6B4E", "#868C98"),
)
"""Ten colours that keep apart and are seen on light and dark. They stand for classes, which have
no role; the shape of a point still says its role."""

FLIPS_SCALE = (ROLES["clean"].color, ROLES["code"].color, ROLES["adversarial"].color)
"""From no flipped bit to the most."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Coloring:
    """The colours of all points of a run.

    Attributes:
        values: By kind, one colour or one number an image (n,).
        entries: Name and colour of every legend entry; none for numbers.
        title: What stands before the legend or beside the colour bar.
        top: The largest number; None for colours.
    """

    values: Mapping[MapRole, NDArray[np.str_] | NDArray[np.int64]]
    entries: tuple[tuple[str, str], ...]
    title: str
    top: int | None = None


def coloring(attacked: Attacked, by: str, classes: Sequence[str]) -> Coloring:
    """The colours of a run's points.

    Args:
        attacked: The run.
        by: A key of ``COLORS``; flipped bits need a code.
        classes: Names of the classes.
    """
    if by == "kind":
        return _by_kind(attacked)
    if by == "outcome":
        return _by_outcome(attacked)
    if by == "flips":
        flips = attacked.flips
        return Coloring(
            values=dict.fromkeys(MAP_ROLES, flips),
            entries=(),
            title="Bits the attack flipped",
            top=max(1, int(flips.max())),
        )
    labels: dict[MapRole, NDArray[np.int64]] = dict.fromkeys(MAP_ROLES, attacked.labels)
    if by == "prediction":
        labels = {
            "clean": attacked.said_clean,
            "adversarial": attacked.said_adversarial,
            "purified": attacked.said_purified,
        }
    return Coloring(
        values={kind: class_colors(labels[kind], classes) for kind in MAP_ROLES},
        entries=tuple((name, _class_color(place)) for place, name in enumerate(classes)),
        title="Classified as" if by == "prediction" else "Class",
    )


def class_colors(labels: NDArray[np.int64], classes: Sequence[str]) -> NDArray[np.str_]:
    """The colour of each class, for labels (n,)."""
    return np.array([_class_color(place) for place in range(len(classes))])[labels]


def _class_color(place: int) -> str:
    return CLASS_COLORS[place % len(CLASS_COLORS)]


def _by_kind(attacked: Attacked) -> Coloring:
    n = len(attacked.labels)
    return Coloring(
        values={kind: np.full(n, ROLES[kind].color) for kind in MAP_ROLES}, entries=(), title=""
    )


def _by_outcome(attacked: Attacked) -> Coloring:
    outcomes = attacked.outcome
    there = set(outcomes.tolist())
    colors = np.array([OUTCOME_COLORS[one] for one in outcomes.tolist()])
    return Coloring(
        values=dict.fromkeys(MAP_ROLES, colors),
        entries=tuple(
            (BADGES[word].text, color) for word, color in OUTCOME_COLORS.items() if word in there
        ),
        title="Outcome",
    )
