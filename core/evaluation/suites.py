"""``SUITES``: named lists of specifications that are measured and stored together."""

from collections.abc import Callable, Mapping
from typing import Any

from core.evaluation.specification import Specification

CLASSIFIERS = ("a", "b", "c")
DEFENCES = ("lq_vae", "lq_vae_noisy", "lq_vae_plus", "bit_depth")
OBLIVIOUS_ATTACKS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("fgsm", {"epsilon": 0.15}),
    ("fgsm", {"epsilon": 0.3}),
    ("pgd", {"epsilon": 0.3, "steps": 40}),
    ("deepfool", {"steps": 50, "overshoot": 0.02}),
    ("cw", {}),
)


def clean(dataset: str) -> tuple[Specification, ...]:
    """Clean images through every purifier, all 10,000 of the test split."""
    return tuple(
        Specification(dataset=dataset, classifier=classifier, defence=defence, n=10_000)
        for classifier in CLASSIFIERS
        for defence in DEFENCES
    )


def purification(dataset: str) -> tuple[Specification, ...]:
    """The slides' white-box attacks through every purifier, 1,000 test images a cell."""
    return tuple(
        Specification(
            dataset=dataset,
            classifier=classifier,
            defence=defence,
            attack=attack,
            parameters=tuple(sorted(parameters.items())),
        )
        for attack, parameters in OBLIVIOUS_ATTACKS
        for classifier in CLASSIFIERS
        for defence in DEFENCES
    )


def adaptive(dataset: str) -> tuple[Specification, ...]:
    """PGD-100 with two restarts that sees classifier A and the defence, 500 test images a cell."""
    return tuple(
        Specification(
            dataset=dataset,
            classifier="a",
            defence=defence,
            attack="pgd",
            parameters=(("epsilon", 0.1), ("restarts", 2), ("steps", 100)),
            threat="adaptive",
            n=500,
        )
        for defence in DEFENCES
    )


SUITES: Mapping[str, Callable[[str], tuple[Specification, ...]]] = {
    "clean": clean,
    "purification": purification,
    "adaptive": adaptive,
}
