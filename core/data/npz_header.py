"""The headers of an npz file, checked before any of its arrays is read."""

import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.types import LabError

KEYS = ("x_train", "y_train", "x_test", "y_test")
MAX_BYTES = 4 * 1024**3
FORM = "it must hold x_train, x_test (uint8, n x h x w or n x h x w x c) and y_train, y_test"
DAMAGE = (OSError, EOFError, KeyError, ValueError, RuntimeError, zlib.error, zipfile.BadZipFile)

ReadArray: TypeAlias = Callable[[str], NDArray[Any]]


@dataclass(frozen=True)
class Header:
    """What the file says about one array before the array is read.

    Attributes:
        shape: Its shape.
        dtype: Its type.
        size: Unpacked bytes of the member, with the header.
        header_size: Bytes of the header alone.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    size: int
    header_size: int

    def verify(self, path: Path, key: str) -> None:
        """Type, number of axes and size, as far as they do not depend on other arrays."""
        if key.startswith("x_") and self.dtype != np.uint8:
            raise refusal(path, f"{key} is {self.dtype}, not uint8")
        if key.startswith("y_") and not np.issubdtype(self.dtype, np.integer):
            raise refusal(path, f"{key} is {self.dtype}, not integers")
        if key.startswith("y_") and not (len(self.shape) == 1 or self.shape[1:] == (1,)):
            raise refusal(path, f"{key} has the shape {self.shape}, not (n,)")
        values = 1
        for length in self.shape:
            values *= length
        if values == 0:
            raise refusal(path, f"{key} is empty")
        if self.size != self.header_size + values * self.dtype.itemsize:
            raise refusal(path, f"{key} is not as long as its header says")

    def image_shape(self, path: Path, key: str) -> tuple[int, int, int]:
        """(c, h, w) of an array of images."""
        if len(self.shape) == 3:
            return (1, self.shape[1], self.shape[2])
        if len(self.shape) == 4 and self.shape[3] in (1, 3):
            return (self.shape[3], self.shape[1], self.shape[2])
        raise refusal(
            path, f"{key} has the shape {self.shape}; channels, 1 or 3 of them, come last"
        )


@contextmanager
def opened(path: Path) -> "Iterator[tuple[Mapping[str, Header], ReadArray]]":
    """The checked headers of the four arrays, and a function that reads one of them.

    Raises:
        LabError: The file is damaged, too large unpacked, or not of the right form; also when
            that shows only while an array is read.
    """
    try:
        with zipfile.ZipFile(path) as members:
            missing = [key for key in KEYS if f"{key}.npy" not in members.namelist()]
            if missing:
                raise refusal(path, f"{', '.join(missing)} missing")
            headers = {key: _header(members, f"{key}.npy") for key in KEYS}
        total = sum(header.size for header in headers.values())
        if total > MAX_BYTES:
            raise refusal(path, f"unpacked it has {total / 1024**3:.1f} GiB; 4 are allowed")
        for key, header in headers.items():
            header.verify(path, key)
        with np.load(path, allow_pickle=False) as archive:
            # With the ending, or a member of the bare name would be taken instead.
            yield headers, lambda key: archive[f"{key}.npy"]
    except MemoryError as error:
        raise refusal(path, "it does not fit into this machine's memory") from error
    except DAMAGE as error:
        raise LabError(
            f"{path} is damaged or no npz file ({error}); copy or save it again, {FORM}"
        ) from error


def _header(members: zipfile.ZipFile, name: str) -> Header:
    with members.open(name) as file:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        else:
            shape, _, dtype = np.lib.format.read_array_header_2_0(file)
        return Header(shape, dtype, members.getinfo(name).file_size, file.tell())


def refusal(path: Path, reason: str) -> LabError:
    """A sound file of the wrong form."""
    return LabError(f"{path} cannot be used: {reason}; {FORM}")
