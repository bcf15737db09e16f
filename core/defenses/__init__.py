"""``DEFENSES``: every purifier, with what it needs and how it is built."""

from collections.abc import Mapping
from functools import partial

from core.checkpoints import CheckpointError, load_model
from core.defenses.base import BasePurifier, CodedPurifier, Defense, Setting
from core.defenses.bit_depth import BitDepth
from core.defenses.jpeg import Jpeg
from core.defenses.lq_vae import LqVaePurifier, NoisyLqVaePurifier
from core.defenses.median import Median
from core.models.lq_vae import LqVae
from core.types import Purifier


def _lq_vae(dataset: str, *, checkpoint: str, purifier: type[LqVaePurifier]) -> Purifier:
    model = load_model(dataset, checkpoint)
    if not isinstance(model, LqVae):
        raise CheckpointError(f"checkpoint {checkpoint!r} of {dataset} is no LQ-VAE")
    return purifier(model)


def _coarseness(checkpoint: str, title: str, summary: str) -> Defense:
    """An LQ-VAE that differs from ``lq_vae`` in its code alone."""
    return Defense(
        title=title,
        summary=summary,
        build=partial(_lq_vae, checkpoint=checkpoint, purifier=LqVaePurifier),
        checkpoint=checkpoint,
        paper="arXiv 1903.09940",
    )


DEFENSES: Mapping[str, Defense] = {
    "lq_vae": Defense(
        title="LQ-VAE",
        summary="Encodes the image into bits and decodes them: the authors' loss, without noise.",
        build=partial(_lq_vae, checkpoint="lq_vae", purifier=LqVaePurifier),
        checkpoint="lq_vae",
        paper="arXiv 1903.09940",
    ),
    "lq_vae_noisy": Defense(
        title="LQ-VAE, noisy path",
        summary="The same weights with the authors' latent noise left on, so each call differs.",
        build=partial(_lq_vae, checkpoint="lq_vae", purifier=NoisyLqVaePurifier),
        checkpoint="lq_vae",
        random=True,
        paper="arXiv 1903.09940",
    ),
    "lq_vae_plus": Defense(
        title="LQ-VAE plus",
        summary="Our best recipe: more bits, trained to undo random noise, still without attacks.",
        build=partial(_lq_vae, checkpoint="lq_vae_plus", purifier=LqVaePurifier),
        checkpoint="lq_vae_plus",
    ),
    "lq_vae_16": _coarseness(
        "lq_vae_16", "LQ-VAE, 16 bits", "LQ-VAE with a quarter of its bits: coarser pictures."
    ),
    "lq_vae_32": _coarseness(
        "lq_vae_32", "LQ-VAE, 32 bits", "LQ-VAE with half of its bits: coarser pictures."
    ),
    "lq_vae_128": _coarseness(
        "lq_vae_128", "LQ-VAE, 128 bits", "LQ-VAE with twice its bits: finer pictures."
    ),
    "lq_vae_levels4": _coarseness(
        "lq_vae_levels4",
        "LQ-VAE, four levels",
        "LQ-VAE with 32 latents of four levels each, Gray-coded, instead of 64 of one band.",
    ),
    "bit_depth": Defense(
        title="Bit depth",
        summary="Rounds every pixel to black or white, or to a few greys: no training, the "
        "baseline to beat.",
        build=lambda _dataset, **settings: BitDepth(**settings),
        paper="arXiv 1704.01155",
        settings={"bits": Setting(default=1, low=1, high=8, help="Bits that a pixel keeps.")},
    ),
    "median": Defense(
        title="Median",
        summary="Replaces every pixel by the median of its neighbourhood: no training.",
        build=lambda _dataset, **settings: Median(**settings),
        paper="arXiv 1704.01155",
        settings={
            "size": Setting(default=3, low=1, high=9, step=2, help="Side of the window, in pixels.")
        },
    ),
    "jpeg": Defense(
        title="JPEG",
        summary="Saves the image as a JPEG file and reads it again: no training.",
        build=lambda _dataset, **settings: Jpeg(**settings),
        paper="arXiv 1705.02900",
        settings={
            "quality": Setting(
                default=75, low=1, high=95, help="Of the JPEG file: 1 is coarse, 95 is fine."
            )
        },
    ),
}


def load_defense(dataset: str, name: str, **settings: int) -> Purifier:
    """A ready purifier for a data set.

    Args:
        dataset: A row of ``DATASETS``.
        name: A row of ``DEFENSES``.
        settings: What its row can be built with; defaults where left out.

    Raises:
        ValueError: No such defence or setting; the message lists the choices.
        CheckpointError: Its weights are missing or damaged; the message says how to mend them.
    """
    if name not in DEFENSES:
        raise ValueError(f"unknown defence {name!r}; choose from {', '.join(DEFENSES)}")
    known = DEFENSES[name].settings
    for setting in settings.keys() - known.keys():
        raise ValueError(
            f"{name} has no setting {setting!r}; choose from {sorted(known) or 'none'}"
        )
    return DEFENSES[name].build(dataset, **settings)


__all__ = [
    "DEFENSES",
    "BasePurifier",
    "BitDepth",
    "CodedPurifier",
    "Defense",
    "Jpeg",
    "LqVaePurifier",
    "Median",
    "NoisyLqVaePurifier",
    "Setting",
    "load_defense",
]
