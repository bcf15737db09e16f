"""A table as files: CSV with one line a cell, JSON with everything behind every cell."""

import csv
import io
import json
from dataclasses import asdict
from typing import Any

from core.evaluation.accuracy import Accuracy
from core.evaluation.adaptive_column import AdaptiveFigure
from core.evaluation.paper_model import TITLES, Cell, PaperTable
from core.evaluation.slides import SOURCE

FIELDS = (
    *("dataset", "table", "threat", "attack", "parameters", "classifier", "substitute"),
    *("compared", "defense", "paper", "ours", "low", "high", "n", "difference", "counts"),
    *("mean_l2", "mean_linf", "warnings", "missing", "command", "hours"),
)
"""The columns of the CSV; accuracies are in percent."""


def table_csv(table: PaperTable) -> str:
    """One line a cell, the printed and the measured figure side by side, then the adaptive ones."""
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, restval="", lineterminator="\n")
    writer.writeheader()
    for line in table_lines(table):
        writer.writerow({name: _plain(value) for name, value in line.items()})
    return text.getvalue()


def table_json(table: PaperTable) -> str:
    """The same lines with the whole evaluation behind each, the averages and the footnotes."""
    lines = table_lines(table)
    evaluations = [cell.ours for row in table.rows for cell in row.cells.values()]
    for line, ours in zip(lines, evaluations, strict=False):
        line["evaluation"] = None if ours is None else ours.as_dict()
    behind = [[one.as_dict() for one in figure.evaluations] for figure in table.adaptive]
    for line, found in zip(lines[len(evaluations) :], behind, strict=True):
        line["evaluations"] = found
    document = {
        "dataset": table.dataset,
        "table": table.table,
        "threat": table.threat,
        "paper": SOURCE,
        "unit": "percent of images classified right; intervals are Wilson's at 95 %",
        "lines": lines,
        "averages": {column: asdict(average) for column, average in table.averages.items()},
        "footnotes": [asdict(footnote) for footnote in table.footnotes],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def table_lines(table: PaperTable) -> list[dict[str, Any]]:
    """Every cell as plain values, row by row, then every adaptive figure."""
    lines = []
    for row in table.rows:
        for column, cell in row.cells.items():
            lines.append(
                {
                    "dataset": table.dataset,
                    "table": table.table,
                    "threat": row.line.threat,
                    "attack": row.line.attack or "none",
                    "parameters": dict(row.line.parameters),
                    "classifier": row.line.classifier,
                    "substitute": row.line.substitute,
                    "compared": row.line.judged,
                    "defense": TITLES[column],
                    **_figures(cell),
                }
            )
    return lines + [_adaptive_line(table, figure) for figure in table.adaptive]


def _figures(cell: Cell) -> dict[str, Any]:
    difference, ours, missing = cell.difference, cell.ours, cell.missing
    return {
        "paper": cell.paper,
        **_accuracy(cell.accuracy),
        "difference": None if difference is None else round(difference, 2),
        "counts": None if cell.accuracy is None else not cell.weak,
        "mean_l2": None if ours is None else ours.mean_l2,
        "mean_linf": None if ours is None else ours.mean_linf,
        "warnings": [warning for warning in (cell.weak, *cell.warnings) if warning],
        "missing": "" if missing is None else missing.reason,
        "command": "" if missing is None else " && ".join(missing.commands),
        "hours": None if missing is None else missing.hours,
    }


def _adaptive_line(table: PaperTable, figure: AdaptiveFigure) -> dict[str, Any]:
    return {
        "dataset": table.dataset,
        "table": table.table,
        "threat": "adaptive",
        "attack": "; ".join(figure.attacks),
        "parameters": {"norm": figure.norm, "epsilon": figure.epsilon},
        "classifier": figure.classifier,
        "compared": False,
        "defense": TITLES.get(figure.defense, figure.defense),
        **_accuracy(figure.accuracy),
        "warnings": list(figure.warnings),
    }


def _accuracy(accuracy: Accuracy | None) -> dict[str, Any]:
    if accuracy is None:
        return {"ours": None, "low": None, "high": None, "n": None}
    low, high = accuracy.interval
    percents = {"ours": accuracy.value, "low": low, "high": high}
    return {name: round(100 * value, 2) for name, value in percents.items()} | {"n": accuracy.n}


def _plain(value: object) -> object:
    """A value as a CSV has it: empty for nothing, one text for several."""
    if isinstance(value, dict):
        return " ".join(f"{name}={part}" for name, part in value.items())
    if isinstance(value, list):
        return " ".join(value)
    return "" if value is None else value
