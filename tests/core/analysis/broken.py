"""A tiny pipeline that passes every check, and ways to break it, each caught by one of them."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch
from torch import Generator, Tensor, nn
from typing_extensions import override

from core.analysis.attacked_spec import AttackedSpec
from core.analysis.lipschitz import Penalty, gradient_norms
from core.analysis.sanity import Pipeline
from core.attacks import AttackResult
from core.attacks.fgsm import Fgsm
from core.defenses import LqVaePurifier
from core.models.lq_vae import LqVae
from core.models.quantizers import BandQuantizer, Quantizer

SPEC = AttackedSpec(
    dataset="mnist", classifier="tiny", defense="lq_vae", attack="fgsm", n=40, seed=0
)
COUNT = 60


def images() -> Tensor:
    """Grey pictures (60, 1, 8, 8) with a brighter half, left or right."""
    generator = Generator().manual_seed(0)
    pictures = torch.rand((COUNT, 1, 8, 8), generator=generator) * 0.6
    pictures[: COUNT // 2, :, :, :4] += 0.3
    pictures[COUNT // 2 :, :, :, 4:] += 0.3
    return pictures[torch.randperm(COUNT, generator=generator)]


def classifier(pictures: Tensor) -> Tensor:
    """Logits (n, 2): which half is brighter."""
    left, right = pictures[..., :4].flatten(1).mean(1), pictures[..., 4:].flatten(1).mean(1)
    return 20 * torch.stack([left, right], dim=1)


def labels() -> Tensor:
    return classifier(images()).argmax(1)


def tiny_model() -> LqVae:
    return copy.deepcopy(_trained())


@cache
def _trained() -> LqVae:
    """An LQ-VAE that has learned, in a second, which half is brighter."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = LqVae(image_shape=(1, 8, 8), latent_size=6, widths=(3, 4), hidden=12)
        optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
        pictures, quantizer = images(), model.quantizer
        for _ in range(250):
            latents, _ = model.encode(pictures)
            soft = model.soft_decoder(quantizer.soft(latents))
            hard = model.hard_decoder(quantizer.bits(latents.detach()))
            # Spread latents keep the tiny code from dying.
            spread = (latents.std(0) - 0.1).square().sum() + latents.mean(0).square().sum()
            loss = (soft - pictures).square().mean() + (hard - pictures).square().mean()
            optimiser.zero_grad()
            (loss + spread).backward()
            optimiser.step()
    return model.eval().requires_grad_(False)


def pipeline() -> Pipeline:
    purifier = LqVaePurifier(tiny_model())
    norms = gradient_norms(purifier.model, images(), Penalty())
    penalty = Penalty(norm=round(float(norms.median()), 4))
    return Pipeline(classifier=classifier, purifier=purifier, penalty=penalty)


class ZeroAndOne(BandQuantizer):
    @override
    def bits(self, latents: Tensor) -> Tensor:
        return (super().bits(latents) + 1) / 2


class OpenBand(BandQuantizer):
    """Its ties are -1."""

    @override
    def bits(self, latents: Tensor) -> Tensor:
        return torch.where(latents.abs() < self.threshold, 1.0, -1.0)


class ShiftedWalls(BandQuantizer):
    """Says that its walls are where they are not."""

    @override
    def bits(self, latents: Tensor) -> Tensor:
        return BandQuantizer(threshold=self.threshold + 1e-3).bits(latents)


class OppositeSoft(BandQuantizer):
    @override
    def soft(self, latents: Tensor, temperature: float = 1.0) -> Tensor:
        return -super().soft(latents, temperature)


class SecretlyRandom(LqVaePurifier):
    """Draws noise of its own and says that it is deterministic."""

    _generator = Generator().manual_seed(0)

    @override
    def purify(self, images: Tensor, generator: Generator | None) -> Tensor:
        return super().purify(images, generator) + 0.1 * torch.rand(
            images.shape, generator=self._generator
        )


