"""Finished strength sweeps on disk: shipped with the repository, or in the cache."""

from pathlib import Path

from core.analysis.attacked_file import file_stem, fits
from core.analysis.attacked_spec import FORMAT, AttackedSpec
from core.analysis.epsilon_sweep import StrengthSweep
from core.analysis.storage import (
    damaged,
    find,
    keep,
    read_arrays,
    read_meta,
    shipped_folder,
    write_arrays,
)
from core.types import LabError

PER_POINT = ("right_bare", "right_defended", "l2")


def save_sweep(sweep: StrengthSweep, path: Path) -> None:
    """Write a sweep as one npz file, whole or not at all."""
    arrays = {name: getattr(sweep, name) for name in ("strengths", *PER_POINT)}
    if sweep.flips is not None:
        arrays["flips"] = sweep.flips
    meta = {
        "format": FORMAT,
        "spec": sweep.spec.as_dict(),
        "kind": sweep.kind,
        "bits": sweep.bits,
        "hashes": dict(sweep.hashes),
    }
    write_arrays(path, arrays, meta)


def load_sweep(path: Path) -> StrengthSweep:
    """Read what ``save_sweep`` wrote.

    Raises:
        LabError: The file is missing, damaged, or of another version.
    """
    arrays, meta = read_arrays(path)
    try:
        if meta["format"] != FORMAT:
            raise ValueError(f"format {meta['format']}, expected {FORMAT}")
        spec = AttackedSpec.from_dict(meta["spec"])
        shape = (len(arrays["strengths"]), spec.n)
        named = (*PER_POINT, "flips") if meta["bits"] else PER_POINT
        for name in named:
            if arrays[name].shape != shape:
                raise ValueError(f"{name} has shape {arrays[name].shape}, expected {shape}")
        return StrengthSweep(
            spec=spec,
            kind=meta["kind"],
            strengths=arrays["strengths"],
            bits=int(meta["bits"]),
            flips=arrays.get("flips"),
            **{name: arrays[name] for name in PER_POINT},
            hashes=dict(meta["hashes"]),
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise damaged(path, error) from error


def shipped_sweep(spec: AttackedSpec) -> Path:
    """Where a sweep lies that ships with the repository."""
    return shipped_folder() / f"default-sweep-{file_stem(spec)}.npz"


def find_sweep(spec: AttackedSpec) -> StrengthSweep | None:
    """A finished sweep of this run and the present checkpoints; None when there is none."""
    path = shipped_sweep(spec)
    if fits(read_meta(path), spec):
        try:
            return load_sweep(path)
        except LabError:
            pass
    return find("sweeps", f"{spec.fingerprint()}.npz", load_sweep)


def keep_sweep(sweep: StrengthSweep) -> None:
    """Put a sweep into the cache, where ``find_sweep`` finds it."""
    keep("sweeps", f"{sweep.spec.fingerprint()}.npz", lambda path: save_sweep(sweep, path))
