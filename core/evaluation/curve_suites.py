"""Suites that are drawn as curves: over the budget, over the steps, over the distortion."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.evaluation.cells import (
    CLASSIFIERS,
    QUIET,
    Cells,
    adaptive_cells,
    cell,
    oblivious_attacks,
)
from core.evaluation.specification import Specification


def curves(dataset: str) -> Cells:
    """Accuracy over the Linf budget on classifier A, 200 test images: every kind of attacker."""
    cells: list[Specification] = []
    for epsilon in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3):
        oblivious: dict[str, Any] = {"epsilon": epsilon, "steps": 40}
        for defense in (None, *QUIET):
            cells.append(cell(dataset, CLASSIFIERS[dataset][0], defense, "pgd", oblivious, n=200))
            cells.append(
                cell(
                    dataset, CLASSIFIERS[dataset][0], defense, "noise", {"epsilon": epsilon}, n=200
                )
            )
            if defense is not None:
                adaptive = {**oblivious, "loss": "margin"}
                cells += _points(adaptive_cells(dataset, [defense], "pgd", 200, **adaptive))
    return tuple(cells)


def convergence(dataset: str) -> Cells:
    """Adaptive PGD at 0.1 with more and more steps, 100 test images: where does it settle?"""
    return tuple(
        point
        for steps in (1, 5, 10, 20, 50, 100)
        for point in _points(
            adaptive_cells(dataset, QUIET, "pgd", 100, epsilon=0.1, steps=steps, loss="margin")
        )
    )


def _points(cells: Cells) -> Cells:
    """The points of a curve: each would cost more to check than to measure."""
    return tuple(replace(one, checked=False) for one in cells)


DISTORTIONS: Mapping[str, tuple[float, ...]] = {
    "mnist": (0.02, 0.05, 0.08, 0.12, 0.16, 0.2, 0.3),
    "cifar10": (0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1),
}
"""FGSM budgets of Luo & Pfister's figure (2018, arXiv 1812.02891), and larger ones on MNIST."""

QUALITIES = (10, 23, 50, 70)
"""Their JPEG qualities."""

PATCHES: Mapping[str, tuple[str, ...]] = {
    "mnist": ("patch_vae", "patch_vae_16", "patch_vae_8", "patch_vae_beta1"),
    "cifar10": ("patch_vae", "patch_vae_16", "patch_vae_8"),
}

SEEN: Mapping[str, int] = {"mnist": 1000, "cifar10": 500}
"""Images of the attacks that see no defense."""

KNOWING: Mapping[str, tuple[tuple[float, ...], int, int]] = {
    "mnist": ((0.05, 0.12, 0.2), 200, 20),
    "cifar10": ((0.01, 0.02), 50, 10),
}
"""Where an attacker who knows the defense is measured too, on how many images, in how many steps:
one image of CIFAR-10 takes as long as thirty of MNIST."""


def distortion(dataset: str) -> Cells:
    """Patch-wise VAEs against JPEG while FGSM grows; other data sets have none.

    Beside it PGD that knows the defense, on fewer images and budgets.
    """
    rivals: list[tuple[str | None, tuple[tuple[str, int], ...]]] = [(None, ())]
    rivals += [(name, ()) for name in (*PATCHES.get(dataset, ()), "lq_vae_plus")]
    rivals += [("jpeg", (("quality", quality),)) for quality in QUALITIES]
    classifier = CLASSIFIERS[dataset][0]
    oblivious = tuple(
        cell(
            dataset,
            classifier,
            defense,
            "fgsm",
            {"epsilon": epsilon},
            settings=settings,
            n=SEEN[dataset],
        )
        for epsilon in DISTORTIONS.get(dataset, ())
        for defense, settings in rivals
    )
    budgets, n, steps = KNOWING.get(dataset, ((), 1, 1))
    knowing = tuple(
        replace(one, settings=settings)
        for epsilon in budgets
        for defense, settings in (("patch_vae", ()), ("jpeg", (("quality", 23),)))
        for one in adaptive_cells(
            dataset, [defense], "pgd", n, epsilon=epsilon, steps=steps, loss="margin"
        )
    )
    return oblivious + _points(knowing)


CODES = ("lq_vae_16", "lq_vae_32", "lq_vae_64", "lq_vae_128", "lq_vae_levels4", "lq_vae_plus")
"""Defenses that differ in how coarse their code is, and our best one beside them."""


def coarseness(dataset: str) -> Cells:
    """Classifier A behind codes of different size, on the validation split; of MNIST alone.

    Clean images are all 5,000; oblivious attacks have 1,000; PGD-100 that sees the
    defense has 200.
    """
    if dataset != "mnist":
        return ()
    cells: list[tuple[str | None, dict[str, Any], str, int]] = [(None, {}, "oblivious", 5_000)]
    cells += [
        (attack, parameters, "oblivious", 1_000)
        for attack, parameters in oblivious_attacks(dataset)
        if attack != "pgd"
    ]
    cells.append(("pgd", {"epsilon": 0.1, "steps": 100}, "adaptive", 200))
    return tuple(
        cell(
            dataset,
            CLASSIFIERS[dataset][0],
            defense,
            attack,
            parameters,
            threat=threat,
            split="validation",
            n=n,
        )
        for attack, parameters, threat, n in cells
        for defense in CODES
    )
