"""Stored results: what the first screen and the tables show without computing anything.

``results/<name>.json`` holds what a rerun with the same seed gives again; ``results/times/`` holds
when, where and how fast it was measured.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.checkpoints import checkpoint_folder, checkpoint_rows
from core.evaluation.specification import TIMES, Evaluation
from core.types import LabError


def results_folder() -> Path:
    """Where results lie: ``results/`` beside the checkpoints."""
    return checkpoint_folder() / "results"


def store_results(name: str, evaluations: Iterable[Evaluation]) -> Path:
    """Write evaluations to ``results/<name>.json``, in the order given.

    Raises:
        LabError: The disk is full or may not be written; what was stored before is untouched.
    """
    rows = [evaluation.as_dict() for evaluation in evaluations]
    times = [{key: row.pop(key) for key in TIMES} for row in rows]
    folder = results_folder()
    path = folder / f"{name}.json"
    try:
        _write(path, "evaluations", rows)
        _write(folder / "times" / path.name, "times", times)
    except OSError as error:
        raise LabError(
            f"{path.name} could not be written ({error}); make room and run the same command "
            "again: finished cells are kept in runs/evaluation"
        ) from error
    return path


def stored_results(name: str) -> tuple[Evaluation, ...]:
    """The evaluations stored under a name; none when nothing is stored.

    A cell that was measured on other weights than the present ones has that among its warnings.

    Raises:
        LabError: The file is damaged.
    """
    path = results_folder() / f"{name}.json"
    if not path.exists():
        return ()
    try:
        rows = _read(path, "evaluations")
        times_file = path.parent / "times" / path.name
        times = _read(times_file, "times") if times_file.exists() else []
        if len(times) != len(rows):
            times = [{}] * len(rows)
        found = [
            Evaluation.from_dict({**row, **time}) for row, time in zip(rows, times, strict=True)
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LabError(
            f"the stored results {path.name} are damaged ({error}); restore them with "
            f"`git checkout checkpoints/results`"
        ) from error
    present = {(row.dataset, row.name): row.sha256 for row in checkpoint_rows()}
    return tuple(_with_age(evaluation, present) for evaluation in found)


def outdated(evaluation: Evaluation, present: Mapping[tuple[str, str], str]) -> tuple[str, ...]:
    """Names of the checkpoints that have other weights now than when it was measured.

    Args:
        evaluation: A stored cell.
        present: sha256 of the checkpoints by data set and name.
    """
    dataset = evaluation.specification.dataset
    return tuple(
        name
        for name, sha256 in evaluation.hashes.items()
        if present.get((dataset, name), sha256) != sha256
    )


OUTDATED = "Measured on other weights of "
"""How the warning of a cell begins that belongs to earlier weights."""


def is_outdated(evaluation: Evaluation) -> bool:
    """Whether a stored cell was measured on other weights than the present ones."""
    return any(warning.startswith(OUTDATED) for warning in evaluation.warnings)


def _with_age(evaluation: Evaluation, present: Mapping[tuple[str, str], str]) -> Evaluation:
    names = outdated(evaluation, present)
    if not names:
        return evaluation
    warning = f"{OUTDATED}{' and '.join(names)} than the present ones: measure it again."
    return replace(evaluation, warnings=(*evaluation.warnings, warning))


def _write(path: Path, title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    try:
        # A line a row: few blanks, and a comparison names the rows that changed.
        lines = ",\n".join(json.dumps(row) for row in rows)
        partial.write_text(f'{{"{title}": [\n{lines}\n]}}\n', encoding="utf-8")
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def _read(path: Path, title: str) -> list[dict[str, Any]]:
    content = json.loads(path.read_text(encoding="utf-8"))[title]
    return [dict(row) for row in content]
