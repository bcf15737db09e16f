"""What a row of ``DEFENSES`` is, and the wrapper that keeps the promises of every purifier."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, runtime_checkable

from torch import Generator, Tensor

from core.models.quantizers import Quantizer
from core.types import Purifier, Surrogate
from core.validation import check_image_shape, check_images


@runtime_checkable
class CodedPurifier(Purifier, Protocol):
    """A purifier that passes through a code of bits."""

    @property
    def quantizer(self) -> Quantizer:
        """The quantizer between encoder and decoder."""

    def code(self, images: Tensor, *, generator: Generator | None = None) -> Tensor:
        """Bits (n, d) in {-1, +1}."""


class BasePurifier(ABC):
    """Refuses what is no image batch, and clips the result to [0, 1].

    Attributes:
        slow: Surrogates that cost a whole search a step, taken only by whoever names them.
    """

    random: ClassVar[bool] = False
    quiet: ClassVar[frozenset[str]] = frozenset()
    slow: ClassVar[frozenset[str]] = frozenset()

    def __call__(self, images: Tensor, *, generator: Generator | None = None) -> Tensor:
        """Purify images (n, c, h, w) in [0, 1], n at least 1, of any floating-point type.

        Raises:
            ValueError: These are no such images, or of a size that this purifier does not take; or
                it is random and got no generator.
        """
        check_images(images)
        if self.image_shape is not None:
            check_image_shape(images, self.image_shape, "purifier")
        if self.random and generator is None:
            raise ValueError(f"{type(self).__name__} is random: pass generator=torch.Generator()")
        return self.purify(images.float(), generator).clamp(0, 1)

    @property
    def image_shape(self) -> tuple[int, ...] | None:
        """The one shape (c, h, w) it takes; None where it takes any, or says so itself."""
        return None

    @property
    @abstractmethod
    def surrogates(self) -> Mapping[str, Surrogate]:
        """Differentiable stand-ins by name, for an attacker."""

    @abstractmethod
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        """The idea of the subclass; ``generator`` is given when ``random`` is true."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A whole number that a defense can be built with.

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
        # Not called as a purifier: an attack may look beyond [0, 1] on its way.
        purified = purifier.purify(images.detach(), generator).clamp(0, 1)
        return images + (purified - images).detach()

    return surrogate
