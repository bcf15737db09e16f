"""``SUITES``: named lists of specifications that are measured and stored together."""

from collections.abc import Callable, Mapping
from itertools import permutations
from typing import Any

from core.attacks import ATTACKS
from core.evaluation.cells import (
    ABLATIONS,
    CLASSIFIERS,
    DEFENSES,
    JUDGED_EPSILON,
    QUIET,
    TEST_IMAGES,
    WIDE_EPSILON,
    ZOO,
    Cells,
    adaptive_cells,
    cell,
    compared,
    oblivious_attacks,
    papernot_epsilon,
    papernot_images,
)
from core.evaluation.checking import PAPERNOT
from core.evaluation.curve_suites import coarseness, convergence, curves, distortion
from core.evaluation.headline import headline
from core.evaluation.leveled import attenuation, levels
from core.evaluation.results import stored_results
from core.evaluation.rivals import budgets, robust, search_time, searching
from core.evaluation.specification import Evaluation, Specification


def clean(dataset: str) -> Cells:
    """Clean images through every purifier, all of the test split."""
    return tuple(
        cell(dataset, classifier, defense, n=TEST_IMAGES[dataset])
        for classifier in CLASSIFIERS[dataset]
        for defense in DEFENSES
    )


def white_box(dataset: str) -> Cells:
    """What the papers call white box: attacks that see the bare classifier, 1,000 test images."""
    return tuple(
        cell(dataset, classifier, defense, attack, parameters)
        for attack, parameters in oblivious_attacks(dataset)
        for classifier in CLASSIFIERS[dataset]
        for defense in compared(dataset)
    )


def noise(dataset: str) -> Cells:
    """The control of the tables: random noise as large as the attacks, 1,000 test images.

    The size of an attack without a budget is known once it is measured: it is read from what is
    stored, and such noise meets the bare classifiers alone.
    """
    budgets = tuple(
        cell(dataset, classifier, defense, "noise", {"epsilon": epsilon})
        for epsilon in (JUDGED_EPSILON[dataset], WIDE_EPSILON)
        for classifier in CLASSIFIERS[dataset]
        for defense in DEFENSES
    )
    stored = (
        evaluation
        for suite in ("white-box", "black-box", "bpda")
        for evaluation in stored_results(f"{dataset}-{suite}")
    )
    sizes = (_as_large(dataset, evaluation) for evaluation in stored)
    return budgets + tuple(dict.fromkeys(cell for cell in sizes if cell is not None))


def _as_large(dataset: str, evaluation: Evaluation) -> Specification | None:
    """Noise of the mean size of an attack without a budget; None for one with a budget."""
    spec = evaluation.specification
    if spec.attack is None or "epsilon" in dict(spec.parameters):
        return None
    l2 = ATTACKS[spec.attack].norm == "l2"
    name, size = ("noise_l2", evaluation.mean_l2) if l2 else ("noise", evaluation.mean_linf)
    if size is None:
        return None
    return cell(dataset, spec.classifier, None, name, {"epsilon": round(size, 4)})


def black_box(dataset: str) -> Cells:
    """DeepFool on a substitute, all pairs; and FGSM on Papernot's; 1,000 test images."""
    pairs = tuple(
        cell(
            dataset,
            classifier,
            defense,
            "deepfool",
            {"steps": 50, "overshoot": 0.02},
            threat="transfer",
            substitute=substitute,
        )
        for classifier, substitute in permutations(CLASSIFIERS[dataset], 2)
        for defense in QUIET
    )
    papernot = tuple(
        cell(
            dataset,
            CLASSIFIERS[dataset][0],
            defense,
            "fgsm",
            {"epsilon": papernot_epsilon(dataset)},
            threat="transfer",
            substitute=PAPERNOT,
            n=papernot_images(dataset),
        )
        for defense in (None, *QUIET)
    )
    return pairs + papernot


