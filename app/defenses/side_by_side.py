"""The table of all defenses behind one classifier, from stored results alone."""

import csv
import io
from html import escape

import streamlit as st

from app.defenses.settings import PAGE
from app.stored import stored_suites
from core.defenses import DEFENSES
from core.evaluation import COMPARED
from core.evaluation.cells import DRAWS
from core.evaluation.commands import table_command
from core.evaluation.results import OUTDATED
from core.evaluation.side_by_side import (
    Column,
    Figure,
    SideBySide,
    side_by_side,
)
from core.evaluation.side_by_side_text import column_title, row_title
from core.models import classifier_title
from core.system import JUDGED_DRAWS

STYLE = """
<style>
.sides { overflow-x: auto; --line: color-mix(in srgb, currentColor 18%, transparent); }
.sides table { border-collapse: separate; border-spacing: 3px 2px; width: 100%;
  font-variant-numeric: tabular-nums; }
.sides th, .sides td { border: 0; padding: 0.3rem 0.35rem; text-align: left; line-height: 1.25;
  vertical-align: top; min-width: 4.3rem; }
.sides thead th { font-size: 0.85rem; font-weight: 650; vertical-align: bottom; }
.sides thead tr:last-child th { border-bottom: 2px solid var(--line); }
.sides thead .kind { font-weight: 500; opacity: 0.8; border-bottom: 1px solid var(--line); }
.sides tbody th { font-weight: 650; font-size: 0.9rem; position: sticky; left: 0;
  backdrop-filter: blur(8px); min-width: 7.5rem; }
.sides td { border-radius: 5px; background: color-mix(in srgb, currentColor 4%, transparent); }
.sides td.best { background: color-mix(in srgb, #11967A 26%, transparent); }
.sides td.weak { background-image: repeating-linear-gradient(-45deg,
  color-mix(in srgb, currentColor 13%, transparent) 0 2px, transparent 2px 8px); }
.sides td b { font-weight: 650; }
.sides small { display: block; font-size: 0.74rem; opacity: 0.78; white-space: nowrap; }
.sides .bare td, .sides .bare th { border-bottom: 2px solid var(--line); }
</style>
"""


def show_side_by_side(dataset: str, classifier: str) -> None:
    """Draw the table, or the command that measures it.

    Args:
        dataset: A row of ``DATASETS``.
        classifier: Who stands behind the defenses.
    """
    st.header("All defenses, measured", divider="gray", anchor="measured")
    evaluations, problems = stored_suites(dataset, COMPARED)
    for problem in problems:
        st.warning(problem, icon=":material/warning:")
    table = side_by_side(dataset, classifier, evaluations)
    if not table.measured:
        st.info(
            "Nothing is stored of this data set and classifier yet. "
            f"`{table_command('white-box', dataset)}` measures it.",
            icon=":material/table_chart:",
        )
        return
    st.html(table_html(table))
    st.caption(words_below(table))
    st.download_button(
        "Table as CSV",
        table_csv(table),
        file_name=f"{dataset}-{classifier}-defenses.csv",
        mime="text/csv",
        icon=":material/download:",
        key=f"{PAGE}_sides_csv",
        on_click="ignore",
    )


