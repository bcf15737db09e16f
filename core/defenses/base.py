"""What a row of ``DEFENSES`` is, and the wrapper that keeps the promises of every purifier."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, runtime_checkable

from torch import Generator, Tensor

from core.models.quantizers import Quantizer
from core.types import Purifier, Surrogate


@runtime_checkable
class CodedPurifier(Purifier, Protocol):
    """A purifier that passes through a code of bits."""

    @property
    def quantizer(self) -> Quantizer:
        """The quantizer between encoder and decoder."""

    def code(self, images: Tensor, *, generator: Generator | None = None) -> Tensor:
        """Bits (n, d) in {-1, +1}."""


class BasePurifier(ABC):
    """Checks the generator of a random purifier and clips the result to [0, 1]."""

    random: ClassVar[bool] = False
    quiet: ClassVar[frozenset[str]] = frozenset()

    def __call__(self, images: Tensor, *, generator: Generator | None = None) -> Tensor:
        """Purify images (n, c, h, w) in [0, 1].

        Raises:
            ValueError: The purifier is random and got no generator.
        """
        if self.random and generator is None:
            raise ValueError(f"{type(self).__name__} is random: pass generator=torch.Generator()")
        return self.purify(images, generator).clamp(0, 1)

    @property
    @abstractmethod
    def surrogates(self) -> Mapping[str, Surrogate]:
        """Differentiable stand-ins by name, for an attacker."""

    @abstractmethod
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        """The idea of the subclass; ``generator`` is given when ``random`` is true."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A whole number that a defence can be built with.

    Attributes:
        default: What it is unless told.
        low: The least value.
        high: The greatest.
        step: Distance of the values between.
        help: One sentence on what it does.
        names: What the values are called, from the least; empty where they are plain numbers.
    """

    default: int
    low: int
    high: int
    step: int = 1
    help: str
    names: tuple[str, ...] = ()

    def word(self, value: int) -> str:
        """What a value is called."""
        return self.names[value - self.low] if self.names else str(value)


@dataclass(frozen=True, kw_only=True)
class Defense:
    """A row of ``DEFENSES``.

    Attributes:
        title: Its name on the screen.
        summary: One sentence on how it works.
        build: From the name of a data set, and its settings by name, to the purifier; raises
            ``CheckpointError``.
        checkpoint: Name of the checkpoint whose weights it uses; None needs no training.
        random: Whether two calls may differ.
        paper: Where it was published.
        settings: What it can be built with, by the name of the constructor's argument.
    """

    title: str
    summary: str
    build: Callable[..., Purifier]
    checkpoint: str | None = None
    random: bool = False
    paper: str = ""
    settings: Mapping[str, Setting] = field(default_factory=dict)


def straight_through(purifier: BasePurifier) -> Surrogate:
    """The purifier's own output forwards, the identity backwards (BPDA, arXiv 1802.00420)."""

    def surrogate(images: Tensor, generator: Generator | None) -> Tensor:
        purified = purifier(images.detach(), generator=generator)
        return images + (purified - images).detach()

    return surrogate
