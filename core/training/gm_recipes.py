"""``GM_RECIPES``: the rows of ``RECIPES`` that train Gaussian-mixture VAEs."""

from collections.abc import Mapping
from typing import Any

from core.training.recipe import Recipe

LABELS = 100
"""Labels a class, where most images have none."""


def _gm_vae(objective_arguments: Mapping[str, Any], steps: int, **changes: Any) -> Recipe:  # noqa: ANN401  of the recipe, as they are
    return Recipe(
        **{
            "model": "gm_vae",
            "arguments": {"blocks": 1},
            "objective": "gm_vae",
            "objective_arguments": objective_arguments,
            "steps": steps,
            "batch_size": 128,
            "learning_rate": 2e-3,
            "averaging": 0.999,
            # A mean is told from its surroundings more finely than bfloat16 writes numbers.
            "precision": "float32",
            **changes,
        }
    )


def _larger(shape: tuple[int, int, int], classes: int, latent_size: int) -> dict[str, Any]:
    """Networks for colour pictures; the noise falls as the latents grow, so that its sum stays."""
    return {
        "image_shape": list(shape),
        "classes": classes,
        "latent_size": latent_size,
        "variance": 1 / (300 * latent_size),
        "widths": [32, 64],
        "hidden": 128,
        "blocks": 1,
    }


_PLAIN = {"alpha": 50.0, "shifted": 2}

_CONSISTENT = {"alpha": 50.0, "shifted": 1, "consistency": 0.5, "warm_up": 2_000}
"""Where few images have labels, the others' are believed, at first little, if they are clear."""

_HOUSE_NUMBERS = _larger((3, 32, 32), 10, 32)

GM_RECIPES: Mapping[tuple[str, str], Recipe] = {
    ("mnist", "gm_vae"): _gm_vae({**_PLAIN, "alpha": 100.0, "noise": 0.2}, 10_000),
    ("mnist", "gm_vae_variable"): _gm_vae(
        _PLAIN, 10_000, arguments={"blocks": 1, "variable": True}
    ),
    ("mnist", "gm_vae_semi"): _gm_vae(_CONSISTENT, 12_000, labels_per_class=LABELS),
    ("fashion_mnist", "gm_vae"): _gm_vae({"alpha": 50.0, "shifted": 1}, 12_000),
    ("svhn", "gm_vae"): _gm_vae(_PLAIN, 30_000, arguments=_HOUSE_NUMBERS),
    ("svhn", "gm_vae_semi"): _gm_vae(
        _CONSISTENT, 30_000, arguments=_HOUSE_NUMBERS, labels_per_class=LABELS
    ),
    ("coil100", "gm_vae"): _gm_vae(
        {"alpha": 50.0}, 6_000, arguments=_larger((3, 128, 128), 100, 100)
    ),
}
