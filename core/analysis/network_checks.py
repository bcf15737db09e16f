"""Checks of what lies around the quantizer: the encoder's gradients, and the two decoders."""

import torch
from torch import Tensor

from core.analysis.checks import Check, percent
from core.analysis.lipschitz import Penalty

NEAR = 2.0
"""Within this factor of K a typical gradient norm counts as held by the penalty."""


def check_gradients(norms: Tensor, penalty: Penalty) -> Check:
    """Whether the encoder's gradient norm is where the training pulled it.

    Args:
        norms: From ``gradient_norms`` (n,).
        penalty: What the training pulled, and where to.
    """
    low, middle, high = _spread(norms)
    held = penalty.norm / NEAR <= middle <= penalty.norm * NEAR
    what = (
        "a random ± sum of the latents" if penalty.random_projection else "the sum of the latents"
    )
    verdict = "within" if held else "outside"
    return Check(
        name="gradient",
        title="The encoder's gradient norm is near K",
        passed=held,
        value=f"{middle:.3f}, K = {penalty.norm:g}",
        reason=(
            f"The median for {what} is {verdict} a factor of {NEAR:g} of the K that training "
            f"pulled it to (weight {penalty.weight:g}); 90 % of the images have {low:.3f} to "
            f"{high:.3f}. Pixels in [−1, 1]."
        ),
        n=len(norms),
    )


def check_lipschitz(adversarial: Tensor, noise: Tensor, penalty: Penalty) -> Check:
    """How far the latents of clean and attacked images lie apart, for the images' distance.

    Args:
        adversarial: Ratios of clean and adversarial pairs, from ``lipschitz_ratios``.
        noise: The same for random noise of the same size.
        penalty: What the training pulled.
    """
    if not len(adversarial):
        reason, value = "The attack moved no image, so there is no distance to compare with.", "–"
    else:
        _, middle, _ = _spread(adversarial)
        value = f"{middle:.3f}, at most {float(adversarial.max()):.3f}"
        reason = (
            "Length of the latents' move over the image's, pixels in [−1, 1]. Random noise of the "
            f"same size moves them by {_spread(noise)[1]:.3f}. K = {penalty.norm:g} is no bound "
            "for this: the penalty sees only sums of latents."
        )
    return Check(
        name="lipschitz",
        title="Latents move this far under the attack",
        passed=None,
        value=value,
        reason=reason,
        n=len(adversarial),
    )


def check_decoders(images: Tensor, hard: Tensor, soft: Tensor, agreeing: int) -> Check:
    """Whether the decoder of hard bits and that of soft ones draw the same picture.

    Args:
        images: Clean images (n, c, h, w).
        hard: Decoded from their hard bits.
        soft: Decoded from their soft bits by the decoder that trains the encoder.
        agreeing: How many of both pictures the classifier takes for the same class.
    """
    apart = float((hard - soft).square().mean())
    errors = [float((one - images).square().mean()) for one in (hard, soft)]
    holds = apart <= min(errors)
    return Check(
        name="decoders",
        title="Both decoders draw the same picture",
        passed=holds,
        value=f"{percent(agreeing / len(images))} same answer",
        reason=(
            f"Hard and soft path differ by {apart:.4f} (mean squared error), "
            f"{'less' if holds else 'more'} than either differs from the original "
            f"({errors[0]:.4f} and {errors[1]:.4f})."
            + ("" if holds else " The encoder was trained for another decoder than the one used.")
        ),
        n=len(images),
    )


def _spread(values: Tensor) -> tuple[float, float, float]:
    """The 5 %, 50 % and 95 % quantiles."""
    low, middle, high = values.double().quantile(
        torch.tensor([0.05, 0.5, 0.95], dtype=torch.float64, device=values.device)
    )
    return float(low), float(middle), float(high)
