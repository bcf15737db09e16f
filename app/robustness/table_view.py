"""A table of the slides as HTML: the printed figure and ours in each cell, coloured by difference.

On a wide screen it is a table; on a phone every row becomes a card, so that nothing is cut off.
"""

from collections.abc import Mapping, Sequence
from html import escape

from app.robustness.names import (
    GROUP_NOTES,
    classifier_title,
    column_note,
    group_title,
    inline,
    with_threat,
)
from app.robustness.table_style import STYLE
from core.evaluation.accuracy import Accuracy
from core.evaluation.paper_lines import Line
from core.evaluation.paper_model import TITLES, Average, Cell, PaperTable, Row
from core.evaluation.slides import DATASETS_OF_SLIDES

CLOSE = 0.5
"""Percentage points within which two figures count as the same."""

FULL = 15.0
"""Points of difference at which the colour is at its strongest."""

BARE = "none"
"""The column without a defense, where a lower figure is a stronger attack and not a failure."""


def table_html(table: PaperTable) -> str:
    """The whole table."""
    marks = footnote_marks(table)
    head = "".join(
        f'<th scope="col" class="{_paper_only(table, column)}">{escape(TITLES[column])}'
        f"<small>{escape(column_note(table, column))}</small></th>"
        for column in table.columns
    )
    body = "".join(_group(table, rows, marks) for rows in _groups(table.rows))
    return (
        f'{STYLE}<div class="paper"><table aria-label="{escape(with_threat(table))}">'
        f'<thead><tr><th scope="col">Classifier</th>{head}</tr></thead>'
        f"<tbody>{body}{_averages(table, marks)}</tbody></table>"
        f"{_legend(table)}</div>"
    )


WEAK = '<span><i class="weak"></i>does not count: the attack is too weak</span>'

LEGEND = (
    '<span><i style="--d:70%" class="up"></i>▲ ours is higher than the '
    'slides\'</span><span><i style="--d:70%" class="down"></i>▼ ours is lower</span>'
    f"<span><i></i>= within half a point</span>{WEAK}"
    "<span>No defense has no colour: lower there is a stronger attack</span>"
)


def _legend(table: PaperTable) -> str:
    """What the looks of the cells mean, as far as there are any."""
    compared = any(cell.paper is not None for cell in table.measured)
    weak = any(cell.weak for cell in table.measured)
    told = LEGEND if compared else WEAK if weak else ""
    return f'<div class="legend">{told}</div>' if told else ""


def footnote_marks(table: PaperTable) -> Mapping[tuple[str, str | None, str], int]:
    """The number of the footnote of every figure that has one, by attack, classifier, column."""
    return {
        cell: number
        for number, footnote in enumerate(table.footnotes, start=1)
        for cell in footnote.cells
    }


def tone(difference: float | None, *, plain: bool = False) -> tuple[str, str, int]:
    """How a difference looks.

    Args:
        difference: In percentage points; None where one of the figures is missing.
        plain: Without colour: where higher is neither better nor worse.

    Returns:
        The class of the cell, the words, and the strength of the colour in percent.
    """
    if difference is None:
        return "", "", 0
    if abs(difference) <= CLOSE:
        return "same", f"= {difference:+.1f}".replace("-", "−"), 0
    strength = round(100 * min(1.0, abs(difference) / FULL))
    sign, kind = ("▲", "up") if difference > 0 else ("▼", "down")
    words = f"{sign} {abs(difference):.1f}"
    return ("same", words, 0) if plain else (kind, words, max(strength, 12))


