"""Purification by multiple latent variables (Serez et al., 2024, arXiv 2412.03453).

A generator with latents from coarse to fine encodes the image. The coarse ones, which tell what is
seen, are kept; the finer a level, the more of it is drawn anew, and an attack's noise with it. The
generator was not trained for this, nor for any classifier or attack.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import torch
from torch import Generator, Tensor
from torch.nn import functional
from typing_extensions import override

from core.contrast import contrasted
from core.defenses.base import BasePurifier, straight_through
from core.types import Surrogate
from core.validation import check_image_shape

HOTTEST = 2.0
"""Largest temperature: twice the deviation of the prior already gives noise, not pictures."""

MOST_DRAWS = 64


@runtime_checkable
class LevelGenerator(Protocol):
    """All that is asked of a generator: encode to levels, draw a level anew, decode.

    A state is what the generator carries from level to level; only the generator looks into it.
    """

    @property
    def image_shape(self) -> Sequence[int]:
        """(c, h, w) of its images."""

    @property
    def level_shapes(self) -> Sequence[Sequence[int]]:
        """Shape of a code of every level, coarse to fine, without the batch."""

    def encode(self, images: Tensor) -> Sequence[Tensor]:
        """What is seen of images (n, c, h, w) in [0, 1] at every level."""

    def start(self, n: int) -> Tensor:
        """The state of ``n`` images before the first level."""

    def keep(self, index: int, state: Tensor, features: Sequence[Tensor]) -> Tensor:
        """The code (n, ...) of a level that the features call for, given the levels above."""

    def resample(self, index: int, state: Tensor, noise: Tensor, temperature: float) -> Tensor:
        """A code (n, ...) drawn for a level, given the levels above, from standard normal noise."""

    def take_in(self, index: int, state: Tensor, code: Tensor) -> Tensor:
        """The state after a level."""

    def decode(self, state: Tensor) -> Tensor:
        """Images (n, c, h, w) in [0, 1] from the state after all levels."""


class MlvgmPurifier(BasePurifier):
    """Keeps some of every level of a generator and draws the rest anew.

    Args:
        model: The generator.
        shares: How much of every level is drawn anew, coarse to fine, each 0 (kept) to 1.
        temperature: Of the draws, above 0 to 2: what the prior's deviation is multiplied with.
        draws: Images that are made of one and averaged, 1 to 64.
        noise: L2 norm of Gaussian noise added before, in [0, 1] pixel units; 0 adds none.
        blur: Deviation of a Gaussian blur before, in pixels; 0 leaves it out.
        contrast: Sharpness of a soft threshold on the pixels before; 0 leaves it out. It is not
            the paper's, and suits pictures that are nearly black and white.

    Raises:
        ValueError: A number is out of its range, or there is not one share a level.
    """

    random = True
    quiet = frozenset({"no_noise"})

    def __init__(  # noqa: PLR0913  each is one of the method's settings
        self,
        model: LevelGenerator,
        shares: Sequence[float],
        *,
        temperature: float = 0.6,
        draws: int = 1,
        noise: float = 0.0,
        blur: float = 0.0,
        contrast: float = 0.0,
    ) -> None:
        levels = len(model.level_shapes)
        if len(shares) != levels:
            raise ValueError(
                f"a schedule has one share for each of the {levels} levels, got {len(shares)}"
            )
        if not all(0 <= share <= 1 for share in shares):
            raise ValueError(f"every share must be 0 to 1, got {[round(s, 4) for s in shares]}")
        if not 0 < temperature <= HOTTEST:
            raise ValueError(
                f"temperature must be above 0 and at most {HOTTEST:g}, got {temperature:g}: at 0 "
                "nothing is drawn, far above 1 the generator makes no pictures"
            )
        if not 1 <= draws <= MOST_DRAWS:
            raise ValueError(f"draws must be 1 to {MOST_DRAWS}, got {draws}")
        if min(noise, blur, contrast) < 0:
            raise ValueError(
                f"noise, blur and contrast must be at least 0, got {noise:g}, {blur:g} and "
                f"{contrast:g}"
            )
        self.model = model
        self.shares = tuple(shares)
        self.temperature = temperature
        self.draws = draws
        self.noise = noise
        self.blur = blur
        self.contrast = contrast
        # Where the threshold does half of its work; none is looked for without it.
        self.pixel_thresholds = (0.5,) if contrast else ()

    @property
    @override
    def surrogates(self) -> Mapping[str, Surrogate]:
        found = {
            "itself": self.purify,
            "no_noise": lambda images, generator: self._walk(images, None),
            "identity": straight_through(self),
        }
        if self.contrast:
            # The flat ends of the threshold would blind who follows the gradient.
            found["straight"] = lambda images, generator: self._walk(images, generator, True)
        return found

    @override
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        """The mean of some draws; differentiable.

        Raises:
            ValueError: The images are of another size than the generator's.
        """
        return self.each_draw(images, generator).mean(0)

    def each_draw(self, images: Tensor, generator: Generator | None) -> Tensor:
        """Every draw by itself, (draws, n, c, h, w).

        Raises:
            ValueError: The images are of another size than the generator's.
        """
        made = self._walk(images.repeat(self.draws, 1, 1, 1), generator)
        return made.view(self.draws, *images.shape)

    def _walk(self, images: Tensor, generator: Generator | None, straight: bool = False) -> Tensor:
        """From images down all levels to images.

        Args:
            images: (n, c, h, w) in [0, 1].
            generator: None takes the mean in place of every draw.
            straight: Let gradients pass the threshold of the contrast as if it were a line.
        """
        check_image_shape(images, tuple(self.model.image_shape), "generator")
        n, model = len(images), self.model
        seen = self._before(images, generator, straight)
        features, state = model.encode(seen), model.start(n)
        for index, (shape, share) in enumerate(zip(model.level_shapes, self.shares, strict=True)):
            # Drawn even where all is kept, so that no level's draw hangs on another's share.
            noise = _normal((n, *shape), images, generator)
            kept = model.keep(index, state, features)
            drawn = model.resample(index, state, noise, self.temperature)
            state = model.take_in(index, state, (1 - share) * kept + share * drawn)
        return model.decode(state)

    def _before(self, images: Tensor, generator: Generator | None, straight: bool) -> Tensor:
        """What the generator gets to see: the images after noise, blur and threshold."""
        if self.noise:
            noise = _normal(images.shape, images, generator)
            length = noise.flatten(1).norm(dim=1).clamp_min(1e-12).view(-1, 1, 1, 1)
            images = images + self.noise * noise / length
        if self.blur:
            images = blurred(images, self.blur)
        if self.contrast:
            clear = contrasted(images, self.contrast)
            images = images + (clear - images).detach() if straight else clear
        return images


def blurred(images: Tensor, deviation: float) -> Tensor:
    """Images (n, c, h, w) under a Gaussian of so many pixels' deviation, cut off at four."""
    reach = math.ceil(4 * deviation)
    places = torch.arange(-reach, reach + 1, device=images.device)
    line = torch.exp(-(places**2) / (2 * deviation**2))
    line = line / line.sum()
    channels = images.shape[1]
    # Replicated borders: a black frame would darken what lies near it.
    padded = functional.pad(images, [reach] * 4, mode="replicate")
    kernels = line.expand(channels, 1, 1, -1)
    rows = functional.conv2d(padded, kernels, groups=channels)
    return functional.conv2d(rows, kernels.transpose(2, 3), groups=channels)


def _normal(shape: Sequence[int], like: Tensor, generator: Generator | None) -> Tensor:
    if generator is None:
        return torch.zeros(tuple(shape), device=like.device)
    return torch.randn(tuple(shape), generator=generator, device=like.device)
