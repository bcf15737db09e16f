"""What the pages look at: tensors in, frozen dataclasses of plain arrays out.

The names below load on first use, so a page pays only for what it shows.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.analysis.attacked import ROLES as ROLES, Attacked as Attacked, Role as Role
    from core.analysis.attacked_file import (
        DEFAULT_RUN as DEFAULT_RUN,
        find_stored as find_stored,
        keep_attacked as keep_attacked,
        load_attacked as load_attacked,
        save_attacked as save_attacked,
    )
    from core.analysis.attacked_spec import (
        MAX_IMAGES as MAX_IMAGES,
        MIN_IMAGES as MIN_IMAGES,
        AttackedSpec as AttackedSpec,
    )
    from core.analysis.attacking import make_attacked as make_attacked
    from core.analysis.epsilon_sweep import StrengthSweep as StrengthSweep, make_sweep as make_sweep
    from core.analysis.flips import (
        SLIDE_SHARE as SLIDE_SHARE,
        SLIDE_WIDTH as SLIDE_WIDTH,
        Bar as Bar,
        BitUse as BitUse,
        PairAgreement as PairAgreement,
        bit_use as bit_use,
        flip_histogram as flip_histogram,
        pair_agreement as pair_agreement,
        share_below as share_below,
        wall_distances as wall_distances,
    )
    from core.analysis.flips_file import StoredFlips as StoredFlips, stored_flips as stored_flips
    from core.analysis.importance import (
        BitImportance as BitImportance,
        bit_importance as bit_importance,
        decoded as decoded,
        find_importance as find_importance,
    )
    from core.analysis.lineup import Entry as Entry, Lineup as Lineup, make_lineup as make_lineup
    from core.analysis.runs import WORST as WORST, RunSpec as RunSpec
    from core.analysis.snippets import python_snippet as python_snippet
    from core.analysis.sweep_file import find_sweep as find_sweep, keep_sweep as keep_sweep
    from core.analysis.thresholds import (
        Threshold as Threshold,
        Thresholds as Thresholds,
        highest_epsilon as highest_epsilon,
        smallest_epsilons as smallest_epsilons,
    )
    from core.analysis.triplets import (
        NOISE_DRAWS as NOISE_DRAWS,
        Code as Code,
        Outcome as Outcome,
        Reading as Reading,
        Trajectory as Trajectory,
        Triplet as Triplet,
        make_triplet as make_triplet,
    )

_NAMES = {
    "attacked": ("ROLES", "Attacked", "Role"),
    "attacked_file": (
        "DEFAULT_RUN",
        "find_stored",
        "keep_attacked",
        "load_attacked",
        "save_attacked",
    ),
    "attacked_spec": ("MAX_IMAGES", "MIN_IMAGES", "AttackedSpec"),
    "attacking": ("make_attacked",),
    "epsilon_sweep": ("StrengthSweep", "make_sweep"),
    "flips": (
        "SLIDE_SHARE",
        "SLIDE_WIDTH",
        "Bar",
        "BitUse",
        "PairAgreement",
        "bit_use",
        "flip_histogram",
        "pair_agreement",
        "share_below",
        "wall_distances",
    ),
    "flips_file": ("StoredFlips", "stored_flips"),
    "importance": ("BitImportance", "bit_importance", "decoded", "find_importance"),
    "lineup": ("Entry", "Lineup", "make_lineup"),
    "runs": ("WORST", "RunSpec"),
    "snippets": ("python_snippet",),
    "sweep_file": ("find_sweep", "keep_sweep"),
    "thresholds": ("Threshold", "Thresholds", "highest_epsilon", "smallest_epsilons"),
    "triplets": (
        "NOISE_DRAWS",
        "Code",
        "Outcome",
        "Reading",
        "Trajectory",
        "Triplet",
        "make_triplet",
    ),
}
_HOMES = {name: f"core.analysis.{module}" for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:  # noqa: ANN401  a module attribute can be anything
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
