"""Which images are shown and which are chosen; both by their lasting place in the split."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]

NAMED = 6
"""So many missing images a sentence names."""


def spread_by_class(labels: Places, count: int) -> Places:
    """A sample with the same number of images of each class, as far as there are so many.

    The first of each class are taken, so a larger sample holds every smaller one.

    Args:
        labels: Classes (n,).
        count: How many are wanted; more than n gives all.

    Returns:
        Positions in ``labels`` (min(count, n),), ascending.
    """
    rank = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        of_class = np.flatnonzero(labels == label)
        rank[of_class] = np.arange(len(of_class))
    order = np.lexsort((labels, rank))
    return np.sort(order[:count])


def chosen_in(event: object) -> tuple[int, ...]:
    """The images whose points a selection event of Plotly holds, ascending and each once.

    A point says which image it is in ``customdata``; arrows and lines have none.
    """
    selection = event.get("selection") if isinstance(event, Mapping) else None
    points: Sequence[Any] = selection.get("points", ()) if isinstance(selection, Mapping) else ()
    places = [_place(point) for point in points if isinstance(point, Mapping)]
    return tuple(sorted({place for place in places if place is not None}))


def known_and_vanished(
    chosen: Sequence[int], indices: Collection[int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The chosen images that this run has, and those it has not."""
    known = tuple(one for one in chosen if one in indices)
    return known, tuple(one for one in chosen if one not in indices)


def vanished_words(vanished: Sequence[int], n: int) -> str:
    """That some chosen images are not part of the run."""
    named = ", ".join(map(str, vanished[:NAMED]))
    if len(vanished) > NAMED:
        named += f" and {len(vanished) - NAMED} more"
    subject = f"Image {named} is" if len(vanished) == 1 else f"Images {named} are"
    return f"{subject} not among the {n:,} images of this run; left out."


def _place(point: Mapping[str, Any]) -> int | None:
    """The image of a point; Streamlit hands ``customdata`` on as a number or as a list of one."""
    data = point.get("customdata")
    if isinstance(data, Sequence) and not isinstance(data, str):
        data = data[0] if data else None
    return int(data) if isinstance(data, int | float) else None
