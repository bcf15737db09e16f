"""The points of the map: every image of a run in each kind, with its place on the picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.latent_map.selection import Places, spread_by_class
from app.latent_map.settings import MapSettings
from core.analysis.attacked import Attacked
from core.analysis.default_map import MAP_ROLES, MapRole, stacked_latents
from core.analysis.grids import raw_axes

ZOOM_MARGIN = 0.15
"""Free room around zoomed points, as a share of their extent."""

Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, eq=False, kw_only=True)
class Points:
    """A picture of latent space.

    Attributes:
        places: Coordinates of every image (n, 2), by kind.
        shown: Positions of the images that are drawn, ascending.
        chosen: Positions of the chosen ones among them.
    """

    places: Mapping[MapRole, Floats]
    shown: Places
    chosen: Places

    @property
    def everything(self) -> Floats:
        """All coordinates of all kinds, one below the other."""
        return np.concatenate(list(self.places.values()))


def kinds(settings: MapSettings) -> tuple[MapRole, ...]:
    """The kinds of image that are points."""
    return MAP_ROLES if settings.purified else MAP_ROLES[:2]


def map_latents(attacked: Attacked, settings: MapSettings) -> Floats:
    """The latents of all kinds, one below the other (kinds * n, d): they share one picture.

    Raises:
        LabError: The defense has no code.
    """
    return stacked_latents(attacked, kinds(settings))


def points_key(attacked: Attacked, settings: MapSettings) -> str:
    """Names the points that are projected, with the checkpoints they come from."""
    return "-".join([attacked.spec.fingerprint(), *(kind[0] for kind in kinds(settings))])


def place_points(attacked: Attacked, settings: MapSettings, coordinates: Floats) -> Points:
    """Points from the coordinates (kinds * n, 2) of ``map_latents``."""
    names = kinds(settings)
    parts = np.split(coordinates, len(names))
    chosen = np.flatnonzero(np.isin(attacked.indices, settings.chosen))
    # What is chosen is drawn, whether or not the sample holds it.
    shown = np.union1d(spread_by_class(attacked.labels, settings.pairs), chosen)
    return Points(places=dict(zip(names, parts, strict=True)), shown=shown, chosen=chosen)


def raw_points(attacked: Attacked, settings: MapSettings) -> Points:
    """Points on two raw latent axes.

    Raises:
        LabError: There is no such axis, both are the same, or the defense has no code.
    """
    latents = map_latents(attacked, settings)
    return place_points(attacked, settings, raw_axes(latents, settings.x, settings.y))


def zoomed(points: Points) -> tuple[list[float], list[float]]:
    """Ranges of both axes around the chosen points of all kinds."""
    chosen = np.concatenate([places[points.chosen] for places in points.places.values()])
    low, high = chosen.min(0), chosen.max(0)
    everything = points.everything
    least = 0.05 * float(np.ptp(everything, axis=0).max())
    margin = np.maximum(ZOOM_MARGIN * (high - low), least)
    ranges = np.stack([low - margin, high + margin], axis=1).tolist()
    return ranges[0], ranges[1]
