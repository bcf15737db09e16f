"""Where finished heavy results are kept, so that nothing is computed twice.

Two places: results that ship with the repository, and a cache of this machine. What is damaged
counts as missing: it is computed again.
"""

import json
import os
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.data.base import REPOSITORY
from core.evaluation.results import results_folder
from core.types import LabError

CACHE_VARIABLE = "LQVAE_CACHE"
KEPT_FILES = 200
"""Of every kind of result the cache keeps so many, those written last."""

Arrays: TypeAlias = Mapping[str, NDArray[Any]]
Kept = TypeVar("Kept")

META = "meta"
DAMAGE = (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile, zlib.error)


def shipped_folder() -> Path:
    """Where the results of the latent lab lie that ship with the repository."""
    return results_folder() / "latent_lab"


def cache_folder() -> Path:
    """``LQVAE_CACHE``, else ``runs/lab`` in the repository; a temporary folder if unwritable."""
    named = os.environ.get(CACHE_VARIABLE)
    return _writable(Path(named).expanduser().absolute() if named else REPOSITORY / "runs" / "lab")


def cached_file(kind: str, name: str) -> Path:
    """The place of one kept result, for example ``cached_file("attacked", "0123.npz")``."""
    return cache_folder() / kind / name


def keep(kind: str, name: str, write: Callable[[Path], object]) -> None:
    """Put a result into the cache, and drop the oldest ones beyond KEPT_FILES.

    A full or vanished disk is no reason to lose the result itself: it is then not kept.

    Args:
        kind: The folder in the cache.
        name: The file's name; it holds everything that decides the result, a version too.
        write: Writes the file in one step, as ``replace_file`` does.
    """
    path = cached_file(kind, name)
    try:
        write(path)
        files = sorted(path.parent.iterdir(), key=lambda file: file.stat().st_mtime_ns)
        for file in files[:-KEPT_FILES]:
            file.unlink(missing_ok=True)
    except OSError:
        return


def find(kind: str, name: str, read: Callable[[Path], Kept]) -> Kept | None:
    """A kept result; None when there is none, or none that can be read (it is then removed)."""
    path = cached_file(kind, name)
    if not path.exists():
        return None
    try:
        return read(path)
    except LabError:
        forget(kind, name)
        return None


def forget(kind: str, name: str) -> None:
    """Remove a kept result, if it is there."""
    with suppress(OSError):
        cached_file(kind, name).unlink(missing_ok=True)


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file in one step, so that nobody ever reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.partial")
    try:
        write(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_arrays(path: Path, arrays: Arrays, meta: Mapping[str, Any]) -> None:
    """Write arrays and plain values beside them as one compressed npz file, in one step."""
    text = np.array(json.dumps(meta))

    def write(partial: Path) -> None:
        with partial.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **{**arrays, META: text})

    replace_file(path, write)


def read_arrays(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The arrays and the plain values of ``write_arrays``.

    Raises:
        LabError: The file is missing or damaged.
    """
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files if name != META}
            return arrays, dict(json.loads(str(file[META])))
    except DAMAGE as error:
        raise damaged(path, error) from error


def read_meta(path: Path) -> dict[str, Any] | None:
    """Only the plain values of ``write_arrays``; None when the file is missing or damaged."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return dict(json.loads(str(file[META])))
    except DAMAGE:
        return None


def damaged(path: Path, error: object) -> LabError:
    """The error of a stored result that cannot be read."""
    return LabError(
        f"the stored result {path.name} is missing or damaged ({error}); remove it, and it is "
        f"computed again, or restore it with git"
    )


@cache
def _writable(folder: Path) -> Path:
    """The folder itself, or one of this user's own among the temporary files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return Path(tempfile.mkdtemp(prefix="lq-vae-lab-"))
