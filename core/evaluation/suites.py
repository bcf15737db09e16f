"""``SUITES``: named lists of specifications that are measured and stored together."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from typing import Any, TypeAlias

from core.attacks import ATTACKS
from core.evaluation.checking import PAPERNOT
from core.evaluation.results import stored_results
from core.evaluation.specification import Evaluation, Specification

Cells: TypeAlias = tuple[Specification, ...]

CLASSIFIERS = ("a", "b", "c")
BEST = ("lq_vae", "lq_vae_plus")
DEFENCES = ("lq_vae", "lq_vae_noisy", "lq_vae_plus", "bit_depth")
QUIET = ("lq_vae", "lq_vae_plus", "bit_depth")
"""Those that draw nothing at random."""
JUDGED_EPSILON: Mapping[str, float] = defaultdict(lambda: 0.1, mnist=0.15)
"""Linf budget at which FGSM is judged: on MNIST the 0.3 of the authors' [-1, 1] pixels."""

WIDE_EPSILON = 0.3
"""The budget of the Defense-GAN paper, reported beside it."""


def _cell(
    dataset: str,
    classifier: str,
    defence: str | None,
    attack: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    **rest: Any,  # noqa: ANN401  the other fields, as they are
) -> Specification:
    return Specification(
        dataset=dataset,
        classifier=classifier,
        defence=defence,
        attack=attack,
        parameters=tuple(sorted((parameters or {}).items())),
        **rest,
    )


def clean(dataset: str) -> Cells:
    """Clean images through every purifier, all 10,000 of the test split."""
    return tuple(
        _cell(dataset, classifier, defence, n=10_000)
        for classifier in CLASSIFIERS
        for defence in DEFENCES
    )


