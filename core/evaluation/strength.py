"""Whether an attack that does not see the defense is strong enough to compare defenses by."""

from core.evaluation.accuracy import Accuracy
from core.evaluation.specification import Specification

WEAKEST_OTHERS = 0.05

CONTROLS = ("noise", "noise_l2")
"""Rows of ``ATTACKS`` that are not meant to fool anybody."""

SLIDES_FGSM = {
    ("mnist", "a"): 0.2016,
    ("mnist", "b"): 0.1317,
    ("mnist", "c"): 0.0566,
    ("fashion_mnist", "a"): 0.1150,
    ("fashion_mnist", "b"): 0.1014,
    ("fashion_mnist", "c"): 0.1160,
}
"""Accuracy of the bare classifiers under FGSM in the LQ-VAE authors' slides."""


def too_weak(specification: Specification, attacked: Accuracy) -> str | None:
    """Whether an oblivious attack leaves the bare classifier too much to say anything.

    Every attack has to bring it to 5 % or less; FGSM, which takes one step, only to the figure of
    the LQ-VAE slides and ten points more.
    """
    if specification.attack in CONTROLS:
        return None
    limit = WEAKEST_OTHERS
    if specification.attack == "fgsm":
        key = (specification.dataset, specification.classifier)
        limit = SLIDES_FGSM.get(key, 0.0) + 0.1
    if attacked.value <= limit:
        return None
    return (
        f"The attack leaves the bare classifier at {attacked.value:.1%}, above {limit:.1%}: "
        "too weak to compare defenses by."
    )
