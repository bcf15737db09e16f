"""``LADDERS``: how the hierarchical VAEs behind MLVGM are trained."""

from collections.abc import Mapping
from typing import Any

from core.training.recipe import Recipe


def _ladder(
    arguments: Mapping[str, Any],
    weights: list[float],
    *,
    learning_rate: float = 1e-3,
    **objective_arguments: Any,  # noqa: ANN401  of the objective, as they are
) -> Recipe:
    """A hierarchical VAE; Bernoulli's likelihood where no deviation is given."""
    shared = {"kl_weights": weights, "free_nats": 3.0, "cut_share": 0.4, "warm_up": 3_000}
    return Recipe(
        model="hierarchical_vae",
        arguments=arguments,
        objective="hierarchical_vae",
        objective_arguments={**shared, **objective_arguments},
        steps=15_000,
        batch_size=128,
        learning_rate=learning_rate,
        averaging=0.999,
    )


LADDERS: Mapping[tuple[str, str], Recipe] = {
    # The coarsest level pays least for what it says: it is to tell the class.
    ("mnist", "mlvgm"): _ladder({"threshold_sharpness": 5.0}, [0.3, 0.7, 0.7, 0.7, 0.7]),
    ("fashion_mnist", "mlvgm"): _ladder(
        {}, [0.3, 0.5, 0.5, 0.5, 0.5], learning_rate=5e-4, deviation=0.045, mirrored=True
    ),
    ("cifar10", "mlvgm"): _ladder(
        {
            "image_shape": [3, 32, 32],
            "sides": [1, 4, 8, 8, 16, 16],
            "latents": [64, 16, 16, 16, 8, 8],
            "widths": [48, 72, 96, 128],
        },
        [0.3, 1.0, 1.0, 1.0, 1.0, 1.0],
        # At 1e-3 the loss is no number after 2,500 steps.
        learning_rate=2e-4,
        deviation=0.05,
        mirrored=True,
    ),
}
