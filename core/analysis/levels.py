"""One image through the levels of a generator: kept and drawn anew, all at once or one alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.analysis.triplets import Floats, Reading, read
from core.defenses import MlvgmPurifier
from core.defenses.mlvgm import LevelGenerator
from core.devices import generator_for
from core.types import Classifier


@dataclass(frozen=True, kw_only=True)
class LevelSpec:
    """How an image is taken through the levels; see ``MlvgmPurifier``.

    Attributes:
        shares: How much of every level is drawn anew, coarse to fine.
        temperature: Of the draws.
        noise: L2 norm of the noise before.
        blur: Deviation of the blur before, in pixels.
        contrast: Sharpness of the threshold on the pixels before.
        seed: Of the draws.
        draws: How many images are made.
    """

    shares: tuple[float, ...]
    temperature: float = 0.6
    noise: float = 0.0
    blur: float = 0.0
    contrast: float = 0.0
    seed: int = 0
    draws: int = 1

    def purifier(self, model: LevelGenerator) -> MlvgmPurifier:
        """The purifier that these words describe.

        Raises:
            ValueError: A number is out of its range, or the generator has other levels.
        """
        return MlvgmPurifier(
            model,
            self.shares,
            temperature=self.temperature,
            draws=self.draws,
            noise=self.noise,
            blur=self.blur,
            contrast=self.contrast,
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Leveled:
    """What becomes of one image.

    Attributes:
        draws: The purified images, one a draw.
        average: Their mean, pixel by pixel.
        removed: What the first draw changed in the image (c, h, w), in [-1, 1].
    """

    draws: tuple[Reading, ...]
    average: Reading
    removed: Floats

    def votes(self, label: int) -> int:
        """How many draws the classifier takes for a class."""
        return sum(draw.prediction == label for draw in self.draws)


def through_levels(
    classifier: Classifier, model: LevelGenerator, image: Tensor, spec: LevelSpec
) -> Leveled:
    """Take one image through the levels.

    Args:
        classifier: Judges the pictures.
        model: The generator.
        image: (c, h, w) in [0, 1], on the models' device.
        spec: What is kept.

    Raises:
        ValueError: As for ``LevelSpec.purifier``.
    """
    images = image.unsqueeze(0)
    generator = generator_for(image.device, spec.seed)
    with torch.no_grad():
        made = spec.purifier(model).each_draw(images, generator)[:, 0].clamp(0, 1)
        readings = read(classifier, torch.cat([made, made.mean(0, keepdim=True)]))
    return Leveled(
        draws=tuple(readings[:-1]),
        average=readings[-1],
        removed=(made[0] - image).float().cpu().numpy(),
    )


def levels_alone(
    classifier: Classifier, model: LevelGenerator, image: Tensor, spec: LevelSpec
) -> tuple[Leveled, ...]:
    """Draw one level anew and keep the others, for each level in turn, coarse to fine.

    Args:
        classifier: Judges the pictures.
        model: The generator.
        image: (c, h, w) in [0, 1], on the models' device.
        spec: Everything but the shares.
    """
    count = len(model.level_shapes)
    return tuple(
        through_levels(classifier, model, image, replace(spec, shares=alone(index, count)))
        for index in range(count)
    )


def alone(index: int, count: int) -> tuple[float, ...]:
    """Shares of ``count`` levels that draw one anew and keep the others."""
    return tuple(float(place == index) for place in range(count))


def names_of(level_shapes: Sequence[Sequence[int]]) -> tuple[str, ...]:
    """Short names of the levels, coarse to fine, for example ``1: whole`` and ``3: 8×8``."""
    return tuple(
        f"{place}: {'whole' if side == 1 else f'{side}×{side}'}"
        for place, (*_, side) in enumerate(level_shapes, start=1)
    )
