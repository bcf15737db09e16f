"""The picture the latent map shows at first: a t-SNE of the default run, stored as a result."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import numpy as np

from core.analysis.attacked import Attacked, Role
from core.analysis.attacked_file import DEFAULT_RUN, find_stored
from core.analysis.attacked_spec import AttackedSpec
from core.analysis.projection_file import load_projection, save_projection
from core.analysis.projections import Floats, ProjectionSpec, project
from core.analysis.storage import shipped_folder
from core.types import LabError

MapRole: TypeAlias = Literal["clean", "adversarial", "purified"]
MAP_ROLES: tuple[MapRole, ...] = get_args(MapRole)
"""The kinds of image on the map, in the order of their points."""

MAP_SPEC = ProjectionSpec(method="tsne")


def stacked_latents(attacked: Attacked, roles: Sequence[Role]) -> Floats:
    """The latents of several kinds of image, one below the other (len(roles) * n, d).

    They are projected together: a picture of the clean images alone has no place for others.

    Raises:
        LabError: The defense has no code.
    """
    if attacked.latents is None:
        raise LabError(
            "This defense has no code: it changes pixels and has no latent space that could be "
            "drawn. Choose one of the LQ-VAE defenses."
        )
    return np.concatenate([attacked.latents[role] for role in roles])


def default_map_file() -> Path:
    """Where the picture lies that ships; ``find_projection`` finds it there."""
    return shipped_folder() / f"default-{MAP_SPEC.method}.npz"


def store_default_map(spec: AttackedSpec = DEFAULT_RUN) -> str:
    """Draw and store the picture of a run, unless it is there already.

    Args:
        spec: The run; it must be stored.

    Returns:
        What was done, in a sentence.

    Raises:
        LabError: The run is not stored yet, or its defense has no code.
    """
    attacked = find_stored(spec)
    if attacked is None:
        raise LabError(
            "the run of the default map is not stored yet; run python -m core latent_lab attacked"
        )
    points = stacked_latents(attacked, MAP_ROLES)
    path = default_map_file()
    if _fits(path, points):
        return f"{path.name} is there already."
    projection = project(points, MAP_SPEC)
    save_projection(projection, path)
    return (
        f"{path.name}: {len(points)} points in {projection.seconds:.0f} s, "
        f"{projection.trust:.0%} of the neighbours kept."
    )


def _fits(path: Path, points: Floats) -> bool:
    try:
        return load_projection(path).fingerprint == MAP_SPEC.fingerprint(points)
    except LabError:
        return False