def bpda(dataset: str) -> Cells:
    """The one step the LQ-VAE authors call BPDA, through the soft quantizer, 1,000 test images.

    Bit depth has no quantizer to soften: there it goes through every stand-in.
    """
    return tuple(
        cell(
            dataset,
            classifier,
            defense,
            "one_step_bpda",
            threat="adaptive",
            surrogates=None if defense == "bit_depth" else ("soft_quantizer",),
        )
        for classifier in CLASSIFIERS[dataset]
        for defense in QUIET
    )


def adaptive(dataset: str) -> Cells:
    """Attacks that see a classifier and the defense, 500 test images; what is dear, 200.

    Linf at a small and, on MNIST, at the wide budget, and L2, where rounding pixels is no answer;
    without a gradient at the widest of these budgets. PGD climbs the margin: the cross-entropy
    of some classifiers is flat at some images.
    """
    pgd: dict[str, Any] = {"steps": 100, "loss": "margin"}
    if dataset == "cifar10":
        few: dict[str, Any] = {**pgd, "epsilon": JUDGED_EPSILON[dataset], "steps": 20}
        cells = adaptive_cells(dataset, (*QUIET, *ZOO), "pgd", 200, **few)
        return cells + _noisy(dataset, 200, few)
    wide = max(budgets(dataset))
    if dataset == "mnist":
        twice = {"epsilon": 0.1, "restarts": 2, "steps": 100}
        cells = adaptive_cells(dataset, QUIET, "pgd", 500, **twice)
        cells += _noisy(dataset, 500, twice)
        cells += adaptive_cells(dataset, QUIET, "pgd", 500, epsilon=wide, **pgd)
        cells += _noisy(dataset, 500, {**pgd, "epsilon": wide})
        pgd_l2: dict[str, Any] = {"steps": 100}  # within this ball no gradient vanishes
    else:
        twice = {**pgd, "epsilon": 0.1, "restarts": 2}
        cells = adaptive_cells(dataset, QUIET, "pgd", 500, **twice)
        cells += _noisy(dataset, 500, twice)
        cells += adaptive_cells(dataset, QUIET, "apgd", 200, epsilon=wide, steps=100, loss="dlr")
        # One start of as many steps left two of forty images to twice the steps.
        pgd_l2 = {**pgd, "steps": 200, "restarts": 3}
    cells += adaptive_cells(dataset, QUIET, "pgd_l2", 500, epsilon=1.5, **pgd_l2)
    cells += adaptive_cells(dataset, QUIET, "square", 500, epsilon=wide, squares=1000)
    longer = {**pgd, "steps": 200}
    for budget in budgets(dataset):
        cells += adaptive_cells(dataset, ZOO, "pgd", 500, epsilon=budget, **pgd)
        cells += adaptive_cells(dataset, ABLATIONS[dataset], "pgd", 500, epsilon=budget, **longer)
    return cells


def _noisy(dataset: str, n: int, parameters: dict[str, Any]) -> Cells:
    """PGD on the noisy path, three times: each finds some images that the others miss."""
    first = CLASSIFIERS[dataset][0]
    return tuple(
        cell(
            dataset,
            first,
            "lq_vae_noisy",
            "pgd",
            parameters,
            threat="adaptive",
            draws=draws,
            n=n,
        )
        for draws in (1, 2, 8)
    )


SUITES: Mapping[str, Callable[[str], Cells]] = {
    "clean": clean,
    "white-box": white_box,
    "noise": noise,
    "black-box": black_box,
    "bpda": bpda,
    "adaptive": adaptive,
    "curves": curves,
    "headline": headline,
    "convergence": convergence,
    "coarseness": coarseness,
    "distortion": distortion,
    "searching": searching,
    "search-time": search_time,
    "robust": robust,
    "levels": levels,
    "attenuation": attenuation,
}

HEADLINES = ("clean", "white-box", "adaptive", "headline", "break")
"""The stored results of the overview's table, all measured on the test split; ``break`` is what an
attack on our own figures found, which belongs to no suite."""

COMPARED = (*HEADLINES, "searching", "robust", "levels")
"""The suites of the table of all defenses."""
