"""From a recipe to a shipped checkpoint: train, store, measure what was stored, write the row."""

import platform
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from core.checkpoints import CHECKPOINTS_VARIABLE, CheckpointRow, checkpoint_rows, save_checkpoint
from core.data import dataset_state, load_dataset
from core.defenses import DEFENSES
from core.devices import has_fast_bfloat16, pick_device
from core.measuring import measure_row
from core.training import RECIPES, Recipe, Training
from core.types import LabError, OnStep

_SMALL = (
    "The authors' loss, quantizer and optimiser at a sixth of the weights of lq_vae and a third of "
    "its steps, to see what a bit is worth."
)

WATCHED = 1_000
"""Images on which every epoch of a training is watched."""

_PATCHES = (
    "The VAE of Luo & Pfister with their weight of the divergence, at compact width: strided "
    "convolutions instead of theirs with pooling."
)

_MIXTURE = (
    "The Gaussian-mixture VAE of Ghosh, Losalka & Black at compact width: strided convolutions "
    "instead of theirs with pooling, images moved by a pixel or two."
)

NOTES = {
    "a": "Classifier A of the Defense-GAN and LQ-VAE papers.",
    "b": "Classifier B of the Defense-GAN and LQ-VAE papers.",
    "c": "Classifier C of the Defense-GAN and LQ-VAE papers.",
    "lq_vae": "The authors' loss, quantizer and optimiser at compact width: strided 4x4 "
    "convolutions instead of 3x3 ones at 64 to 128 channels.",
    **{f"lq_vae_{bits}": _SMALL for bits in (16, 32, 64, 128)},
    "lq_vae_levels4": "The recipe of lq_vae_64 with 32 latents of four levels instead of 64 of one "
    "band: as many bits, Gray-coded.",
    "lq_vae_no_penalty": "The recipe of lq_vae_64 without its gradient penalty.",
    "vae_penalty": "The recipe of lq_vae_64 without its quantizer: one decoder, unscaled noise.",
    "defense_gan": "The GAN of Defense-GAN at half its channels, in 8,000 steps, not 200,000.",
    **{
        f"{name}_fgsm": f"Classifier {name.upper()}, half of whose loss is on FGSM images of its "
        "own: the papers' Adv Tr."
        for name in "abc"
    },
    **{
        f"{name}_pgd": f"Classifier {name.upper()}, trained on PGD images of its own alone, as "
        "Madry et al. do, in fewer and fewer-step rounds."
        for name in "abc"
    },
    "mlvgm": "A ladder VAE of a million weights in the place of the paper's large generators, "
    "which cannot be had here; trained on clean images alone, without a classifier.",
    "gm_vae": f"{_MIXTURE} Trained on all labels; on MNIST its encoder sees noise, as the paper's "
    "does not.",
    "gm_vae_semi": f"{_MIXTURE} Trained on 100 labels a class; beyond the paper, an image without "
    "a label that is clearly nearest to one mean is pulled there when it is turned, stretched and "
    "moved.",
    "gm_vae_variable": f"{_MIXTURE} Its encoder gives a variance for every image and latent, for "
    "comparison.",
    "vae": "The recipe of lq_vae without its quantizer and without its gradient penalty.",
    "patch_vae": _PATCHES,
    "patch_vae_16": _PATCHES,
    "patch_vae_8": _PATCHES,
    "patch_vae_beta1": "As patch_vae, with a hundred times the weight on the divergence.",
    "resnet": "A wide residual network, 16 layers deep and three times as wide.",
    "lq_vae_plus": "Our own recipe, trained like the authors' without classifier and without "
    "attacks: a sign quantizer, more bits, random noise on the input, random flips in the code.",
}


def recipe_for(dataset: str, name: str) -> Recipe:
    """The recipe of a shipped name.

    Raises:
        LabError: The name needs no training, shares another's weights, or is unknown.
    """
    if (dataset, name) in RECIPES:
        return RECIPES[dataset, name]
    known = ", ".join(sorted(n for d, n in RECIPES if d == dataset)) or "none"
    defense = DEFENSES.get(name)
    if defense is not None and defense.checkpoint is None:
        raise LabError(f"{name} needs no training; trainable for {dataset}: {known}")
    if defense is not None and (dataset, str(defense.checkpoint)) in RECIPES:
        return RECIPES[dataset, str(defense.checkpoint)]
    raise LabError(f"there is no recipe {name!r} for {dataset}; trainable: {known}")


def train_and_ship(
    dataset: str,
    name: str,
    *,
    runs: Path,
    steps: int | None = None,
    restart: bool = False,
    on_step: OnStep | None = None,
) -> CheckpointRow:
    """Train a shipped name to the end and write its weights and manifest row.

    Args:
        dataset: A row of ``DATASETS``.
        name: A shipped name; one that shares another's weights trains those.
        runs: Folder for the state that lets a killed training go on.
        steps: Shorter or longer than the recipe says; such a run has a state of its own.
        restart: Throw an earlier state away.
        on_step: Progress.

    Returns:
        The manifest row.

    Raises:
        LabError: Data is missing, the run is dead, or a trial would replace a longer training.
    """
    recipe = recipe_for(dataset, name)
    if (dataset, name) not in RECIPES:
        name = str(DEFENSES[name].checkpoint)
    ending = "" if steps is None else f"-{steps}"
    if steps is not None:
        _spare_longer_training(dataset, name, steps)
        recipe = replace(recipe, steps=steps)
    state_file = runs / f"{dataset}-{name}{ending}.pt"
    if restart:
        state_file.unlink(missing_ok=True)
    images, labels = load_dataset(dataset, "train")
    training = Training(
        recipe,
        images,
        labels,
        device=pick_device(),
        state_file=state_file,
        held_out=_held_out(dataset),
    )
    model = training.run(on_step)
    row = save_checkpoint(
        model,
        {
            "dataset": dataset,
            "name": name,
            "model": recipe.model,
            "arguments": recipe.arguments,
            "training": {
                "recipe": recipe.as_dict(),
                "images": len(images),
                "seconds": round(training.seconds),
                "device": pick_device().type,
                "mixed_precision": recipe.precision == "bfloat16"
                and has_fast_bfloat16(pick_device()),
                "torch": torch.__version__,
                "python": platform.python_version(),
                **({"history": training.history} if training.history else {}),
            },
            "note": NOTES.get(name, ""),
        },
    )
    return measure_row(row)


def _held_out(dataset: str) -> tuple[Tensor, Tensor] | None:
    """Images that no training sees, to watch every epoch on; None where there are none."""
    there = dataset_state(dataset).readable.get("validation", 0)
    return load_dataset(dataset, "validation", count=min(there, WATCHED)) if there else None


def _spare_longer_training(dataset: str, name: str, steps: int) -> None:
    """Refuse a trial that would end in the place of a checkpoint trained for longer."""
    for row in checkpoint_rows():
        trained = row.training.get("recipe", {}).get("steps", 0)
        if (row.dataset, row.name) == (dataset, name) and trained > steps:
            raise LabError(
                f"a run of {steps:,} steps would replace the stored {name} of {dataset}, trained "
                f"for {trained:,}; set {CHECKPOINTS_VARIABLE} to another folder to try it"
            )
