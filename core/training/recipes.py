"""``RECIPES``: how every shipped checkpoint is trained; a row is all that ``train`` needs."""

from collections.abc import Mapping
from typing import Any

from core.training.gm_recipes import GM_RECIPES
from core.training.ladders import LADDERS
from core.training.recipe import Recipe

_CLASSIFIER: dict[str, Any] = {
    "objective": "classifier",
    "learning_rate": 1e-3,
    "averaging": 0.999,
}

_LQ_VAE: dict[str, Any] = {
    "model": "lq_vae",
    "objective": "lq_vae",
    "objective_arguments": {"passes": "sequential"},
    "learning_rate": 3e-4,
    "schedule": "staircase",
}

_LQ_VAE_PLUS: dict[str, Any] = {
    "model": "lq_vae",
    "objective": "lq_vae",
    "learning_rate": 3e-4,
    "averaging": 0.999,
}


def _noisy_inputs(
    amplitude: float,
    *,
    code_flips: float,
    kl_weight: float,
    penalty_norm: float = 1.0,
    penalty_weight: float = 0.03,
) -> dict[str, Any]:
    """Our own objective: the encoder sees images with noise of random sign up to this amplitude."""
    return {
        "passes": "joint",
        "loss": {
            "input_noise": amplitude,
            "code_flips": code_flips,
            "kl_weight": kl_weight,
            "random_projection": True,
            "penalty_norm": penalty_norm,
            "penalty_weight": penalty_weight,
        },
    }


_VAE: dict[str, Any] = {
    "model": "vae",
    "objective": "vae",
    "learning_rate": 3e-4,
    "schedule": "staircase",
}
"""As ``_LQ_VAE`` but for the quantizer and the penalty."""


def _small(
    objective_arguments: Mapping[str, Any] | None = None,
    base: Mapping[str, Any] = _LQ_VAE,
    **arguments: Any,  # noqa: ANN401  of the model, as they are
) -> Recipe:
    """A network with a sixth of the weights of `lq_vae`, trained for a third of its steps."""
    small = {"latent_size": 64, "widths": [16, 32], "hidden": 128, **arguments}
    told = {} if objective_arguments is None else {"objective_arguments": objective_arguments}
    return Recipe(arguments=small, steps=6_000, **{**base, **told})


def _patch_vae(
    image_shape: tuple[int, int, int],
    arguments: Mapping[str, Any],
    *,
    beta: float = 0.01,
) -> Recipe:
    """Luo & Pfister's VAE on patches of one size, or on whole images where they are that large."""
    return Recipe(
        model="vae",
        arguments={"image_shape": list(image_shape), **arguments},
        objective="vae",
        objective_arguments={"beta": beta},
        # Colour pictures are half as many here: about as many passes over them.
        steps=20_000 if image_shape[0] == 1 else 12_000,
        learning_rate=1e-3,
        averaging=0.999,
    )


