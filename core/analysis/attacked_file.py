"""Finished runs over many images on disk: shipped with the repository, or in the cache."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.analysis.attacked import ROLES, Attacked, Role
from core.analysis.attacked_spec import FORMAT, AttackedSpec
from core.analysis.storage import (
    Arrays,
    damaged,
    find,
    keep,
    read_arrays,
    read_meta,
    shipped_folder,
    write_arrays,
)
from core.types import LabError

DEFAULT_RUN = AttackedSpec(dataset="mnist", classifier="a", defense="lq_vae", attack="cw", n=1000)
"""What the pages show at first."""

PICTURES = ("clean", "adversarial", "purified", "purified_clean")
ANSWERS = tuple(f"said_{name}" for name in PICTURES)
PER_IMAGE = ("indices", "labels", *ANSWERS, "l2", "linf")


def save_attacked(attacked: Attacked, path: Path) -> None:
    """Write a run as one npz file, whole or not at all."""
    arrays = {name: getattr(attacked, name) for name in (*PICTURES, *PER_IMAGE)}
    if attacked.latents is not None and attacked.bits is not None:
        arrays |= {f"latents_{role}": attacked.latents[role] for role in ROLES}
        arrays |= {f"bits_{role}": attacked.bits[role] for role in ROLES}
    meta = {
        "format": FORMAT,
        "spec": attacked.spec.as_dict(),
        "bits_per_latent": attacked.bits_per_latent,
        "walls": attacked.walls,
        "codewords": attacked.codewords,
        "hashes": dict(attacked.hashes),
    }
    write_arrays(path, arrays, meta)


def load_attacked(path: Path) -> Attacked:
    """Read what ``save_attacked`` wrote.

    Raises:
        LabError: The file is missing, damaged, or of another version.
    """
    arrays, meta = read_arrays(path)
    try:
        if meta["format"] != FORMAT:
            raise ValueError(f"format {meta['format']}, expected {FORMAT}")
        spec = AttackedSpec.from_dict(meta["spec"])
        _check(arrays, spec.n, int(meta["bits_per_latent"]))
        return Attacked(
            spec=spec,
            **{name: arrays[name] for name in (*PICTURES, *PER_IMAGE)},
            latents=_by_role(arrays, "latents"),
            bits=_by_role(arrays, "bits"),
            bits_per_latent=int(meta["bits_per_latent"]),
            walls=tuple(meta["walls"]),
            codewords=tuple(tuple(word) for word in meta["codewords"]),
            hashes=dict(meta["hashes"]),
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise damaged(path, error) from error


def shipped_attacked(spec: AttackedSpec) -> Path:
    """Where a run lies that ships with the repository."""
    name = "default-attacked" if spec == DEFAULT_RUN else f"attacked-{file_stem(spec)}"
    return shipped_folder() / f"{name}.npz"


def file_stem(spec: AttackedSpec) -> str:
    """A readable name of a run, for files that ship."""
    settings = [f"{name}{value}" for name, value in spec.parameters]
    return "-".join([spec.dataset, spec.classifier, spec.defense, spec.attack, *settings])


def find_stored(spec: AttackedSpec) -> Attacked | None:
    """A finished run of this specification and the present checkpoints; None when there is none."""
    path = shipped_attacked(spec)
    if fits(read_meta(path), spec):
        try:
            return load_attacked(path)
        except LabError:
            pass
    return find("attacked", f"{spec.fingerprint()}.npz", load_attacked)


def keep_attacked(attacked: Attacked) -> None:
    """Put a run into the cache, where ``find_stored`` finds it."""
    name = f"{attacked.spec.fingerprint()}.npz"
    keep("attacked", name, lambda path: save_attacked(attacked, path))


def fits(meta: Mapping[str, Any] | None, spec: AttackedSpec) -> bool:
    """Whether a stored file holds this run, of this format and of the present checkpoints."""
    if meta is None or meta.get("format") != FORMAT:
        return False
    # Through JSON, as the stored side went, so that tuples and lists compare equal.
    return bool(meta.get("spec") == spec.as_dict() and meta.get("hashes") == spec.hashes())


def _check(arrays: Arrays, n: int, bits_per_latent: int) -> None:
    """Hold every array to its shape.

    Raises:
        ValueError: One has another shape.
        KeyError: One is missing.
    """
    shape = arrays["clean"].shape
    expected = dict.fromkeys(PICTURES, (n, *shape[1:])) | dict.fromkeys(PER_IMAGE, (n,))
    if bits_per_latent:
        d = arrays["latents_clean"].shape[1]
        expected |= {f"latents_{role}": (n, d) for role in ROLES}
        expected |= {f"bits_{role}": (n, d * bits_per_latent) for role in ROLES}
    if len(shape) != 4:
        raise ValueError(f"pictures have {len(shape)} axes, expected 4")
    for name, wanted in expected.items():
        if arrays[name].shape != wanted:
            raise ValueError(f"{name} has shape {arrays[name].shape}, expected {wanted}")


def _by_role(arrays: Arrays, kind: str) -> dict[Role, Any] | None:
    if f"{kind}_clean" not in arrays:
        return None
    return {role: np.asarray(arrays[f"{kind}_{role}"]) for role in ROLES}