class Unclipped(LqVaePurifier):
    @override
    def __call__(self, images: Tensor, *, generator: Generator | None = None) -> Tensor:
        return 3 * super().__call__(images, generator=generator)


class Infinite(LqVaePurifier):
    @override
    def __call__(self, images: Tensor, *, generator: Generator | None = None) -> Tensor:
        return super().__call__(images, generator=generator) / 0


class Greedy(Fgsm):
    """Takes more than its budget."""

    @override
    def __call__(self, *arguments: Any, **others: Any) -> AttackResult:
        result = super().__call__(*arguments, **others)
        return replace(result, images=(result.images + 0.01).clamp(0, 1))


class Shy(Fgsm):
    """Gives up when its budget is large."""

    @override
    def __call__(self, classifier: Any, images: Tensor, *rest: Any, **others: Any) -> AttackResult:
        result = super().__call__(classifier, images, *rest, **others)
        return result if self.budget < 0.25 else replace(result, images=images)


class Idle(Fgsm):
    """Never does anything."""

    @override
    def __call__(self, classifier: Any, images: Tensor, *rest: Any, **others: Any) -> AttackResult:
        return replace(super().__call__(classifier, images, *rest, **others), images=images)


def with_quantizer(quantizer: Quantizer) -> Pipeline:
    sound = pipeline()
    assert isinstance(sound.purifier, LqVaePurifier)
    sound.purifier.model.quantizer = quantizer
    return sound


def with_purifier(purifier: type[LqVaePurifier]) -> Pipeline:
    return replace(pipeline(), purifier=purifier(tiny_model()))


def with_a_dead_bit() -> Pipeline:
    sound = pipeline()
    assert isinstance(sound.purifier, LqVaePurifier)
    bias = sound.purifier.model.mean_head.bias
    assert bias is not None
    bias[2] = 9.0
    return sound


def with_a_white_soft_decoder() -> Pipeline:
    sound = pipeline()
    assert isinstance(sound.purifier, LqVaePurifier)
    last = sound.purifier.model.soft_decoder[-2]
    assert isinstance(last, nn.ConvTranspose2d)
    assert last.bias is not None
    last.bias += 9.0
    return sound


@dataclass(frozen=True)
class Broken:
    """A way to break the pipeline.

    Attributes:
        check: The check that must fail.
        reason: Part of the sentence it fails with.
        build: Makes the pipeline.
        attack: Takes the place of FGSM.
    """

    check: str
    reason: str
    build: Callable[[], Pipeline] = pipeline
    attack: type[Fgsm] = Fgsm


BROKEN: dict[str, Broken] = {
    "bits 0 and 1": Broken("values", "neither", lambda: with_quantizer(ZeroAndOne())),
    "ties are -1": Broken("values", "must give", lambda: with_quantizer(OpenBand())),
    "walls elsewhere": Broken("walls", "−0.1, 0.1", lambda: with_quantizer(ShiftedWalls())),
    "soft bits turned over": Broken("soft", "another sign", lambda: with_quantizer(OppositeSoft())),
    "a constant bit": Broken("dead", "1 of 6 bits", with_a_dead_bit),
    "soft decoder draws white": Broken("decoders", "more", with_a_white_soft_decoder),
    "K is elsewhere": Broken(
        "gradient", "outside", lambda: replace(pipeline(), penalty=Penalty(norm=9.0))
    ),
    "secretly random": Broken("epsilon_zero", "random", lambda: with_purifier(SecretlyRandom)),
    "not clipped": Broken("range", "no pixels", lambda: with_purifier(Unclipped)),
    "not finite": Broken("range", "infinite", lambda: with_purifier(Infinite)),
    "attack with no budget moves": Broken("epsilon_zero", "no budget", attack=Greedy),
    "attack over its budget": Broken("budget", "was changed by", attack=Greedy),
    "attack gives up": Broken("monotone", "rises", attack=Shy),
    "attack does nothing": Broken("monotone", "no attack", attack=Idle),
}
