"""Purifiers of known strength."""

from collections.abc import Mapping

import torch
from torch import Generator, Tensor
from typing_extensions import override

from core.defenses.base import BasePurifier, straight_through
from core.types import Surrogate


class Threshold(BasePurifier):
    """Wipes out small changes; its gradient is zero, so only BPDA gets past it."""

    @property
    @override
    def surrogates(self) -> Mapping[str, Surrogate]:
        return {"identity": straight_through(self)}

    @override
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        return (images > 0.5).float()


class Dead(Threshold):
    """Offers an attacker nothing but its own zero gradient."""

    @property
    @override
    def surrogates(self) -> Mapping[str, Surrogate]:
        return {"itself": lambda images, generator: (images * 0) + self(images.detach())}


class Shaky(Threshold):
    """Adds noise, so two calls differ."""

    random = True

    @override
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        return images + 0.01 * torch.randn(images.shape, generator=generator)


class Fickle(Threshold):
    """Gives some other picture on a share of its draws, whatever comes in."""

    random = True

    def __init__(self, picture: Tensor, share: float) -> None:
        self.picture = picture
        self.share = share

    @override
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        other = torch.rand(len(images), generator=generator) < self.share
        return torch.where(other[:, None, None, None], self.picture, images)


class Deaf(Threshold):
    """Gives one picture whatever comes in, and surrogates that say nothing of it."""

    def __init__(self, picture: Tensor) -> None:
        self.picture = picture

    @override
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        return self.picture.expand_as(images)
