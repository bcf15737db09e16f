"""Flipped bits of many attacks and classifiers in one small file, for the first look."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.analysis.attacked import Attacked, Classes
from core.analysis.attacked_spec import FORMAT, AttackedSpec
from core.analysis.storage import DAMAGE, damaged, replace_file, shipped_folder


@dataclass(frozen=True, eq=False, kw_only=True)
class StoredFlips:
    """The flipped bits of one run, without its pictures.

    Attributes:
        spec: What was done.
        bits: Bits D of the code.
        flips: Flipped bits of each image (n,).
        right: Whether its purified image is classified right (n,).
        fooled: Whether the attacked image fools the bare classifier (n,).
        mean_l2: Mean Euclidean size of the perturbations.
        hashes: sha256 of the checkpoints used, by name.
    """

    spec: AttackedSpec
    bits: int
    flips: Classes
    right: NDArray[np.bool_]
    fooled: NDArray[np.bool_]
    mean_l2: float
    hashes: Mapping[str, str]


def flips_file() -> Path:
    """Where they lie."""
    return shipped_folder() / "flips.json"


def summarised(attacked: Attacked) -> StoredFlips:
    """What is kept of a run.

    Raises:
        ValueError: Its purifier has no code.
    """
    return StoredFlips(
        spec=attacked.spec,
        bits=attacked.code_size,
        flips=attacked.flips,
        right=attacked.said_purified == attacked.labels,
        fooled=attacked.said_adversarial != attacked.labels,
        mean_l2=round(float(attacked.l2.mean()), 4),
        hashes=attacked.hashes,
    )


def store_flips(runs: Iterable[StoredFlips]) -> Path:
    """Write runs, in the order given, in place of those stored before."""
    rows = [
        {
            "spec": run.spec.as_dict(),
            "bits": run.bits,
            "flips": run.flips.tolist(),
            "right": _marks(run.right),
            "fooled": _marks(run.fooled),
            "mean_l2": run.mean_l2,
            "hashes": dict(run.hashes),
        }
        for run in runs
    ]
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    text = f'{{"format": {FORMAT}, "runs": [\n{lines}\n]}}\n'
    path = flips_file()
    replace_file(path, lambda partial: partial.write_text(text, encoding="utf-8"))
    return path


def stored_flips() -> tuple[StoredFlips, ...]:
    """The stored runs that were made with the present checkpoints; none when nothing is stored.

    Raises:
        LabError: The file is damaged.
    """
    path = flips_file()
    if not path.exists():
        return ()
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        runs = [_from(row) for row in values["runs"]] if values["format"] == FORMAT else []
    except DAMAGE as error:
        raise damaged(path, error) from error
    return tuple(run for run in runs if run.hashes == run.spec.hashes())


def _from(row: Mapping[str, Any]) -> StoredFlips:
    spec = AttackedSpec.from_dict(row["spec"])
    flips = np.array(row["flips"], np.int64)
    right, fooled = (np.array(list(row[name])) == "1" for name in ("right", "fooled"))
    if not flips.shape == right.shape == fooled.shape == (spec.n,):
        raise ValueError(f"expected {spec.n} images, got {len(flips)}, {len(right)}, {len(fooled)}")
    return StoredFlips(
        spec=spec,
        bits=int(row["bits"]),
        flips=flips,
        right=right,
        fooled=fooled,
        mean_l2=float(row["mean_l2"]),
        hashes=dict(row["hashes"]),
    )


def _marks(truths: NDArray[np.bool_]) -> str:
    return "".join("1" if truth else "0" for truth in truths)
