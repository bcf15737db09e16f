"""Pictures of a latent space on disk: one that ships, and those this machine has made."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from core.analysis.projections import Floats, Projection, ProjectionSpec
from core.analysis.storage import damaged, find, keep, read_arrays, shipped_folder, write_arrays
from core.types import LabError

KIND = "projections"


def save_projection(projection: Projection, path: Path) -> None:
    """Write a picture as one npz file, in one step."""
    meta = {
        "spec": asdict(projection.spec),
        "trust": projection.trust,
        "baseline": projection.baseline,
        "seconds": projection.seconds,
        "fingerprint": projection.fingerprint,
    }
    write_arrays(path, {"coordinates": projection.coordinates}, meta)


def load_projection(path: Path) -> Projection:
    """Read a picture.

    Raises:
        LabError: The file is missing or damaged.
    """
    arrays, meta = read_arrays(path)
    try:
        coordinates = arrays["coordinates"]
        if coordinates.dtype != np.float32 or coordinates.shape[1:] != (2,):
            raise ValueError(f"coordinates are {coordinates.dtype} {coordinates.shape}")
        meta["spec"] = ProjectionSpec(**meta["spec"])
        return Projection(coordinates=coordinates, **meta)
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path, error) from error


def find_projection(points: Floats, spec: ProjectionSpec) -> Projection | None:
    """The picture of these very points, shipped or kept from before; None when there is none."""
    name = spec.fingerprint(points)
    shipped = shipped_folder() / f"default-{spec.method}.npz"
    if shipped.exists():
        try:
            projection = load_projection(shipped)
        except LabError:
            projection = None
        if projection is not None and projection.fingerprint == name:
            return projection
    return find(KIND, f"{name}.npz", load_projection)


def keep_projection(projection: Projection) -> None:
    """Keep a picture in the cache folder for ``find_projection``."""
    keep(KIND, f"{projection.fingerprint}.npz", lambda path: save_projection(projection, path))
