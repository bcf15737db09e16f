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


CODES = ("lq_vae_16", "lq_vae_32", "lq_vae", "lq_vae_128", "lq_vae_levels4", "lq_vae_plus")
"""Defences that differ in how coarse their code is, and our best one beside them."""


def coarseness(dataset: str) -> tuple[Specification, ...]:
    """Classifier A behind codes of different size, on the validation split.

    Clean images are all 5,000; oblivious attacks have 1,000; PGD-40 that sees the
    defence has 50.
    """
    oblivious = [one for one in OBLIVIOUS_ATTACKS if one[0] != "pgd"]
    adaptive = ("pgd", {"epsilon": 0.1, "steps": 40})
    cells: list[tuple[str | None, dict[str, Any], str, int]] = [(None, {}, "oblivious", 5_000)]
    cells += [(attack, parameters, "oblivious", 1_000) for attack, parameters in oblivious]
    cells.append((*adaptive, "adaptive", 50))
    return tuple(
        Specification(
            dataset=dataset,
            classifier="a",
            defence=defence,
            attack=attack,
            parameters=tuple(sorted(parameters.items())),
            threat=threat,
            split="validation",
            n=n,
        )
        for attack, parameters, threat, n in cells
        for defence in CODES
    )


SUITES: Mapping[str, Callable[[str], tuple[Specification, ...]]] = {
    "clean": clean,
    "purification": purification,
    "adaptive": adaptive,
    "coarseness": coarseness,
}

HEADLINES = ("clean", "purification", "adaptive")
"""The suites of the overview's table, all measured on the test split."""
