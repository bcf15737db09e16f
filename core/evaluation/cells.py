"""What the suites are made of: who is compared, on which budgets, and how a cell is written."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from core.evaluation.checking import PAPERNOT_IMAGES
from core.evaluation.specification import Specification

Cells: TypeAlias = tuple[Specification, ...]

CLASSIFIERS: Mapping[str, tuple[str, ...]] = defaultdict(
    lambda: ("a", "b", "c"), cifar10=("resnet",)
)
"""Those of the papers, by data set."""

BEST = ("lq_vae", "lq_vae_plus")
DEFENSES = ("lq_vae", "lq_vae_noisy", "lq_vae_plus", "bit_depth")
QUIET = ("lq_vae", "lq_vae_plus", "bit_depth")
"""Those that draw nothing at random."""

ZOO = ("vae", "patch_vae", "jpeg", "median", "total_variation")
"""What LQ-VAE is compared with, besides bit depth, that only looks at the image."""

ABLATIONS: Mapping[str, tuple[str, ...]] = defaultdict(
    tuple, mnist=("lq_vae_64", "lq_vae_no_penalty", "vae_penalty")
)
"""A small LQ-VAE, and the same without one of its two ideas, by data set."""

SEARCHING: Mapping[str, tuple[str, ...]] = defaultdict(
    tuple, mnist=("defense_gan",), fashion_mnist=("defense_gan",)
)
"""Defenses that search for every image anew, by data set."""

PAPER_SEARCH = (("search_starts", 10), ("search_steps", 200))
"""The search of the Defense-GAN paper, as settings of a cell."""

SEARCHED_IMAGES: Mapping[str, int] = defaultdict(lambda: 200, fashion_mnist=500)
"""Test images that such a search is measured on, by data set: as many as there was time for."""

ROBUST: Mapping[str, tuple[str, ...]] = defaultdict(
    tuple,
    {
        dataset: tuple(f"{name}_{attack}" for attack in ("fgsm", "pgd") for name in "abc")
        for dataset in ("mnist", "fashion_mnist")
    },
)
"""Classifiers that were trained on attacks, by data set; they need no defense in front."""

LEVELED = ("mlvgm",)
"""Defenses that draw some levels of a generator anew; they have suites of their own."""

DRAWS: Mapping[str, int] = {"patch_vae": 4, "mlvgm": 8}
"""Draws of a random defense that an adaptive attacker averages; one where it is not named."""

JUDGED_EPSILON: Mapping[str, float] = defaultdict(lambda: 0.1, mnist=0.15, cifar10=0.0314)
"""Linf budget at which FGSM is judged: on MNIST the 0.3 of the authors' [-1, 1] pixels, on
CIFAR-10 the usual 8/255."""

TEST_IMAGES: Mapping[str, int] = defaultdict(lambda: 10_000, cifar10=1_000)
"""Test images that clean accuracy is measured on, by data set."""

WIDE_EPSILON = 0.3
"""The budget of the Defense-GAN paper, reported beside it."""


def papernot_epsilon(dataset: str) -> float:
    """FGSM's budget on a substitute that was trained from answers.

    At the wide one nothing is left of a color picture, with or without a defense.
    """
    return JUDGED_EPSILON[dataset] if dataset == "cifar10" else WIDE_EPSILON


def papernot_images(dataset: str) -> int:
    """Test images of that: its substitute grows from others, so a small split has fewer."""
    return min(1_000, TEST_IMAGES[dataset] - PAPERNOT_IMAGES)


def compared(dataset: str) -> tuple[str, ...]:
    """All defenses whose oblivious figures stand side by side."""
    return (*DEFENSES, *ZOO, *ABLATIONS[dataset])


def cell(
    dataset: str,
    classifier: str,
    defense: str | None,
    attack: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    **rest: Any,  # noqa: ANN401  the other fields, as they are
) -> Specification:
    """One cell; its parameters as a mapping."""
    return Specification(
        dataset=dataset,
        classifier=classifier,
        defense=defense,
        attack=attack,
        parameters=tuple(sorted((parameters or {}).items())),
        **rest,
    )


def adaptive_cells(
    dataset: str,
    defenses: Sequence[str],
    attack: str,
    n: int,
    **parameters: float | str,
) -> Cells:
    """Cells of an attacker who sees the defense, for some defenses of the first classifier."""
    return tuple(
        cell(
            dataset,
            CLASSIFIERS[dataset][0],
            defense,
            attack,
            parameters,
            threat="adaptive",
            draws=DRAWS.get(defense, 1),
            n=n,
        )
        for defense in defenses
    )


def oblivious_attacks(dataset: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """The slides' attacks, with PGD beside them; on CIFAR-10 those that 2 cores can run."""
    deepfool = ("deepfool", {"steps": 50, "overshoot": 0.02})
    if dataset == "cifar10":
        judged = JUDGED_EPSILON[dataset]
        return (
            ("fgsm", {"epsilon": judged}),
            ("pgd", {"epsilon": judged, "steps": 20}),
            deepfool,
        )
    return (
        ("fgsm", {"epsilon": JUDGED_EPSILON[dataset]}),
        ("fgsm", {"epsilon": WIDE_EPSILON}),
        ("pgd", {"epsilon": WIDE_EPSILON, "steps": 40}),
        deepfool,
        ("cw", {}),
    )
