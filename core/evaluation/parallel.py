"""Measure many specifications in parallel processes; what is finished stays finished."""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import replace
from multiprocessing.managers import DictProxy
from pathlib import Path
from typing import TypeAlias

from core.devices import pick_device
from core.evaluation.checking import check
from core.evaluation.engine import evaluate
from core.evaluation.keeping import OnNotice
from core.evaluation.specification import Evaluation, Specification
from core.types import OnStep, Step

Shares: TypeAlias = "DictProxy[int, float]"

LOOK_EVERY_S = 0.5
"""Seconds between two looks at how far the processes are."""

PARTS = 1000
"""The progress of one cell is told in so many parts."""


def measure_all(
    specifications: Sequence[Specification],
    *,
    cache: Path,
    jobs: int | None = None,
    on_step: OnStep | None = None,
    on_notice: OnNotice | None = None,
) -> tuple[Evaluation, ...]:
    """Measure cells, several at a time, each process on one thread.

    One thread sums in one order, so the figures do not depend on the number of processes. Cells
    that share adversarial images are measured one after another, so that these are made once.

    Args:
        specifications: The cells, in the order in which they are returned.
        cache: Folder of finished cells; the same call goes on from there after a kill.
        jobs: Processes; None takes one a core, and a single one on a GPU.
        on_step: Progress over all cells.
        on_notice: Receives sentences such as "out of memory; going on with batches of 16".

    Raises:
        LabError: A cell cannot be measured, which is said before any is; finished ones are kept.
    """
    if jobs is None:
        jobs = 1 if pick_device().type == "cuda" else os.cpu_count() or 1
    for specification in specifications:
        check(specification)
    groups: dict[object, list[int]] = {}
    for index, specification in enumerate(specifications):
        groups.setdefault(_shared(specification), []).append(index)
    found: dict[int, Evaluation] = {}
    # Spawned, not forked: a forked child of a process that has used torch's threads can hang.
    context = multiprocessing.get_context("spawn")
    with (
        context.Manager() as manager,
        ProcessPoolExecutor(max(1, jobs), mp_context=context, initializer=_one_thread) as pool,
    ):
        shares: Shares = manager.dict()
        left: set[Future[tuple[dict[int, Evaluation], list[str]]]] = {
            pool.submit(_measure, [(i, specifications[i]) for i in group], cache, shares)
            for group in groups.values()
        }
        try:
            while left:
                done, left = wait(left, timeout=LOOK_EVERY_S, return_when=FIRST_COMPLETED)
                for future in done:
                    evaluations, notices = future.result()
                    found |= evaluations
                    for notice in notices if on_notice is not None else ():
                        on_notice(notice)  # type: ignore[misc]
                _report(shares, len(specifications), on_step)
        except BaseException:
            # Without this the pool would first measure all that is waiting.
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise
    return tuple(found[index] for index in range(len(specifications)))


def _shared(specification: Specification) -> object:
    """What cells have in common that face the same adversarial images."""
    if specification.threat == "adaptive":
        return specification
    return replace(
        specification,
        classifier=specification.substitute or specification.classifier,
        defence=None,
        threat="oblivious",
        substitute=None,
        surrogates=None,
        draws=1,
    )


def _measure(
    cells: Sequence[tuple[int, Specification]], cache: Path, shares: Shares
) -> tuple[dict[int, Evaluation], list[str]]:
    """Runs in a process of its own: some cells, one after another."""
    found: dict[int, Evaluation] = {}
    notices: list[str] = []
    for index, specification in cells:
        found[index] = evaluate(
            specification,
            on_step=_teller(index, shares),
            on_notice=notices.append,
            cache=cache,
        )
        shares[index] = 1.0
    return found, notices


def _teller(index: int, shares: Shares) -> Callable[[Step], None]:
    """Tells how far a cell is, not more often than anybody looks."""
    last = -1.0

    def tell(step: Step) -> None:
        nonlocal last
        share = step.index / step.of
        if share - last > 1 / PARTS:
            last = share
            shares[index] = share

    return tell


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def _report(shares: Shares, cells: int, on_step: OnStep | None) -> None:
    done = sum(shares.values())
    if on_step is not None and done > 0:
        on_step(Step(max(1, round(PARTS * done)), PARTS * cells, {"cells": float(int(done))}))
