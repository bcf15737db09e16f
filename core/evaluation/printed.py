"""What a printed table is: rows of figures in percent, the last line, and footnotes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Table: TypeAlias = Literal["white-box", "black-box", "bpda"]


@dataclass(frozen=True, kw_only=True)
class Printed:
    """One printed row.

    Attributes:
        attack: A row of ``ATTACKS``, or the name under which we reproduce it.
        classifier: ``a``, ``b`` or ``c``; None where the slide names none.
        substitute: The classifier that is attacked in its place; None when it is itself.
        percent: Accuracy in percent, by column.
    """

    attack: str
    classifier: str | None
    substitute: str | None = None
    percent: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Footnote:
    """What a reader must know about some printed figures.

    Attributes:
        text: One or two sentences.
        inferred: Whether it is worked out rather than read off.
        cells: Attack, classifier and column of the figures it is about; empty is the whole table.
    """

    text: str
    inferred: bool = False
    cells: tuple[tuple[str, str | None, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Slide:
    """One printed table.

    Attributes:
        dataset: A row of ``DATASETS``, or ``celeba``.
        table: Which of the three kinds of table.
        heading: What the slide calls it.
        rows: In the order printed.
        averages: The printed last line, by column; empty where there is none.
        footnotes: Oddities, and what is not printed.
    """

    dataset: str
    table: Table
    heading: str
    rows: tuple[Printed, ...]
    averages: Mapping[str, float] = field(default_factory=dict)
    footnotes: tuple[Footnote, ...] = ()

    def recomputed(self, column: str) -> float:
        """The mean of a column over its rows, in percent."""
        values = [row.percent[column] for row in self.rows]
        return sum(values) / len(values)
