"""A table of the slides with our figures in it, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.evaluation.accuracy import Accuracy
from core.evaluation.adaptive_column import AdaptiveFigure
from core.evaluation.paper_lines import Line
from core.evaluation.printed import Footnote, Slide, Table
from core.evaluation.reasons import Missing
from core.evaluation.specification import Evaluation, Specification

PAPER_COLUMN: Mapping[str, str] = {
    "none": "none",
    "lq_vae": "lq_vae",
    "lq_vae_plus": "lq_vae",
    "defense_gan": "defense_gan",
    "madry": "madry",
    "adv_tr": "adv_tr",
}
"""The printed column beside which each of ours stands."""

TITLES: Mapping[str, str] = {
    "none": "No defense",
    "lq_vae": "LQ-VAE",
    "lq_vae_plus": "LQ-VAE plus",
    "bit_depth": "Bit depth",
    "noise": "Random noise",
    "defense_gan": "Defense-GAN",
    "madry": "Madry",
    "adv_tr": "Adv Tr",
}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell: the printed figure, ours, and the reason where ours is missing.

    Attributes:
        paper: The printed accuracy, in percent.
        ours: The evaluation that fills the cell.
        accuracy: The accuracy of it that belongs here.
        specification: What fills the cell, measured or not; None where nothing can.
        missing: Why it is empty; None when it is not.
        weak: Why it does not count, as a sentence; empty when it does.
        warnings: Other reasons not to trust it.
    """

    paper: float | None = None
    ours: Evaluation | None = None
    accuracy: Accuracy | None = None
    specification: Specification | None = None
    missing: Missing | None = None
    weak: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def difference(self) -> float | None:
        """Ours less the printed one, in percentage points."""
        if self.paper is None or self.accuracy is None:
            return None
        return 100 * self.accuracy.value - self.paper


@dataclass(frozen=True, kw_only=True)
class Row:
    """One attack on one classifier.

    Attributes:
        line: What it is.
        cells: By column.
    """

    line: Line
    cells: Mapping[str, Cell]


@dataclass(frozen=True, kw_only=True)
class Average:
    """The mean of a column over the rows that are compared.

    Attributes:
        paper: As printed, in percent.
        ours: In percent; None unless every row is measured.
        measured: Rows that are measured.
        counting: Rows of these whose attack is strong enough to count.
        rows: Rows that are compared.
    """

    paper: float | None
    ours: float | None
    measured: int
    counting: int
    rows: int

    @property
    def difference(self) -> float | None:
        """Ours less the printed one, in percentage points."""
        return None if self.paper is None or self.ours is None else self.ours - self.paper


@dataclass(frozen=True, kw_only=True)
class PaperTable:
    """A table of the slides with our figures.

    Attributes:
        dataset: The data set.
        table: The kind of table.
        threat: The threat model, in our words.
        slide: The printed table; None where there is none.
        columns: Keys of ``TITLES``.
        rows: One a line.
        averages: By column.
        adaptive: What an attacker leaves who knows the defense.
    """

    dataset: str
    table: Table
    threat: str
    slide: Slide | None
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    averages: Mapping[str, Average] = field(default_factory=dict)
    adaptive: tuple[AdaptiveFigure, ...] = ()

    @property
    def footnotes(self) -> tuple[Footnote, ...]:
        """Those of the slide."""
        return () if self.slide is None else self.slide.footnotes

    @property
    def measured(self) -> tuple[Cell, ...]:
        """Cells that have a figure of ours."""
        cells = (cell for row in self.rows for cell in row.cells.values())
        return tuple(cell for cell in cells if cell.accuracy is not None)
