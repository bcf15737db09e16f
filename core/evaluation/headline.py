"""The headline cells: the defenses people compare, under everything an attacker has.

Each is on the first 200 test images, attacked by ``Adaptive`` at the usual Linf and L2 budgets of
its data set. How much is tried hangs on what one gradient costs, so that a cell takes at most 10 s
of one core an image; the effort stands in its parameters.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.attacks import ATTACKS, epsilon_text
from core.defenses import DEFENSES
from core.evaluation.adaptive_column import AdaptiveFigure, adaptive_figures
from core.evaluation.cells import CLASSIFIERS, Cells, cell
from core.evaluation.specification import Evaluation
from core.models import classifier_title

HEADLINE_IMAGES = 200

EPSILONS: Mapping[str, Mapping[str, float]] = {
    "mnist": {"adaptive": 0.3, "adaptive_l2": 1.5},
    "fashion_mnist": {"adaptive": 0.1, "adaptive_l2": 1.5},
}
"""The usual budgets, by data set and attack."""

EFFORT: Mapping[str, Mapping[str, Any]] = {
    "lq_vae": {"restarts": 2, "rounds": 20},
    "lq_vae_plus": {"restarts": 2, "rounds": 20},
    "bit_depth": {"restarts": 2, "rounds": 20},
    # Every gradient goes through two draws of a ladder of levels.
    "mlvgm": {"steps": 40, "targets": 3, "restarts": 0, "squares": 200},
    # Every gradient takes a search of two starts of a hundred steps.
    "defense_gan": {"steps": 20, "targets": 0, "restarts": 0, "squares": 0},
}
"""What differs from the attack's defaults, by defense."""

DEAR = ("mlvgm", "defense_gan")
"""Defenses that are not checked for gradient masking, which would take longer than the cell."""

HEADLINE_DRAWS: Mapping[str, int] = {"mlvgm": 2}
"""Draws averaged in every gradient behind a random defense."""

ROBUST_ONE = "a_pgd"
"""The classifier trained on PGD that stands beside them, without a defense."""


def headline(dataset: str) -> Cells:
    """The headline cells of a data set; none where there are no usual budgets."""
    return tuple(_headline(dataset)) if dataset in EPSILONS else ()


def _headline(dataset: str) -> Iterable[Any]:
    first = CLASSIFIERS[dataset][0]
    for defense, effort in EFFORT.items():
        for attack, epsilon in EPSILONS[dataset].items():
            yield cell(
                dataset,
                first,
                defense,
                attack,
                {"epsilon": epsilon, **effort},
                threat="adaptive",
                draws=HEADLINE_DRAWS.get(defense, 1),
                checked=defense not in DEAR,
                n=HEADLINE_IMAGES,
            )
    for attack, epsilon in EPSILONS[dataset].items():
        # Nothing stands before it, so its own attacker sees all there is.
        yield cell(
            dataset,
            ROBUST_ONE,
            None,
            attack,
            {"epsilon": epsilon, "restarts": 2, "rounds": 20},
            n=HEADLINE_IMAGES,
        )


def markdown_headline(dataset: str, evaluations: Sequence[Evaluation]) -> str:
    """The headline figures as Markdown: what is left, and what most of the others fell to.

    Args:
        dataset: A data set with headline cells.
        evaluations: Everything stored of it; a cheaper attack that finds more corrects a figure.
    """
    lines = [
        "| behind classifier A | budget | right of 200 | 95 % interval | most fell to |",
        "|---|---|---|---|---|",
    ]
    found = {
        (one.defense, one.norm, one.epsilon): one for one in adaptive_figures(evaluations, least=1)
    }
    for spec in headline(dataset):
        attack = ATTACKS[str(spec.attack)]
        epsilon = EPSILONS[dataset][str(spec.attack)]
        title = "Linf" if attack.norm == "linf" else "L2"
        one = found.get((spec.defense or spec.classifier, attack.norm, epsilon))
        row = [_title(spec.defense), f"{title} {epsilon_text(epsilon)}", *_cells(one)]
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def _cells(figure: AdaptiveFigure | None) -> list[str]:
    ours = [] if figure is None else _by_everything(figure)
    if figure is None or not ours:
        return ["–", "–", "not measured yet"]
    low, high = figure.accuracy.interval
    fell: dict[str, int] = {}
    for one in ours:
        for name, count in one.broken_by.items():
            fell[name] = fell.get(name, 0) + count
    most = max(fell, key=fell.__getitem__, default="")
    told = f"{most.replace('_', ' ')} ({fell[most]})" if most else "–"
    return [
        f"{100 * figure.accuracy.value:.1f} % ({figure.accuracy.correct})",
        f"{100 * low:.1f}–{100 * high:.1f}",
        told,
    ]


def _by_everything(figure: AdaptiveFigure) -> list[Evaluation]:
    """The evaluations by an attack that tries all there is."""
    return [one for one in figure.evaluations if str(one.specification.attack) in EPSILONS["mnist"]]


def _title(defense: str | None) -> str:
    return classifier_title(ROBUST_ONE) if defense is None else DEFENSES[defense].title
