"""Measure many specifications in parallel processes; what is finished stays finished."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeAlias

from core.devices import pick_device
from core.evaluation.checking import check
from core.evaluation.keeping import OnNotice
from core.evaluation.specification import Evaluation, Specification, bare_of
from core.types import LabError, OnStep, Step

Cell: TypeAlias = tuple[int, Specification]

LOOK_EVERY_S = 0.2
"""Seconds between two looks at how far the processes are."""

PARTS = 1000
"""The progress of one cell is told in so many parts."""

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class _State:
    """What the processes have told so far."""

    shares: dict[int, float] = field(default_factory=dict)
    found: dict[int, Evaluation] = field(default_factory=dict)
    notices: "SimpleQueue[str]" = field(default_factory=SimpleQueue)


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
        on_step: Progress over all cells, with their number so far as ``cells``.
        on_notice: Receives sentences such as "out of memory; going on with batches of 16".

    Raises:
        LabError: A cell cannot be measured, which is said before any is; finished ones are kept.
    """
    for specification in specifications:
        check(specification)
    if jobs is None:
        jobs = 1 if pick_device().type == "cuda" else os.cpu_count() or 1
    groups: dict[object, list[Cell]] = {}
    for index, specification in enumerate(specifications):
        groups.setdefault(_shared(specification), []).append((index, specification))
    waiting: SimpleQueue[list[Cell]] = SimpleQueue()
    for group in groups.values():
        waiting.put(group)
    state = _State()
    workers = [_Worker(cache.resolve(), state) for _ in range(min(max(1, jobs), len(groups)))]
    with ThreadPoolExecutor(max(1, len(workers))) as pool:
        try:
            left = {pool.submit(worker.serve, waiting) for worker in workers}
            while left:
                done, left = wait(left, timeout=LOOK_EVERY_S, return_when=FIRST_EXCEPTION)
                _report(state, len(specifications), on_step, on_notice)
                for future in done:
                    future.result()
        finally:
            # Ends what still runs after an error or a Cancel; the pool's threads follow.
            for worker in workers:
                worker.end()
    return tuple(state.found[index] for index in range(len(specifications)))


def _shared(specification: Specification) -> object:
    """What cells have in common that face the same adversarial images."""
    if specification.threat == "adaptive":
        return specification
    attacked = specification.substitute or specification.classifier
    return replace(bare_of(specification), classifier=attacked)


class _Worker:
    """A process of its own, and the thread that talks to it.

    Not a child of ``multiprocessing``: that runs the main script again, which in the dashboard
    and in its tests is a page.
    """

    def __init__(self, cache: Path, state: _State) -> None:
        self.cache = cache
        self.state = state
        self._ended = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "core.evaluation.process"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def serve(self, waiting: "SimpleQueue[list[Cell]]") -> None:
        """Measure one group of cells after another until none waits.

        Raises:
            LabError: A cell could not be measured, or the process died.
        """
        try:
            while not self._ended.is_set():
                try:
                    group = waiting.get_nowait()
                except Empty:
                    return
                self._measure(group)
        finally:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with suppress(OSError):  # an order that nobody read
                        pipe.close()

    def end(self) -> None:
        """End the process, whatever it does."""
        self._ended.set()
        self._process.kill()
        self._process.wait()

    def _measure(self, group: Sequence[Cell]) -> None:
        order = {
            "cache": str(self.cache),
            "cells": [[index, specification.as_dict()] for index, specification in group],
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(OSError):  # its death is told below
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        for line in self._process.stdout:
            message = json.loads(line)
            if "evaluation" in message:
                index = message["index"]
                self.state.found[index] = Evaluation.from_dict(message["evaluation"])
                self.state.shares[index] = 1.0
            elif "share" in message:
                self.state.shares[message["index"]] = message["share"]
            elif "notice" in message:
                self.state.notices.put(message["notice"])
            elif message["error"] is not None:
                raise LabError(message["error"])
            else:
                return
        if not self._ended.is_set():
            raise LabError(
                "a measuring process ended before its work (was the memory full?); run the same "
                "command again, with --jobs 1 if memory is short: finished cells are kept"
            )


def _report(state: _State, cells: int, on_step: OnStep | None, on_notice: OnNotice | None) -> None:
    while not state.notices.empty():
        sentence = state.notices.get()
        if on_notice is not None:
            on_notice(sentence)
    done = sum(list(state.shares.values()))
    if on_step is not None and done > 0:
        values = {"cells": float(len(state.found))}
        on_step(Step(max(1, round(PARTS * done)), PARTS * cells, values))