def _groups(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows of the same attack together."""
    groups: list[list[Row]] = []
    for row in rows:
        key = (row.line.attack, row.line.parameters)
        if groups and (groups[-1][0].line.attack, groups[-1][0].line.parameters) == key:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _group(
    table: PaperTable, rows: Sequence[Row], marks: Mapping[tuple[str, str | None, str], int]
) -> str:
    line = rows[0].line
    note = "; ".join(part for part in (_group_note(line), _sizes(rows)) if part)
    title = (
        f'<tr class="group"><th scope="rowgroup" colspan="{len(table.columns) + 1}">'
        f"{escape(group_title(line))}{f'<small>{escape(note)}</small>' if note else ''}</th></tr>"
    )
    return title + "".join(_row(table, row, marks) for row in rows)


def _group_note(line: Line) -> str:
    if line.attack is None:
        return "the bare classifier, and what each defense costs"
    slides = line.dataset in DATASETS_OF_SLIDES
    if line.attack == "fgsm" and not line.judged and slides:
        return GROUP_NOTES["beside" if line.substitute is None else "papernot"]
    return GROUP_NOTES.get(f"{line.attack}-{line.dataset}", GROUP_NOTES.get(line.attack, ""))


def _sizes(rows: Sequence[Row]) -> str:
    """How large the changes of an attack without a budget are, row by row."""
    if rows[0].line.attack is None or "epsilon" in dict(rows[0].line.parameters):
        return ""
    found = [
        next((c.ours.mean_l2 for c in row.cells.values() if c.ours and c.ours.mean_l2), None)
        for row in rows
    ]
    if not any(found):
        return ""
    told = ", ".join("–" if size is None else f"{size:.2f}" for size in found)
    return f"mean L2 of the changes: {told}"


def _row(table: PaperTable, row: Row, marks: Mapping[tuple[str, str | None, str], int]) -> str:
    place = (str(row.line.attack), row.line.classifier)
    cells = "".join(
        _cell(cell, column, marks.get((*place, column)), _paper_only(table, column))
        for column, cell in row.cells.items()
    )
    name = classifier_title(row.line)
    html = f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>'
    warnings = row_warnings(row)
    if warnings:
        said = "".join(f"<div>? {inline(warning)}</div>" for warning in warnings)
        html += f'<tr class="warnings"><td colspan="{len(table.columns) + 1}">{said}</td></tr>'
    return html


def row_warnings(row: Row) -> list[str]:
    """Every warning about a row's figures once, with the defense where it is not about all."""
    told: dict[str, list[str]] = {}
    for column, cell in row.cells.items():
        for warning in (cell.weak, *cell.warnings):
            if warning:
                told.setdefault(warning, []).append(TITLES[column])
    return [
        warning if len(names) > 1 else f"{names[0]}: {warning}" for warning, names in told.items()
    ]


def _cell(cell: Cell, column: str, footnote: int | None, extra: str) -> str:
    kind, words, strength = tone(cell.difference, plain=column == BARE)
    note = f"<sup>{footnote}</sup>" if footnote else ""
    weak = " weak" if cell.weak else ""
    void = " void" if cell.accuracy is None and cell.paper is None else ""
    content = ""
    if cell.accuracy is not None:
        content = f'<b title="{escape(details(cell))}">{percent(cell.accuracy)}</b>'
        content += f"<small>{interval(cell.accuracy)}</small>"
    elif cell.missing is not None:
        kind_of = "–" if cell.missing.kind == "nothing" else cell.missing.kind
        content = f'<small class="why">{kind_of}</small>'
    if cell.paper is not None:
        alone = "" if cell.accuracy is not None else " alone"
        content += (
            f'<span class="print{alone}">paper&nbsp;<em>{cell.paper:.2f}</em>{note} '
            f"<i>{words}</i></span>"
        )
    return (
        f'<td class="{kind}{weak}{void} {extra}" style="--d:{strength}%" '
        f'data-column="{escape(TITLES[column])}">'
        f"{content}</td>"
    )


def details(cell: Cell) -> str:
    """What else is known of a measured cell, for a tooltip."""
    assert cell.accuracy is not None
    words = [f"{cell.accuracy.correct:,} of {cell.accuracy.n:,} images right"]
    if cell.ours is not None and cell.ours.mean_l2 is not None:
        words.append(f"mean L2 {cell.ours.mean_l2:.2f}, mean Linf {cell.ours.mean_linf:.2f}")
    return "; ".join(words)


def percent(accuracy: Accuracy) -> str:
    """An accuracy in percent, one decimal."""
    return f"{100 * accuracy.value:.1f}"


def interval(accuracy: Accuracy) -> str:
    """Its interval, in percent; it does not break."""
    low, high = accuracy.interval
    return f"{100 * low:.1f}\u2060–\u2060{100 * high:.1f}"


def _averages(table: PaperTable, marks: Mapping[tuple[str, str | None, str], int]) -> str:
    """The last line; without a figure of any kind there is none."""
    if not any(one.paper is not None or one.ours is not None for one in table.averages.values()):
        return ""
    cells = "".join(
        _average(average, column, marks.get(("average", None, column)))
        for column, average in table.averages.items()
    )
    return (
        f'<tr class="group"><th scope="rowgroup" colspan="{len(table.columns) + 1}">Average'
        "<small>over the rows that are compared</small></th></tr>"
        f'<tr class="average"><th scope="row">all</th>{cells}</tr>'
    )


def _average(average: Average, column: str, footnote: int | None) -> str:
    kind, words, strength = tone(average.difference, plain=column == BARE)
    note = f"<sup>{footnote}</sup>" if footnote else ""
    content = ""
    if average.ours is not None:
        content = f"<b>{average.ours:.1f}</b>"
        all_count = average.counting == average.rows
        count = (
            f"{average.rows} rows" if all_count else f"{average.counting} of {average.rows} count"
        )
        content += f"<small>{count}</small>"
    elif average.measured:
        content = f'<small class="why">{average.measured} of {average.rows} measured</small>'
    if average.paper is not None:
        content += f'<span class="print">paper&nbsp;{average.paper:.2f}{note} <i>{words}</i></span>'
    return (
        f'<td class="{kind}{"" if content else " void"}" style="--d:{strength}%" '
        f'data-column="{escape(TITLES[column])}">{content}</td>'
    )


def _paper_only(table: PaperTable, column: str) -> str:
    """The class of a column that holds nothing of ours."""
    cells = [row.cells[column] for row in table.rows]
    empty = all(cell.specification is None and cell.accuracy is None for cell in cells)
    return "slim" if empty and len(table.columns) > 4 else ""
