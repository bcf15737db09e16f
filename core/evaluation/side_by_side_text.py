"""The table of all defenses in words: what its rows and columns are called, and as Markdown."""

from core.attacks import ATTACKS, epsilon_text
from core.defenses import DEFENSES
from core.evaluation.side_by_side import LONG, TRANSFER, Column, Figure, SideBySide
from core.models import classifier_title


def column_title(column: Column) -> str:
    """An attack with its budget, for example ``FGSM, Linf 0.15``."""
    if column.attack is None:
        return "Clean"
    title = "Best attack" if column.knows else ATTACKS[column.attack].title
    if column.norm is None or column.epsilon is None:
        return title
    return f"{title}, {'Linf' if column.norm == 'linf' else 'L2'} {epsilon_text(column.epsilon)}"


def row_title(defense: str | None) -> str:
    """A defense as the table calls it."""
    if defense is None:
        return "No defense"
    if defense in DEFENSES:
        return DEFENSES[defense].title
    if defense.endswith(LONG):
        return row_title(defense.removesuffix(LONG)) + LONG
    name = defense.removesuffix(TRANSFER)
    return classifier_title(name) + defense.removeprefix(name)


def markdown_side_by_side(table: SideBySide) -> str:
    """The table as Markdown, in percent: ``*`` marks what does not count, ``?`` a warning."""
    lines = [
        "| behind | " + " | ".join(_head(column) for column in table.columns) + " |",
        "|---|" + "---|" * len(table.columns),
    ]
    for name, row in table.rows.items():
        cells = " | ".join("–" if figure is None else _percent(figure) for figure in row)
        lines.append(f"| {row_title(name)} | {cells} |")
    return "\n".join(lines)


def _head(column: Column) -> str:
    who = "knows: " if column.knows else ""
    return f"{who}{column_title(column)}{'*' if column.weak else ''}"


def _percent(figure: Figure) -> str:
    low, high = figure.accuracy.interval
    mark = "?" if figure.warnings else ""
    return f"{100 * figure.accuracy.value:.1f}{mark} ({100 * low:.1f}–{100 * high:.1f})"
