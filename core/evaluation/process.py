"""A process that measures cells for another: ``python -m core.evaluation.process``.

Each line on its input is a list of cells, ``{"cache", "cells": [[index, specification], ...]}``.
It answers in lines too: ``index`` with ``share`` for progress, ``index`` with ``evaluation`` for a
finished cell, ``notice`` for a sentence, and ``end`` after the last cell, with ``error`` if one
could not be measured. The input's end is its own.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from core.evaluation.engine import evaluate
from core.evaluation.parallel import PARTS
from core.evaluation.specification import Specification
from core.types import LabError, Step

Tell = Callable[[dict[str, Any]], None]


def main(orders: TextIO, answers: TextIO) -> None:
    """Measure what is asked for until nothing more is."""
    import torch

    # One thread sums in one order, whatever else runs.
    torch.set_num_threads(1)

    def tell(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    for line in orders:
        order = json.loads(line)
        error = None
        try:
            for index, values in order["cells"]:
                _measure(int(index), Specification.from_dict(values), Path(order["cache"]), tell)
        except (LabError, ValueError) as problem:
            error = str(problem)
        tell({"end": True, "error": error})


def _measure(index: int, specification: Specification, cache: Path, tell: Tell) -> None:
    last = 0.0

    def on_step(step: Step) -> None:
        nonlocal last
        share = step.index / step.of
        if share - last > 1 / PARTS:
            last = share
            tell({"index": index, "share": share})

    evaluation = evaluate(
        specification,
        on_step=on_step,
        on_notice=lambda sentence: tell({"notice": sentence}),
        cache=cache,
    )
    tell({"index": index, "evaluation": evaluation.as_dict()})


if __name__ == "__main__":
    stdout = sys.stdout
    sys.stdout = sys.stderr  # what a library prints is no answer
    main(sys.stdin, stdout)
