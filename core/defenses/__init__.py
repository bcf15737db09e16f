"""``DEFENSES``: every purifier, with what it needs and how it is built."""

from collections.abc import Mapping
from functools import partial

from core.checkpoints import CheckpointError, load_model
from core.defenses.base import BasePurifier, CodedPurifier, Defense, Setting
from core.defenses.bit_depth import BitDepth
from core.defenses.defense_gan import DefenseGanPurifier
from core.defenses.jpeg import Jpeg
from core.defenses.lq_vae import LqVaePurifier, NoisyLqVaePurifier
from core.defenses.median import Median
from core.defenses.mlvgm import MlvgmPurifier
from core.defenses.mlvgm_row import MLVGM
from core.defenses.total_variation import TotalVariation
from core.defenses.vae import PatchVaePurifier, VaePurifier
from core.models.gan import Gan
from core.models.lq_vae import LqVae
from core.models.vae import Vae
from core.types import Purifier


def _lq_vae(dataset: str, *, checkpoint: str, purifier: type[LqVaePurifier]) -> Purifier:
    model = load_model(dataset, checkpoint)
    if not isinstance(model, LqVae):
        raise CheckpointError(f"checkpoint {checkpoint!r} of {dataset} is no LQ-VAE")
    return purifier(model)


def _vae(
    dataset: str,
    *,
    checkpoint: str,
    purifier: type[VaePurifier | PatchVaePurifier],
    **settings: int,
) -> Purifier:
    model = load_model(dataset, checkpoint)
    if not isinstance(model, Vae):
        raise CheckpointError(f"checkpoint {checkpoint!r} of {dataset} is no VAE")
    return purifier(model, **settings)


def _defense_gan(dataset: str, **settings: int) -> Purifier:
    model = load_model(dataset, "defense_gan")
    if not isinstance(model, Gan):
        raise CheckpointError(f"checkpoint 'defense_gan' of {dataset} is no GAN")
    return DefenseGanPurifier(model, **settings)


def _patch_vae(checkpoint: str, title: str, summary: str) -> Defense:
    """A VAE of patches of one size, trained with one weight of the divergence."""
    return Defense(
        title=title,
        summary=summary,
        build=partial(_vae, checkpoint=checkpoint, purifier=PatchVaePurifier),
        checkpoint=checkpoint,
        random=True,
        paper="arXiv 1812.02891",
        settings={
            "overlap": Setting(
                default=50,
                low=0,
                high=75,
                step=25,
                help="Percent of a patch's side that neighbours share; nothing changes where one "
                "patch covers the image.",
            )
        },
    )


def _small(checkpoint: str, title: str, summary: str) -> Defense:
    """One of the small LQ-VAEs that are compared with one another."""
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
    **{
        f"lq_vae_{bits}": _small(
            f"lq_vae_{bits}", f"LQ-VAE, {bits} bits", f"A small LQ-VAE with a code of {bits} bits."
        )
        for bits in (16, 32, 64, 128)
    },
    "lq_vae_levels4": _small(
        "lq_vae_levels4",
        "LQ-VAE, four levels",
        "A small LQ-VAE with 32 latents of four levels each, Gray-coded: 64 bits again.",
    ),
    "lq_vae_no_penalty": _small(
        "lq_vae_no_penalty",
        "LQ-VAE without penalty",
        "The small LQ-VAE of 64 bits trained without the gradient penalty: its quantizer alone.",
    ),
    "vae_penalty": Defense(
        title="VAE with penalty",
        summary="The small LQ-VAE of 64 bits without its quantizer: the gradient penalty alone.",
        build=partial(_vae, checkpoint="vae_penalty", purifier=VaePurifier),
        checkpoint="vae_penalty",
    ),
    "vae": Defense(
        title="VAE",
        summary="A plain VAE as large as LQ-VAE: neither quantizer nor gradient penalty.",
        build=partial(_vae, checkpoint="vae", purifier=VaePurifier),
        checkpoint="vae",
        paper="arXiv 1312.6114",
    ),
    "patch_vae": _patch_vae(
        "patch_vae",
        "Patch VAE",
        "Luo & Pfister's VAE, sampled: the image is one patch, larger pictures are several.",
    ),
    "patch_vae_16": _patch_vae(
        "patch_vae_16", "Patch VAE, 16 pixels", "The same on patches of 16x16, averaged."
    ),
    "patch_vae_8": _patch_vae(
        "patch_vae_8", "Patch VAE, 8 pixels", "The same on patches of 8x8, averaged."
    ),
    "patch_vae_beta1": _patch_vae(
        "patch_vae_beta1",
        "Patch VAE, beta 1",
        "Patch VAE with a hundred times the weight on its divergence: coarser pictures.",
    ),
    "defense_gan": Defense(
        title="Defense-GAN",
        summary="Searches a generator's latents for the nearest image it can make.",
        build=_defense_gan,
        checkpoint="defense_gan",
        random=True,
        paper="arXiv 1805.06605",
        settings={
            "search_steps": Setting(
                default=100,
                low=25,
                high=1000,
                step=25,
                help="Steps L of the search; the paper takes 200.",
            ),
            "search_starts": Setting(
                default=2,
                low=1,
                high=20,
                help="Starts R of it, of which the best end counts; the paper takes 10.",
            ),
        },
    ),
    "mlvgm": MLVGM,
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
    "total_variation": Defense(
        title="Total variation",
        summary="Smooths the image where that costs few pixels' worth: no training.",
        build=lambda _dataset, **settings: TotalVariation(**settings),
        paper="arXiv 1711.00117",
        settings={
            "weight": Setting(default=10, low=1, high=100, help="Of smoothness, in hundredths.")
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
        ValueError: No such defense or setting; the message lists the choices.
        CheckpointError: Its weights are missing or damaged; the message says how to mend them.
    """
    if name not in DEFENSES:
        raise ValueError(f"unknown defense {name!r}; choose from {', '.join(DEFENSES)}")
    known = DEFENSES[name].settings
    for setting in settings.keys() - known.keys():
        raise ValueError(
            f"{name} has no setting {setting!r}; choose from {sorted(known) or 'none'}"
        )
    defaults = {setting: row.default for setting, row in known.items()}
    return DEFENSES[name].build(dataset, **{**defaults, **settings})


__all__ = [
    "DEFENSES",
    "BasePurifier",
    "BitDepth",
    "CodedPurifier",
    "Defense",
    "DefenseGanPurifier",
    "Jpeg",
    "LqVaePurifier",
    "Median",
    "MlvgmPurifier",
    "NoisyLqVaePurifier",
    "PatchVaePurifier",
    "Setting",
    "TotalVariation",
    "VaePurifier",
    "load_defense",
]
