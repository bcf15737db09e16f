"""Stored results: what the first screen and the tables show without computing anything."""

import json
from collections.abc import Iterable
from pathlib import Path

from core.checkpoints import checkpoint_folder
from core.evaluation.specification import Evaluation
from core.types import LabError


def results_folder() -> Path:
    """Where results lie: ``results/`` beside the checkpoints."""
    return checkpoint_folder() / "results"


def store_results(name: str, evaluations: Iterable[Evaluation]) -> Path:
    """Write evaluations to ``results/<name>.json``, in the order given."""
    folder = results_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    rows = [evaluation.as_dict() for evaluation in evaluations]
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({"evaluations": rows}, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)
    return path


def stored_results(name: str) -> tuple[Evaluation, ...]:
    """The evaluations stored under a name; none when nothing is stored.

    Raises:
        LabError: The file is damaged.
    """
    path = results_folder() / f"{name}.json"
    if not path.exists():
        return ()
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["evaluations"]
        return tuple(Evaluation.from_dict(row) for row in rows)
    except (ValueError, KeyError, TypeError) as error:
        raise LabError(
            f"the stored results {path.name} are damaged ({error}); restore them with "
            f"`git checkout checkpoints/results/{path.name}`"
        ) from error
