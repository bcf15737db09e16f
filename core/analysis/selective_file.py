"""Stored measurements of selective classifiers: one file a subject, row by row."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.analysis.selective_bench import Row
from core.analysis.storage import DAMAGE, damaged, replace_file
from core.checkpoints import find_row
from core.evaluation.results import results_folder
from core.selective import STATISTICS, Statistics

FORMAT = 1
"""Counts up whenever a row means something else; older files are then measured again."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is measured.

    Attributes:
        subject: A row of ``MEASURES``.
        dataset: A row of ``DATASETS``.
        name: The checkpoint of a selective classifier.
        split: Where the images come from.
        n: How many, from the start of the split.
        seed: Of everything random.
    """

    subject: str
    dataset: str
    name: str
    split: str = "test"
    n: int
    seed: int = 0


@dataclass(frozen=True, eq=False, kw_only=True)
class Measured:
    """What was found out, as far as it has come.

    Attributes:
        about: What was measured.
        thresholds: The limits it was measured with, by name.
        sha256: Of the checkpoint.
        rows: One for each job of the subject, in order.
        complete: Whether there is one for every job.
    """

    about: Subject
    thresholds: Mapping[str, float]
    sha256: str
    rows: tuple[Row, ...]
    complete: bool

    @property
    def outdated(self) -> bool:
        """Whether the checkpoint has other weights by now, or another usual limit of its error."""
        row = find_row(self.about.dataset, self.about.name)
        if row.sha256 != self.sha256:
            return True
        known = row.figures.get(STATISTICS)
        return known is not None and Statistics(**known).output_limit() != self.thresholds["output"]


def measured_file(dataset: str, name: str, subject: str) -> Path:
    """Where a subject lies."""
    return results_folder() / "selective" / f"{dataset}-{name}-{subject}.json"


def store_measured(measured: Measured) -> Path:
    """Write a subject, whole or not at all, in place of what was there."""
    about = measured.about
    values = {
        "format": FORMAT,
        "about": vars(about),
        "thresholds": dict(measured.thresholds),
        "sha256": measured.sha256,
        "complete": measured.complete,
    }
    head = json.dumps(values, separators=(", ", ": "))[:-1]
    rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in measured.rows)
    text = f'{head}, "rows": [\n{rows}\n]}}\n'
    path = measured_file(about.dataset, about.name, about.subject)
    replace_file(path, lambda partial: partial.write_text(text, encoding="utf-8"))
    return path


def stored_measured(dataset: str, name: str, subject: str) -> Measured | None:
    """A subject as it is stored; None when it is not, or in an older format.

    Raises:
        LabError: The file is damaged.
    """
    path = measured_file(dataset, name, subject)
    if not path.exists():
        return None
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            return None
        return Measured(
            about=Subject(**values["about"]),
            thresholds=values["thresholds"],
            sha256=values["sha256"],
            rows=tuple(values["rows"]),
            complete=values["complete"],
        )
    except DAMAGE as error:
        raise damaged(path, error) from error
