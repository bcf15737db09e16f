"""Cells without a figure of ours: why, and what fills them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.runs.estimate import duration_words
from core.evaluation.cells import Cells
from core.evaluation.commands import table_command
from core.evaluation.paper_matching import identity
from core.evaluation.paper_model import Cell, PaperTable
from core.evaluation.specification import Specification
from core.evaluation.suites import SUITES


@dataclass(kw_only=True)
class Gap:
    """Empty cells of one kind.

    Attributes:
        reason: Why they are empty, as a sentence.
        cells: How many there are.
        first: Commands that must run before, each once.
        suites: Commands that fill many of them.
        single: Commands of those that belong to no suite.
        hours: What all of it takes, by estimate; None when that is not known of every cell.
    """

    reason: str
    cells: int = 0
    first: list[str] = field(default_factory=list)
    suites: list[str] = field(default_factory=list)
    single: list[str] = field(default_factory=list)
    hours: float | None = 0.0

    @property
    def commands(self) -> list[str]:
        """Everything to run, in order."""
        return [*self.first, *self.suites, *self.single]

    @property
    def duration(self) -> str:
        """How long it takes, in words; empty when there is nothing to run or nobody knows."""
        if not self.commands or self.hours is None:
            return ""
        return f"takes {duration_words(3600 * self.hours)}, by the times stored for like cells"


def gaps(table: PaperTable) -> list[Gap]:
    """The empty cells of a table by their reason, most of them first."""
    found: dict[str, Gap] = {}
    suites = suites_of(table.dataset)
    for cell in _empty(table):
        assert cell.missing is not None
        gap = found.setdefault(cell.missing.reason, Gap(reason=cell.missing.reason))
        gap.cells += 1
        if not cell.missing.commands:
            continue
        *first, last = cell.missing.commands
        hours = cell.missing.hours
        gap.hours = None if gap.hours is None or hours is None else gap.hours + hours
        suite = None if cell.specification is None else suite_of(cell.specification, suites)
        command = last if suite is None else table_command(suite, table.dataset)
        for name in first:
            _once(gap.first, name)
        _once(gap.single if suite is None else gap.suites, command)
    return sorted(found.values(), key=lambda gap: -gap.cells)


def suites_of(dataset: str) -> dict[str, Cells]:
    """The suites of a data set; CelebA has none."""
    if dataset == "celeba":
        return {}
    return {name: specifications(dataset) for name, specifications in SUITES.items()}


def suite_of(specification: Specification, suites: Mapping[str, Cells]) -> str | None:
    """The suite that measures a cell, the bare classifier's with any defense; None if none does."""
    for name, cells in suites.items():
        for one in cells:
            alike = specification.defense in (None, one.defense) and one.n >= specification.n
            if alike and identity(one) == identity(specification):
                return name
    return None


def _empty(table: PaperTable) -> Sequence[Cell]:
    cells = (cell for row in table.rows for cell in row.cells.values())
    return [one for one in cells if one.missing is not None and one.missing.kind != "nothing"]


def _once(commands: list[str], command: str) -> None:
    if command not in commands:
        commands.append(command)
