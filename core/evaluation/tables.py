"""Stored results as Markdown: the same text in the README, in the terminal and in tests."""

from collections.abc import Sequence

from core.attacks import ATTACKS
from core.defenses import DEFENSES
from core.evaluation.accuracy import Accuracy
from core.evaluation.specification import Evaluation
from core.models import classifier_title


def markdown_tables(evaluations: Sequence[Evaluation]) -> str:
    """One table for each split and number of images, with a line that says which."""
    groups: dict[tuple[str, int], list[Evaluation]] = {}
    for evaluation in evaluations:
        key = (evaluation.specification.split, evaluation.specification.n)
        groups.setdefault(key, []).append(evaluation)
    return "\n\n".join(
        f"The first {n:,} images of the {split} split:\n\n{markdown_table(group)}"
        for (split, n), group in groups.items()
    )


def markdown_table(evaluations: Sequence[Evaluation]) -> str:
    """One row for each attack and defense, one column for each classifier.

    A cell reads ``bare -> defended``: accuracy in percent of the bare and of the defended
    classifier under the same attack, with the Wilson 95 % interval of the second.

    Args:
        evaluations: Cells of one data set, split and number of images.

    Raises:
        ValueError: The cells were measured on different images.
    """
    measured = {(e.specification.split, e.specification.n) for e in evaluations}
    if len(measured) != 1:
        raise ValueError(f"expected cells measured on the same images, got {sorted(measured)}")
    classifiers = sorted({e.specification.classifier for e in evaluations})
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for evaluation in evaluations:
        cells = rows.setdefault((_attack(evaluation), _defense(evaluation)), {})
        cells[evaluation.specification.classifier] = _cell(evaluation)
    lines = [
        f"| attack | behind | {' | '.join(classifier_title(name) for name in classifiers)} |",
        f"|---|---|{'---|' * len(classifiers)}",
    ]
    for (attack, defense), cells in rows.items():
        body = " | ".join(cells.get(name, "") for name in classifiers)
        lines.append(f"| {attack} | {defense} | {body} |")
    return "\n".join(lines)


def _attack(evaluation: Evaluation) -> str:
    specification = evaluation.specification
    if specification.attack is None:
        return "none"
    title = ATTACKS[specification.attack].title
    parameters = dict(specification.parameters)
    if "epsilon" in parameters:
        title += f" {parameters['epsilon']}"
    return f"{title}, adaptive" if specification.threat == "adaptive" else title


def _defense(evaluation: Evaluation) -> str:
    name = evaluation.specification.defense
    if name is None:
        return "nothing"
    told = [f"{setting} {value}" for setting, value in evaluation.specification.settings]
    return ", ".join([DEFENSES[name].title, *told])


def _cell(evaluation: Evaluation) -> str:
    before = evaluation.attacked or evaluation.clean
    after = evaluation.robust or evaluation.clean_defended
    if after is None:
        return percent(before)
    low, high = after.interval
    return f"{percent(before)} → {percent(after)} ({100 * low:.1f}–{100 * high:.1f})"


def percent(accuracy: Accuracy) -> str:
    """Accuracy in percent with one decimal."""
    return f"{100 * accuracy.value:.1f}"
