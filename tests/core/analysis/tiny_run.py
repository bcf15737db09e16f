"""A tiny pipeline for runs over many images, and a manifest that names its checkpoints."""

from dataclasses import replace
from typing import Any

import torch
from torch import Generator, Tensor

from core.analysis import AttackedSpec
from core.analysis.attacked import Attacked
from core.analysis.attacking import make_attacked
from core.checkpoints import CheckpointRow, write_row
from core.defenses import LqVaePurifier, NoisyLqVaePurifier
from core.models.lq_vae import LqVae
from core.types import Purifier

N = 40
SPEC = AttackedSpec(
    dataset="mnist",
    classifier="tiny",
    defense="lq_vae",
    attack="fgsm",
    parameters=(("epsilon", 0.2),),
    n=N,
)


def images() -> Tensor:
    """Grey pictures (40, 1, 8, 8); each half has a brightness of its own."""
    generator = Generator().manual_seed(0)
    pictures = 0.3 * torch.rand((N, 1, 8, 8), generator=generator)
    pictures[..., :4] += 0.5 * torch.rand((N, 1, 1, 1), generator=generator)
    pictures[..., 4:] += 0.5 * torch.rand((N, 1, 1, 1), generator=generator)
    return pictures


def classifier(pictures: Tensor) -> Tensor:
    """Logits (n, 2): which half is brighter."""
    left, right = pictures[..., :4].flatten(1).mean(1), pictures[..., 4:].flatten(1).mean(1)
    return 20 * torch.stack([left, right], dim=1)


def labels() -> Tensor:
    """What the classifier says, but for three images."""
    classes = classifier(images()).argmax(1)
    classes[:3] = 1 - classes[:3]
    return classes


def model(**arguments: Any) -> LqVae:  # noqa: ANN401  constructor arguments can be anything
    with torch.random.fork_rng():
        torch.manual_seed(3)
        made = LqVae(image_shape=(1, 8, 8), latent_size=6, widths=(3, 4), hidden=12, **arguments)
    return made.eval().requires_grad_(False)


def purifier(**arguments: Any) -> LqVaePurifier:  # noqa: ANN401
    return LqVaePurifier(model(**arguments))


def noisy_purifier() -> NoisyLqVaePurifier:
    return NoisyLqVaePurifier(model())


def attacked(purify: Purifier | None = None, **changes: Any) -> Attacked:  # noqa: ANN401
    return make_attacked(
        replace(SPEC, **changes), classifier, purify or purifier(), images(), labels()
    )


def name_checkpoints(mark: str = "1") -> None:
    """Put the tiny models into the manifest, under hashes with a mark of one digit."""
    for name in ("tiny", "lq_vae"):
        row = CheckpointRow(
            dataset="mnist", name=name, model="none", file=name, size=1, sha256=f"{name}{mark}"
        )
        write_row(row)