def _patch_vaes(dataset: str, channels: int) -> dict[tuple[str, str], Recipe]:
    """Patches of 16 and of 8 pixels, with half as many latents as pixels."""
    return {
        (dataset, f"patch_vae_{side}"): _patch_vae(
            (channels, side, side),
            {"latent_size": channels * side**2 // 2, "hidden": hidden},
        )
        for side, hidden in ((16, 256), (8, 192))
    }


_WHOLE_GREY = {"latent_size": 256, "widths": [16, 32], "hidden": 256}
"""The authors' 256 latents for 28x28 pixels."""

_GRID: dict[str, Any] = {"image_shape": [3, 32, 32], "widths": [64, 128], "hidden": None}
"""Colour pictures at compact size: latents on a grid of 8x8."""

_CLASSIFIER_STEPS = {"a": 8_600, "b": 12_900, "c": 6_000}

_FASHION_STEPS = {"a": 40_000, "b": 40_000, "c": 40_000}

_FACES: dict[str, Any] = {"image_shape": [3, 64, 64]}
"""CelebA's pictures; nothing trained on them is shipped."""


def _robust(dataset: str, epsilon: float, *, mirrored: bool) -> dict[tuple[str, str], Recipe]:
    """Adversarially trained A, B and C: ten epochs on one step, fifteen on PGD."""
    shared: dict[str, Any] = {
        "objective": "adversarial",
        "batch_size": 128,
        "learning_rate": 1e-3,
        "averaging": 0.999,
    }
    seen = {"epsilon": epsilon, "mirrored": mirrored}
    found = {}
    for name in ("a", "b", "c"):
        found[dataset, f"{name}_fgsm"] = Recipe(
            model=name, objective_arguments={"attack": "fgsm", **seen}, steps=4_300, **shared
        )
        found[dataset, f"{name}_pgd"] = Recipe(
            model=name,
            objective_arguments={"attack": "pgd", "warm_up": 2_000, **seen},
            steps=6_450,
            **shared,
        )
    return found


RECIPES: Mapping[tuple[str, str], Recipe] = {
    **{
        ("mnist", name): Recipe(model=name, steps=steps, **_CLASSIFIER)
        for name, steps in _CLASSIFIER_STEPS.items()
    },
    # After 1,000 steps this rate was at 88.1 % on 2,000 validation images, half of it at 87.8.
    **{
        ("fashion_mnist", name): Recipe(
            model=name,
            # Without mirrored images A learned 96.9 % of what it had seen, and 90.6 of the test.
            objective_arguments={"mirrored": True},
            steps=steps,
            **{**_CLASSIFIER, "learning_rate": 2e-3},
        )
        for name, steps in _FASHION_STEPS.items()
    },
    **GM_RECIPES,
    **_robust("mnist", 0.3, mirrored=False),
    **_robust("fashion_mnist", 0.1, mirrored=True),
    **{
        (dataset, "defense_gan"): Recipe(
            model="gan",
            objective="wgan",
            steps=8_000,
            # Five updates of the critic on 64 images each.
            batch_size=320,
            learning_rate=2e-4,
            averaging=0.999,
            precision="float32",
        )
        for dataset in ("mnist", "fashion_mnist")
    },
    **LADDERS,
    **{
        ("celeba", name): Recipe(
            model=name, arguments={**_FACES, "classes": 2}, steps=20_000, **_CLASSIFIER
        )
        for name in _CLASSIFIER_STEPS
    },
    ("celeba", "lq_vae"): Recipe(arguments={**_FACES, "latent_size": 256}, steps=20_000, **_LQ_VAE),
    ("mnist", "lq_vae"): Recipe(arguments={"latent_size": 64}, steps=20_000, **_LQ_VAE),
    # Compared with one another only, so all at a sixth of the weights of `lq_vae`.
    **{("mnist", f"lq_vae_{bits}"): _small(latent_size=bits) for bits in (16, 32, 64, 128)},
    ("mnist", "lq_vae_levels4"): _small(
        latent_size=32, quantizer="uniform", quantizer_arguments={"bits_each": 2}
    ),
    # What is left of lq_vae_64 without its penalty, and without its quantizer.
    ("mnist", "lq_vae_no_penalty"): _small({"loss": {"penalty_weight": 0.0}}),
    ("mnist", "vae_penalty"): _small({"loss": {"penalty_weight": 10.0}}, _VAE),
    **{
        (dataset, "vae"): Recipe(arguments={"latent_size": 64}, steps=20_000, **_VAE)
        for dataset in ("mnist", "fashion_mnist")
    },
    ("mnist", "patch_vae"): _patch_vae((1, 28, 28), _WHOLE_GREY),
    ("mnist", "patch_vae_beta1"): _patch_vae((1, 28, 28), _WHOLE_GREY, beta=1.0),
    ("fashion_mnist", "patch_vae"): _patch_vae((1, 28, 28), _WHOLE_GREY),
    ("cifar10", "patch_vae"): _patch_vae(
        (3, 32, 32), {"latent_size": 1024, "blocks": 1, "widths": [64, 128], "hidden": None}
    ),
    **_patch_vaes("mnist", 1),
    **_patch_vaes("fashion_mnist", 1),
    **_patch_vaes("cifar10", 3),
    ("cifar10", "resnet"): Recipe(
        model="resnet",
        objective="classifier",
        objective_arguments={"mirrored": True, "shifted": 4, "weight_decay": 0.05},
        steps=9_600,
        batch_size=128,
        learning_rate=2e-3,
        averaging=0.999,
    ),
    ("cifar10", "vae"): Recipe(arguments={**_GRID, "latent_size": 512}, steps=12_000, **_VAE),
    ("cifar10", "lq_vae"): Recipe(arguments={**_GRID, "latent_size": 512}, steps=12_000, **_LQ_VAE),
    ("cifar10", "lq_vae_plus"): Recipe(
        arguments={**_GRID, "latent_size": 2048, "quantizer": "sign", "blocks": 1},
        objective_arguments=_noisy_inputs(
            0.08, code_flips=0.02, kl_weight=0.01, penalty_norm=4.0, penalty_weight=0.001
        ),
        steps=12_000,
        **_LQ_VAE_PLUS,
    ),
    ("fashion_mnist", "lq_vae"): Recipe(arguments={"latent_size": 64}, steps=20_000, **_LQ_VAE),
    ("mnist", "lq_vae_plus"): Recipe(
        arguments={"latent_size": 256, "quantizer": "sign", "threshold_sharpness": 5.0},
        objective_arguments=_noisy_inputs(0.4, code_flips=0.15, kl_weight=0.1),
        steps=40_000,
        **_LQ_VAE_PLUS,
    ),
    # Greys carry meaning here: no threshold on the pixels, a larger code, less noise on it.
    ("fashion_mnist", "lq_vae_plus"): Recipe(
        arguments={"latent_size": 384, "quantizer": "sign"},
        objective_arguments=_noisy_inputs(0.15, code_flips=0.05, kl_weight=0.03),
        steps=40_000,
        **_LQ_VAE_PLUS,
    ),
}