def table_html(table: SideBySide) -> str:
    """The table; the best defense of each attack is marked."""
    blind = sum(column.attack is not None and not column.knows for column in table.columns)
    knowing = sum(column.knows for column in table.columns)
    kinds = '<th></th><th class="kind">no attacker</th>'
    kinds += f'<th class="kind" colspan="{blind}">attacker does not see the defense</th>'
    if knowing:
        kinds += f'<th class="kind" colspan="{knowing}">attacker knows the defense</th>'
    heads = "".join(
        f'<th scope="col">{escape(column_title(column))}'
        f"{'<small>too weak to count</small>' if column.weak else ''}</th>"
        for column in table.columns
    )
    best = [table.best(place) for place in range(len(table.columns))]
    body = "".join(
        f'<tr class="{"" if name else "bare"}"><th scope="row">{escape(row_title(name))}</th>'
        + "".join(
            _cell(figure, column, best=name is not None and name == best[place])
            for place, (figure, column) in enumerate(zip(row, table.columns, strict=True))
        )
        + "</tr>"
        for name, row in table.rows.items()
    )
    label = f"Accuracy behind classifier {classifier_title(table.classifier)} in percent"
    return (
        f'{STYLE}<div class="sides"><table aria-label="{escape(label)}"><thead><tr>{kinds}</tr>'
        f'<tr><th scope="col">Defense</th>{heads}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _cell(figure: Figure | None, column: Column, *, best: bool) -> str:
    if figure is None:
        return '<td><small title="Not measured yet">–</small></td>'
    kind = "weak" if column.weak else "best" if best else ""
    low, high = figure.accuracy.interval
    mark = ""
    if figure.warnings:
        mark = f' <span title="{escape(" ".join(figure.warnings))}">?</span>'
    return (
        f'<td class="{kind}"><b>{100 * figure.accuracy.value:.1f}</b>{mark}'
        f"<small>{100 * low:.1f}–{100 * high:.1f}</small></td>"
    )


def words_below(table: SideBySide) -> str:
    """What the figures are, and what they are not."""
    told = [
        f"Right answers in percent behind classifier {classifier_title(table.classifier)}, with "
        f"95 % intervals: {_counts(table)} of the test images. Green is the best defense of a "
        "column."
    ]
    if any(column.weak for column in table.columns):
        told.append("A hatched column does not count: its attack is too weak without a defense.")
    if any(name and name not in DEFENSES for name in table.rows):
        told.append(
            "A classifier trained on attacks stands without a defense: once attacked itself, with "
            "nothing hidden in any column, once with the very images that the defenses get. "
            "Without a budget an attack always reaches it, only further away."
        )
    if any(column.knows for column in table.columns):
        told.append(
            "Of a defense only the last columns say how robust it is: the others attack a "
            "classifier and meet a defense they have never seen. A question mark stands for "
            "warnings about the figure."
        )
        told += [*_random_words(table), *sorted(_examined(table))]
    else:
        told.append(
            "None of these attackers knows the defense, so none of these figures is robustness: "
            f"`{table_command('adaptive', table.dataset)}` measures it (for the first classifier)."
        )
    return " ".join(told)


def _random_words(table: SideBySide) -> list[str]:
    """How often the defenses that draw at random are drawn, where an attacker knows them."""
    knowing = [place for place, column in enumerate(table.columns) if column.knows]
    drawn = [
        f"{row_title(name)} {DRAWS.get(str(name), 1)}"
        for name, row in table.rows.items()
        if name is not None
        and name in DEFENSES
        and DEFENSES[name].random
        and any(row[place] for place in knowing)
    ]
    if not drawn:
        return []
    return [
        f"Draws that such an attacker averages in every gradient of a random defense: "
        f"{', '.join(drawn)}; an image has fallen when most of {JUDGED_DRAWS} draws fail."
    ]


def _counts(table: SideBySide) -> str:
    """On how many images, from fewest to most."""
    found = {figure.accuracy.n for row in table.rows.values() for figure in row if figure}
    return " to ".join(f"{n:,}" for n in sorted({min(found), max(found)}))


def _examined(table: SideBySide) -> set[str]:
    """Every warning with its defense; those of age together."""
    told = [
        (name, warning)
        for name, row in table.rows.items()
        for figure in row
        if figure
        for warning in figure.warnings
    ]
    old = sum(warning.startswith(OUTDATED) for _, warning in told)
    found = {f"{row_title(name)}: {one}" for name, one in told if not one.startswith(OUTDATED)}
    if old:
        found.add(
            f"{old} of the figures with a question mark belong to earlier weights of their "
            "networks and wait to be measured again."
        )
    return found


def table_csv(table: SideBySide) -> str:
    """The table for a spreadsheet: one line a cell."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(
        (
            "defense",
            "attack",
            "attacker",
            "correct",
            "images",
            "accuracy",
            "low",
            "high",
            "warnings",
        )
    )
    for name, row in table.rows.items():
        for column, figure in zip(table.columns, row, strict=True):
            if figure is None:
                continue
            low, high = figure.accuracy.interval
            attacker = "knows" if column.knows else "blind" if column.attack else "none"
            writer.writerow(
                (
                    name or "none",
                    column_title(column),
                    attacker,
                    figure.accuracy.correct,
                    figure.accuracy.n,
                    round(figure.accuracy.value, 4),
                    round(low, 4),
                    round(high, 4),
                    " ".join((column.weak, *figure.warnings)).strip(),
                )
            )
    return file.getvalue()