def oblivious_attacks(dataset: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """The slides' attacks, with PGD at the wide budget beside them."""
    return (
        ("fgsm", {"epsilon": JUDGED_EPSILON[dataset]}),
        ("fgsm", {"epsilon": WIDE_EPSILON}),
        ("pgd", {"epsilon": WIDE_EPSILON, "steps": 40}),
        ("deepfool", {"steps": 50, "overshoot": 0.02}),
        ("cw", {}),
    )


def white_box(dataset: str) -> Cells:
    """What the papers call white box: attacks that see the bare classifier, 1,000 test images."""
    return tuple(
        _cell(dataset, classifier, defence, attack, parameters)
        for attack, parameters in oblivious_attacks(dataset)
        for classifier in CLASSIFIERS
        for defence in DEFENCES
    )


def noise(dataset: str) -> Cells:
    """The control of the tables: random noise as large as the attacks, 1,000 test images.

    The size of an attack without a budget is known once it is measured: it is read from what is
    stored, and such noise meets the bare classifiers alone.
    """
    budgets = tuple(
        _cell(dataset, classifier, defence, "noise", {"epsilon": epsilon})
        for epsilon in (JUDGED_EPSILON[dataset], WIDE_EPSILON)
        for classifier in CLASSIFIERS
        for defence in DEFENCES
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
    return _cell(dataset, spec.classifier, None, name, {"epsilon": round(size, 4)})


def black_box(dataset: str) -> Cells:
    """DeepFool on a substitute, all pairs; and FGSM on Papernot's; 1,000 test images."""
    pairs = tuple(
        _cell(
            dataset,
            classifier,
            defence,
            "deepfool",
            {"steps": 50, "overshoot": 0.02},
            threat="transfer",
            substitute=substitute,
        )
        for classifier, substitute in permutations(CLASSIFIERS, 2)
        for defence in QUIET
    )
    papernot = tuple(
        _cell(
            dataset,
            "a",
            defence,
            "fgsm",
            {"epsilon": WIDE_EPSILON},
            threat="transfer",
            substitute=PAPERNOT,
        )
        for defence in (None, *QUIET)
    )
    return pairs + papernot


def bpda(dataset: str) -> Cells:
    """The one step the LQ-VAE authors call BPDA, through the soft quantizer, 1,000 test images."""
    return tuple(
        _cell(
            dataset,
            classifier,
            defence,
            "one_step_bpda",
            threat="adaptive",
            surrogates=("soft_quantizer",),
        )
        for classifier in CLASSIFIERS
        for defence in BEST
    )


def _adaptive(
    dataset: str, defences: Sequence[str], attack: str, n: int, **parameters: float
) -> Cells:
    return tuple(
        _cell(
            dataset,
            "a",
            defence,
            attack,
            parameters,
            threat="adaptive",
            n=n,
        )
        for defence in defences
    )


def adaptive(dataset: str) -> Cells:
    """Attacks that see classifier A and the defence, 500 test images; APGD, which is dear, 200.

    Linf at a small and, on MNIST, at the wide budget, and L2, where rounding pixels is no answer;
    without a gradient at the widest of these budgets.
    """
    wide = WIDE_EPSILON if dataset == "mnist" else 0.1
    if dataset == "mnist":
        cells = _adaptive(dataset, DEFENCES, "pgd", 500, epsilon=0.1, restarts=2, steps=100)
        cells += _adaptive(dataset, QUIET, "pgd", 500, epsilon=wide, steps=100)
    else:
        cells = _adaptive(dataset, QUIET, "pgd", 500, epsilon=0.1, steps=100)
        cells += _adaptive(dataset, QUIET, "apgd", 200, epsilon=wide, steps=100)
    cells += _adaptive(dataset, QUIET, "pgd_l2", 500, epsilon=1.5, steps=100)
    return cells + _adaptive(dataset, QUIET, "square", 500, epsilon=wide, squares=1000)


def curves(dataset: str) -> Cells:
    """Accuracy over the Linf budget on classifier A, 200 test images: every kind of attacker."""
    cells: list[Specification] = []
    for epsilon in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3):
        oblivious = {"epsilon": epsilon, "steps": 40}
        for defence in (None, *QUIET):
            cells.append(_cell(dataset, "a", defence, "pgd", oblivious, n=200))
            cells.append(_cell(dataset, "a", defence, "noise", {"epsilon": epsilon}, n=200))
            if defence is not None:
                cells += _adaptive(dataset, [defence], "pgd", 200, epsilon=epsilon, steps=40)
    return tuple(cells)


def convergence(dataset: str) -> Cells:
    """Adaptive PGD at 0.1 with more and more steps, 100 test images: where does it settle?"""
    return tuple(
        cell
        for steps in (1, 5, 10, 20, 50, 100)
        for cell in _adaptive(dataset, QUIET, "pgd", 100, epsilon=0.1, steps=steps)
    )


CODES = ("lq_vae_16", "lq_vae_32", "lq_vae", "lq_vae_128", "lq_vae_levels4", "lq_vae_plus")
"""Defences that differ in how coarse their code is, and our best one beside them."""


def coarseness(dataset: str) -> Cells:
    """Classifier A behind codes of different size, on the validation split.

    Clean images are all 5,000; oblivious attacks have 1,000; PGD-100 that sees the
    defence has 200.
    """
    cells: list[tuple[str | None, dict[str, Any], str, int]] = [(None, {}, "oblivious", 5_000)]
    cells += [
        (attack, parameters, "oblivious", 1_000)
        for attack, parameters in oblivious_attacks(dataset)
        if attack != "pgd"
    ]
    cells.append(("pgd", {"epsilon": 0.1, "steps": 100}, "adaptive", 200))
    return tuple(
        _cell(dataset, "a", defence, attack, parameters, threat=threat, split="validation", n=n)
        for attack, parameters, threat, n in cells
        for defence in CODES
    )


SUITES: Mapping[str, Callable[[str], Cells]] = {
    "clean": clean,
    "white-box": white_box,
    "noise": noise,
    "black-box": black_box,
    "bpda": bpda,
    "adaptive": adaptive,
    "curves": curves,
    "convergence": convergence,
    "coarseness": coarseness,
}

HEADLINES = ("clean", "white-box", "adaptive")
"""The suites of the overview's table, all measured on the test split."""
