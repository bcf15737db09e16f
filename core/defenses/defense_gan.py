"""Defense-GAN (Samangouei, Kabkab & Chellappa, 2018, arXiv 1805.06605).

An image is replaced by the nearest one that a generator can make, found by a search over its
latents. Weight, momentum and start of the search are those of the authors' code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.utils.checkpoint import checkpoint
from typing_extensions import override

from core.defenses.base import BasePurifier, straight_through
from core.models.gan import Gan
from core.types import OnStep, Step, Surrogate
from core.validation import check_image_shape

RATE = 10.0
MOMENTUM = 0.7
DROP_AT = 0.8
"""Share of the steps after which the rate falls to a tenth."""

MOST_STEPS = 1_000
MOST_STARTS = 20

UNROLLED_FROM = 25
"""Steps from one start before those that are unrolled."""

EXACT_BLOCK = 10
"""Steps of the search that are computed anew together on the way back through all of them."""

UNROLLED = 3
"""Steps of it through which a gradient is taken."""


@dataclass(frozen=True, eq=False)
class Search:
    """What a search over the latents of some images found.

    Attributes:
        latents: The best latents (n, d).
        errors: Mean squared error of their images (n,).
        path: The best error so far after every step, over all starts, (steps + 1, n).
        seen: By step, the best images so far (n, c, h, w), at the steps that were asked for.
    """

    latents: Tensor
    errors: Tensor
    path: Tensor
    seen: Mapping[int, Tensor]


class DefenseGanPurifier(BasePurifier):
    """Searches the latents of a generator for the image nearest to the one given.

    Args:
        model: The trained GAN.
        search_steps: Steps L of gradient descent, 1 to 1,000.
        search_starts: Starts R, of which the best end is kept, 1 to 20.
    """

    random = True
    slow = frozenset({"exact"})

    def __init__(self, model: Gan, *, search_steps: int = 200, search_starts: int = 10) -> None:
        if not 1 <= search_steps <= MOST_STEPS:
            raise ValueError(f"search_steps must be 1 to {MOST_STEPS:,}, got {search_steps:,}")
        if not 1 <= search_starts <= MOST_STARTS:
            raise ValueError(f"search_starts must be 1 to {MOST_STARTS}, got {search_starts}")
        self.model = model
        self.steps = search_steps
        self.starts = search_starts

    @property
    @override
    def surrogates(self) -> Mapping[str, Surrogate]:
        return {
            "identity": straight_through(self),
            "unrolled": self._unrolled,
            "exact": self._exact,
        }

    @override
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        """The nearest images that the search finds.

        Raises:
            ValueError: They are of another size than the generator's.
        """
        return self.decode(self.search(images, generator).latents)

    def in_steps(
        self, images: Tensor, generator: Generator | None, on_step: OnStep | None = None
    ) -> Tensor:
        """What a call gives, with progress after every step; ``on_step`` may raise ``Cancelled``.

        Raises:
            ValueError: As for a call.
        """
        return self.decode(self.search(images, generator, on_step=on_step).latents).clamp(0, 1)

    @property
    def latent_size(self) -> int:
        """Number of latents d of an image."""
        return self.model.latent_size

    def decode(self, latents: Tensor) -> Tensor:
        """The images (n, c, h, w) in [0, 1] of latents (n, d): the defense's range."""
        images: Tensor = self.model(latents)
        return images

    def search(
        self,
        images: Tensor,
        generator: Generator | None,
        *,
        on_step: OnStep | None = None,
        show: Sequence[int] = (),
    ) -> Search:
        """Search the latents of some images, all starts in one batch.

        The best so far is kept, start by start, so that neither a further step nor a further start
        makes a result worse. A start's draw depends on its number alone.

        Args:
            images: (n, c, h, w) in [0, 1].
            generator: Draws the starts.
            on_step: Receives progress with the mean error so far; may raise ``Cancelled``.
            show: Steps at which the images so far are kept; 0 is the start.

        Raises:
            ValueError: The images are of another size than the generator's.
        """
        check_image_shape(images, tuple(self.model.image_shape), "generator")
        n, starts = len(images), self.starts
        wanted = images.detach().repeat(starts, 1, 1, 1)
        latents = self._drawn(starts * n, images, generator)
        velocity = torch.zeros_like(latents)
        best, lowest = latents, torch.full_like(latents[:, 0], torch.inf)
        path: list[Tensor] = []
        seen: dict[int, Tensor] = {}
        for step in range(self.steps + 1):
            errors, gradient = self._descent(latents, wanted)
            better = errors < lowest
            best = torch.where(better[:, None], latents, best)
            lowest = torch.where(better, errors, lowest)
            path.append(lowest.view(starts, n).amin(0))
            if step in show:
                with torch.no_grad():
                    seen[step] = self.decode(self._chosen(best, lowest, n)[0])
            if on_step is not None and step:
                values = {"error": float(path[-1].mean())}
                on_step(Step(index=step, of=self.steps, values=values))
            velocity = MOMENTUM * velocity - self._rate(step) * gradient
            latents = latents + velocity
        latents, errors = self._chosen(best, lowest, n)
        return Search(latents, errors, torch.stack(path), seen)

    def _rate(self, step: int) -> float:
        return RATE if step < DROP_AT * self.steps else RATE / 10

    def _drawn(self, count: int, images: Tensor, generator: Generator | None) -> Tensor:
        """Latents (count, d) to begin from, far closer together than what it was trained on."""
        noise = torch.randn((count, self.latent_size), generator=generator, device=images.device)
        drawn: Tensor = noise / self.latent_size**0.5
        return drawn

    def _descent(self, latents: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        """Mean squared errors (n,) and their gradient (n, d) at some latents."""
        leaf = latents.detach().requires_grad_()
        with torch.enable_grad():
            errors = (self.decode(leaf) - wanted).square().flatten(1).mean(1)
            (gradient,) = torch.autograd.grad(errors.sum(), leaf)
        return errors.detach(), gradient

    def _chosen(self, latents: Tensor, errors: Tensor, n: int) -> tuple[Tensor, Tensor]:
        """Of every image the start that ended nearest."""
        lowest, which = errors.view(self.starts, n).min(0)
        rows = torch.arange(n, device=latents.device)
        return latents.view(self.starts, n, -1)[which, rows], lowest

    def _exact(self, images: Tensor, generator: Generator | None) -> Tensor:
        """The whole search with its exact derivative by the images.

        Every start is followed to its end, and the best end is decoded, as in ``search`` but that
        the last step of a start stands for its best. Steps are computed anew in blocks on the way
        back (gradient checkpointing, Chen et al., 2016, arXiv 1604.06174), or the memory would
        hold the derivatives of all of them.
        """
        n = len(images)
        with torch.enable_grad():
            wanted = images.repeat(self.starts, 1, 1, 1)
            latents = self._drawn(self.starts * n, images, generator).requires_grad_()
            velocity = torch.zeros_like(latents)
            for first in range(0, self.steps, EXACT_BLOCK):
                steps = range(first, min(first + EXACT_BLOCK, self.steps))
                latents, velocity = checkpoint(
                    self._descended, latents, velocity, wanted, steps, use_reentrant=False
                )
            errors = (self.decode(latents) - wanted).square().flatten(1).mean(1)
            return self.decode(self._chosen(latents, errors, n)[0])

    def _descended(
        self, latents: Tensor, velocity: Tensor, wanted: Tensor, steps: range
    ) -> tuple[Tensor, Tensor]:
        """Some steps of the search, differentiable by where they begin and by what is wanted."""
        for step in steps:
            errors = (self.decode(latents) - wanted).square().flatten(1).mean(1)
            (gradient,) = torch.autograd.grad(errors.sum(), latents, create_graph=True)
            velocity = MOMENTUM * velocity - self._rate(step) * gradient
            latents = latents + velocity
        return latents, velocity

    def _unrolled(self, images: Tensor, generator: Generator | None) -> Tensor:
        """A quick search, whose last steps are taken with their derivative."""
        steps = min(self.steps, UNROLLED_FROM)
        quick = DefenseGanPurifier(self.model, search_steps=steps, search_starts=1)
        latents = quick.search(images, generator).latents.requires_grad_()
        with torch.enable_grad():
            for _ in range(UNROLLED):
                errors = (self.decode(latents) - images).square().flatten(1).mean(1)
                (gradient,) = torch.autograd.grad(errors.sum(), latents, create_graph=True)
                latents = latents - RATE / 10 * gradient
            return self.decode(latents)
