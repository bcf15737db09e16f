"""A ladder of latents from coarse to fine (Sønderby et al., 2016, arXiv 1602.02282).

An encoder reads the image upwards, from 16x16 to a single place. A decoder goes down again and
takes a group of latents in at every level; what it has taken in so far gives the prior of the next
group. The posterior is told as a change of that prior (Vahdat & Kautz, 2020, arXiv 2007.03898), at
a small fraction of their size.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional
from typing_extensions import override

from core.models.layers import LEAK, FullRange, Residual, SoftThreshold, initialise

CANVAS = 32
"""Side of the canvas in whose middle an image lies."""

SIDES = (16, 8, 4, 1)
"""Sides a level can have, as the encoder comes to them."""

WIDEST = 4.0
"""Largest size of a log deviation, or of its change: beyond it training runs away."""


class Head(nn.Conv2d):
    """From features (n, width, h, w) to so many values of a place, by a rectified 3x3 or 1x1."""

    def __init__(self, width: int, values: int, size: int) -> None:
        super().__init__(width, values, size, padding=size // 2)

    @override
    def forward(self, features: Tensor) -> Tensor:
        return super().forward(functional.leaky_relu(features, LEAK))


class Level(nn.Module):
    """One group of latents: its prior, its posterior, and how the decoder takes it in.

    Args:
        width: Channels of the decoder's state and of the encoder's features.
        side: Side of both, in places.
        latents: Latents of a place.
    """

    def __init__(self, *, width: int, side: int, latents: int) -> None:
        super().__init__()
        size = 1 if side == 1 else 3
        self.shape = (latents, side, side)
        self.prior = Head(width, 2 * latents, size)
        self.joined = nn.Conv2d(2 * width, width, 1)
        self.posterior = Head(width, 2 * latents, size)
        self.taken_in = nn.Conv2d(latents, width, size, padding=size // 2)
        self.cell: nn.Module = nn.Identity() if side == 1 else Residual(width)


class HierarchicalVae(nn.Module):
    """Encoder, levels from coarse to fine, decoder.

    A code of a level is a tensor (n, *level_shapes[i]); the state is what the decoder knows after
    the levels above. Walk them in order: ``start``, then for every level ``prior`` and
    ``posterior`` and ``take_in`` of a code, then ``decode``.

    Args:
        image_shape: (c, h, w), at most 32x32.
        sides: Side of every level, coarse to fine, each of 1, 4, 8 and 16.
        latents: Latents of a place, level by level.
        widths: Channels at the sides 16, 8, 4 and 1.
        threshold_sharpness: See ``LqVae``.

    Attributes:
        level_shapes: (latents, side, side) of every level.

    Raises:
        ValueError: The image is too large, or the levels are not as said.
    """

    def __init__(
        self,
        *,
        image_shape: Sequence[int] = (1, 28, 28),
        sides: Sequence[int] = (1, 4, 4, 8, 16),
        latents: Sequence[int] = (32, 8, 8, 4, 2),
        widths: Sequence[int] = (32, 64, 80, 96),
        threshold_sharpness: float | None = None,
    ) -> None:
        super().__init__()
        channels, height, width = image_shape
        if max(height, width) > CANVAS:
            raise ValueError(f"an image is at most {CANVAS}x{CANVAS}, got {height}x{width}")
        if list(sides) != sorted(sides) or set(sides) != set(SIDES) or len(sides) != len(latents):
            raise ValueError(
                f"levels go from coarse to fine over the sides {sorted(SIDES)}, each with its "
                f"number of latents; got the sides {list(sides)} and {list(latents)} latents"
            )
        self.image_shape = (channels, height, width)
        self.sides = tuple(sides)
        at = dict(zip(SIDES, widths, strict=True))
        self.look = (
            FullRange() if threshold_sharpness is None else SoftThreshold(threshold_sharpness)
        )
        self.upwards = nn.ModuleDict({"16": _reading(channels, at[16], 4)})
        for before, after in pairwise(SIDES):
            self.upwards[str(after)] = _reading(at[before], at[after], 4, narrow=after == 1)
        self.levels = nn.ModuleList(
            Level(width=at[side], side=side, latents=count)
            for side, count in zip(sides, latents, strict=True)
        )
        self.level_shapes = tuple((count, s, s) for s, count in zip(sides, latents, strict=True))
        self.growing = nn.ModuleDict(
            {
                str(after): nn.ConvTranspose2d(
                    at[before],
                    at[after],
                    4,
                    stride=1 if before == 1 else 2,
                    padding=int(before > 1),
                )
                for before, after in pairwise(reversed(SIDES))
            }
        )
        self.picture = nn.Sequential(
            nn.LeakyReLU(LEAK),
            nn.ConvTranspose2d(at[16], at[16] // 2, 4, stride=2, padding=1),
            nn.LeakyReLU(LEAK),
            nn.Conv2d(at[16] // 2, channels, 3, padding=1),
        )
        self.beginning = nn.Parameter(torch.zeros(1, at[1], 1, 1))
        self.apply(initialise)
        for level in self._levels():
            # Every posterior starts as its prior, every prior as the standard normal.
            for head in (level.prior, level.posterior):
                nn.init.zeros_(head.weight)

    def encode(self, images: Tensor) -> list[Tensor]:
        """What the encoder sees of images (n, c, h, w) in [0, 1] at every level, coarse to fine.

        Returns:
            Features (n, width, side, side) for each level.
        """
        margins = self._margins()
        features, found = functional.pad(self.look(images), margins, value=-1.0), {}
        for side in SIDES:
            features = self.upwards[str(side)](features)
            found[side] = features
        return [found[side] for side in self.sides]

    def start(self, n: int) -> Tensor:
        """The state of ``n`` images before their first level."""
        return self.beginning.expand(n, -1, -1, -1)

    def prior(self, index: int, state: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log deviation of a level's codes, given the levels above."""
        mean, log_deviation = self._level(index).prior(state).float().chunk(2, 1)
        return mean, _bounded(log_deviation)

    def change(
        self, index: int, state: Tensor, features: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """The posterior, as a change of the prior.

        Returns:
            By how many of the prior's deviations its mean lies off, and by what the log deviation
            differs.
        """
        level = self._level(index)
        joined = level.joined(torch.cat((state, features[index]), 1))
        mean, log_deviation = level.posterior(joined).float().chunk(2, 1)
        return mean, _bounded(log_deviation)

    def take_in(self, index: int, state: Tensor, code: Tensor) -> Tensor:
        """The state after a level, as large as the next one needs it."""
        level = self._level(index)
        grown: Tensor = level.cell(state + level.taken_in(code))
        if index + 1 < len(self.sides) and self.sides[index + 1] != self.sides[index]:
            grown = self.growing[str(self.sides[index + 1])](grown)
        return grown

    def logits(self, state: Tensor) -> Tensor:
        """Pixels (n, c, h, w) before the logistic function, from the state after all levels."""
        _, height, width = self.image_shape
        left, _, top, _ = self._margins()
        whole: Tensor = self.picture(state).float()
        return whole[..., top : top + height, left : left + width]

    def keep(self, index: int, state: Tensor, features: Sequence[Tensor]) -> Tensor:
        """The code that the posterior expects: its mean."""
        mean, log_deviation = self.prior(index, state)
        return mean + log_deviation.exp() * self.change(index, state, features)[0]

    def resample(self, index: int, state: Tensor, noise: Tensor, temperature: float) -> Tensor:
        """A code drawn from the prior, its deviation times ``temperature``, by normal noise."""
        mean, log_deviation = self.prior(index, state)
        return mean + temperature * log_deviation.exp() * noise

    def decode(self, state: Tensor) -> Tensor:
        """Images (n, c, h, w) in [0, 1] from the state after all levels."""
        return self.logits(state).sigmoid()

    def through(
        self, images: Tensor, generator: Generator, told: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Images encoded, drawn from the posterior of every level, and decoded.

        Args:
            images: (n, c, h, w) in [0, 1].
            generator: Draws the codes.
            told: How many levels, from the coarsest, are drawn from the posterior, by image (n,);
                those below are drawn from their priors. None takes all from the posterior.

        Returns:
            Logits (n, c, h, w), and the divergence of posterior from prior in nats (n, levels).
        """
        n = len(images)
        features, state, nats = self.encode(images), self.start(n), []
        for index, shape in enumerate(self.level_shapes):
            mean, log_deviation = self.prior(index, state)
            moved, widened = self.change(index, state, features)
            draw = torch.randn((n, *shape), generator=generator, device=images.device)
            spent = 0.5 * (moved.square() + (2 * widened).exp() - 1) - widened
            seen = moved + widened.exp() * draw
            if told is not None:
                kept = (index < told).view(n, 1, 1, 1)
                seen, spent = torch.where(kept, seen, draw), torch.where(kept, spent, 0.0)
            state = self.take_in(index, state, mean + log_deviation.exp() * seen)
            nats.append(spent.flatten(1).sum(1))
        return self.logits(state), torch.stack(nats, 1)

    def _margins(self) -> tuple[int, int, int, int]:
        """Pixels of the canvas left, right, above and below of the image."""
        _, height, width = self.image_shape
        left, top = (CANVAS - width) // 2, (CANVAS - height) // 2
        return left, CANVAS - width - left, top, CANVAS - height - top

    def _level(self, index: int) -> Level:
        return self._levels()[index]

    def _levels(self) -> list[Level]:
        return [level for level in self.levels if isinstance(level, Level)]


def _reading(before: int, after: int, size: int, *, narrow: bool = False) -> nn.Sequential:
    """From one side of the encoder to the next: half as large, or to a single place."""
    if narrow:
        return nn.Sequential(nn.LeakyReLU(LEAK), nn.Conv2d(before, after, size))
    return nn.Sequential(nn.Conv2d(before, after, size, stride=2, padding=1), Residual(after))


def _bounded(log_deviation: Tensor) -> Tensor:
    return WIDEST * torch.tanh(log_deviation / WIDEST)
