"""The papers' tables with our own figures in them: what is printed, what is measured, what is not.

A printed figure stands beside the measurement of the very same cell or beside the reason why there
is none, with the command that makes it.
"""

from collections.abc import Iterable, Sequence

from core.evaluation.accuracy import Accuracy
from core.evaluation.adaptive_column import adaptive_figures
from core.evaluation.paper_lines import Line, lines_of
from core.evaluation.paper_matching import (
    LEAST_NOISE,
    NOISE,
    TRAINED_ON_ATTACKS,
    find_ours,
    noise_of,
    specification_of,
)
from core.evaluation.paper_model import PAPER_COLUMN, TITLES, Average, Cell, PaperTable, Row
from core.evaluation.printed import Printed, Slide, Table
from core.evaluation.reasons import why_empty
from core.evaluation.slides import DATASETS_OF_SLIDES, find_slide
from core.evaluation.specification import Evaluation, Specification
from core.evaluation.strength import too_weak


def paper_table(dataset: str, table: Table, evaluations: Sequence[Evaluation]) -> PaperTable:
    """Put stored evaluations into a table of the slides.

    Args:
        dataset: A row of ``TABLED``.
        table: A kind of table.
        evaluations: Everything stored of the data set, in any order.
    """
    slide = find_slide(dataset, table)
    columns = _columns(dataset, table)
    rows = tuple(
        Row(line=line, cells=_cells(line, columns, slide, evaluations))
        for line in lines_of(dataset, table)
    )
    return PaperTable(
        dataset=dataset,
        table=table,
        threat={"white-box": "oblivious", "black-box": "transfer", "bpda": "adaptive"}[table],
        slide=slide,
        columns=columns,
        rows=rows,
        averages={column: _average(column, rows, slide) for column in columns},
        adaptive=adaptive_figures(evaluations),
    )


def _columns(dataset: str, table: Table) -> tuple[str, ...]:
    """The columns shown; of CelebA only what is printed."""
    if dataset == "celeba":
        slide = find_slide(dataset, table)
        printed = slide.rows[0].percent if slide else {}
        return tuple(name for name in TITLES if name in printed)
    if dataset not in DATASETS_OF_SLIDES:
        # The slides' rivals were trained for their data sets only.
        rivals = ("defense_gan", *TRAINED_ON_ATTACKS)
        return tuple(name for name in TITLES if name not in rivals)
    if find_slide(dataset, table) is None:
        return tuple(TITLES)
    if table == "bpda":
        return tuple(name for name in TITLES if name not in TRAINED_ON_ATTACKS)
    return tuple(TITLES)


def _cells(
    line: Line, columns: Iterable[str], slide: Slide | None, evaluations: Sequence[Evaluation]
) -> dict[str, Cell]:
    printed = _printed(line, slide)
    cells = {c: _cell(line, c, printed, evaluations) for c in columns if c != NOISE}
    if NOISE in columns:
        attacked = (c.ours for c in cells.values() if c.ours is not None)
        noise = noise_of(line, next(attacked, None))
        cells[NOISE] = _noise_cell(line, noise, evaluations)
    return {column: cells[column] for column in columns}


def _cell(
    line: Line, column: str, printed: Printed | None, evaluations: Sequence[Evaluation]
) -> Cell:
    paper = _paper(line, column, printed)
    wanted = specification_of(line, column)
    if wanted is None:
        return Cell(paper=paper, missing=why_empty(line, column, None))
    bare = column == "none"
    ours = find_ours(wanted, evaluations, any_defense=bare)
    alone = bare or column in TRAINED_ON_ATTACKS
    accuracy = None if ours is None else _accuracy(ours, alone)
    if ours is None or accuracy is None:
        return Cell(paper=paper, specification=wanted, missing=why_empty(line, column, wanted))
    weak = ""
    # A classifier trained on attacks resists them: that does not make them weak.
    if line.table == "white-box" and ours.attacked is not None and (bare or not alone):
        weak = too_weak(ours.specification, ours.attacked) or ""
    # The warnings of an evaluation are about its defense; the bare classifier has none of them.
    warnings = () if alone else tuple(warning for warning in ours.warnings if warning != weak)
    return Cell(
        paper=paper,
        ours=ours,
        accuracy=accuracy,
        specification=wanted,
        weak=weak,
        warnings=warnings,
    )


def _noise_cell(
    line: Line, wanted: Specification | None, evaluations: Sequence[Evaluation]
) -> Cell:
    ours = None
    if wanted is not None:
        ours = find_ours(wanted, evaluations, any_defense=True, least=LEAST_NOISE)
    if ours is None or ours.attacked is None:
        return Cell(specification=wanted, missing=why_empty(line, NOISE, wanted))
    return Cell(ours=ours, accuracy=ours.attacked, specification=wanted)


def _printed(line: Line, slide: Slide | None) -> Printed | None:
    """The printed row of a line; any row of its classifier for clean images."""
    if slide is None:
        return None
    for row in slide.rows:
        same = row.attack == line.attack and row.substitute == line.substitute
        if (same or line.attack is None) and row.classifier in (line.classifier, None):
            return row
    return None


def _paper(line: Line, column: str, printed: Printed | None) -> float | None:
    if printed is None or column not in PAPER_COLUMN:
        return None
    if line.attack is None:
        return printed.percent.get("clean") if column == "none" else None
    return printed.percent.get(PAPER_COLUMN[column])


def _accuracy(ours: Evaluation, bare: bool) -> Accuracy | None:
    """The accuracy of an evaluation that a cell shows."""
    if ours.specification.attack is None:
        return ours.clean if bare else ours.clean_defended
    return ours.attacked if bare else ours.robust


def _average(column: str, rows: Sequence[Row], slide: Slide | None) -> Average:
    cells = [row.cells[column] for row in rows if row.line.judged]
    values = [100 * cell.accuracy.value for cell in cells if cell.accuracy is not None]
    whole = bool(values) and len(values) == len(cells)
    return Average(
        paper=_printed_average(column, slide),
        ours=sum(values) / len(values) if whole else None,
        measured=len(values),
        counting=sum(cell.accuracy is not None and not cell.weak for cell in cells),
        rows=len(cells),
    )


def _printed_average(column: str, slide: Slide | None) -> float | None:
    """The printed last line; a table of one figure is its own average."""
    if slide is None or column not in PAPER_COLUMN:
        return None
    name = PAPER_COLUMN[column]
    only = slide.rows[0].percent.get(name) if len(slide.rows) == 1 else None
    return slide.averages.get(name, only)
