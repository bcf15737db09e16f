"""Finished cells and crafted images on disk, so that a killed run loses nothing it has finished."""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from torch import Tensor

OnNotice: TypeAlias = Callable[[str], None]


class Keeping:
    """A folder of finished work; without one nothing is kept.

    What cannot be read counts as not there, and what cannot be written (a full disk) is said once
    and not kept: neither ends a measurement.

    Args:
        folder: Where to keep things; None keeps nothing.
        on_notice: Receives a sentence when something could not be kept.
    """

    def __init__(self, folder: Path | None, on_notice: OnNotice | None = None) -> None:
        self.folder = folder
        self.on_notice = on_notice

    def text(self, kind: str, key: str) -> str | None:
        """A kept JSON text; None when there is none, or half of one."""
        path = self._path(kind, key, "json")
        if path is None or not path.exists():
            return None
        try:
            text = path.read_text(encoding="utf-8")
            json.loads(text)
        except (OSError, ValueError):
            return None
        return text

    def keep_text(self, kind: str, key: str, text: str) -> None:
        """Keep a text, whole or not at all."""
        self._keep(
            self._path(kind, key, "json"), lambda path: path.write_text(text, encoding="utf-8")
        )

    def images(self, kind: str, key: str) -> tuple[Tensor, Mapping[str, str]] | None:
        """Kept images (n, c, h, w) and what was said of them; None when there are none to read."""
        from safetensors import SafetensorError, safe_open

        path = self._path(kind, key, "safetensors")
        if path is None or not path.exists():
            return None
        try:
            with safe_open(path, framework="pt") as file:
                return file.get_tensor("images"), file.metadata() or {}
        except (OSError, SafetensorError):
            return None

    def keep_images(self, kind: str, key: str, images: Tensor, said: Mapping[str, str]) -> None:
        """Keep images and what there is to say of them, whole or not at all."""
        from safetensors.torch import save_file

        content = {"images": images.cpu().contiguous()}
        self._keep(
            self._path(kind, key, "safetensors"),
            lambda path: save_file(content, path, dict(said)),
        )

    def _path(self, kind: str, key: str, ending: str) -> Path | None:
        return None if self.folder is None else self.folder / kind / f"{key}.{ending}"

    def _keep(self, path: Path | None, write: Callable[[Path], object]) -> None:
        from safetensors import SafetensorError

        if path is None:
            return
        partial = path.with_suffix(f".{os.getpid()}.partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(partial)
            partial.replace(path)
        except (OSError, SafetensorError) as error:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            if self.on_notice is not None:
                self.on_notice(f"{path.name} could not be kept ({error}); the figures are not lost")
