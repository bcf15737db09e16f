"""How far the images of an attack are from the clean ones."""

from dataclasses import replace

from torch import Tensor

from core.evaluation.specification import Evaluation


def with_distances(found: Evaluation, clean: Tensor, adversarial: Tensor) -> Evaluation:
    """The evaluation with the mean sizes of its perturbations, from images (n, c, h, w)."""
    change = (adversarial - clean).flatten(1)
    l2, length = change.norm(dim=1), clean.flatten(1).norm(dim=1).clamp_min(1e-6)
    return replace(
        found,
        mean_l2=round(l2.mean().item(), 4),
        mean_linf=round(change.abs().amax(1).mean().item(), 4),
        mean_relative_l2=round((l2 / length).mean().item(), 4),
    )
