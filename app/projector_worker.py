"""The server's end of the process that draws pictures of latent spaces.

A process of its own, because the libraries cannot be stopped half way and one of them must not
run twice in a process. It is started as a program, not through ``multiprocessing``, which would
run the dashboard's own start file again in it. Nothing here calls Streamlit.
"""

import json
import logging
import os
import queue
import subprocess
import sys
import threading
import weakref
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, TypeAlias

from app.projector_process import read_floats, write_floats
from app.projector_timings import Course, Timings
from core.analysis.projections import Floats, Projection, ProjectionSpec, check_points
from core.types import LabError, OnStep, Step

ROOT = Path(__file__).resolve().parent.parent
LOOK_SECONDS = 0.1

BROKEN = (
    "The process that draws such pictures ended unexpectedly, perhaps for want of memory. "
    "Try again, or with fewer images."
)

Answer: TypeAlias = dict[str, Any]

logger = logging.getLogger(__name__)


class Projector:
    """Draws pictures in one process that stays, one picture at a time.

    Whoever ends a picture by raising from ``on_step`` ends the process with it; the next picture
    starts a new one. Safe to share between threads.
    """

    def __init__(self, timings: Timings | None = None) -> None:
        self._timings = timings or Timings()
        self._one_at_a_time = threading.Lock()
        self._process: _Process | None = None

    def project(self, points: Floats, spec: ProjectionSpec, on_step: OnStep) -> Projection:
        """Draw a picture; see ``core.analysis.projections.project``.

        Args:
            points: Latents (m, d).
            spec: How.
            on_step: Told ten times a second how far it is; the time is an estimate from earlier
                runs.

        Raises:
            LabError: There is no such picture of these points, or the process broke down.
            Cancelled: ``on_step`` raised it; the process has ended.
        """
        check_points(points, spec)
        while not self._one_at_a_time.acquire(timeout=LOOK_SECONDS):
            on_step(Step(0, 0, stage="waiting for another picture"))
        try:
            answer = self._ask(points, spec, on_step)
            if "failed" in answer:
                logger.error("a picture failed: %s", answer["failed"])
                raise LabError(BROKEN)
        except BaseException:
            self._end()
            raise
        finally:
            self._one_at_a_time.release()
        if "error" in answer:
            raise LabError(answer["error"])
        rest = answer["done"]
        rest["spec"] = ProjectionSpec(**rest["spec"])
        return Projection(coordinates=answer["coordinates"], **rest)

    def close(self) -> None:
        """End the process, and with it the picture it draws; the next one starts another."""
        process = self._process
        if process is not None:
            process.end()

    @property
    def pid(self) -> int | None:
        """Number of the process; None while there is none."""
        process = self._process
        return process.pid if process is not None and process.alive else None

    def _ask(self, points: Floats, spec: ProjectionSpec, on_step: OnStep) -> Answer:
        if self._process is None or not self._process.alive:
            self._end()
            self._process = _Process()
        process = self._process
        course = Course(self._timings, spec, len(points), started=process.ready)
        on_step(course.step())
        if process.ready:
            process.send(points, spec)
        while True:
            answer = process.answer()
            if answer is None:
                on_step(course.step())
            elif "stage" not in answer:
                course.end()
                return answer
            else:
                course.hear(answer)
                if answer.get("stage") == "ready":
                    process.ready = True
                    process.send(points, spec)
                on_step(course.step())

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None
            self._timings.forget_loaded()


class _Process:
    """One run of ``app.projector_process``, and what it has answered."""

    def __init__(self) -> None:
        self.ready = False
        # Many threads in the small products of t-SNE get in each other's way.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.projector_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=environment,
        )
        self.pid = self._process.pid
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        assert self._process.stdout is not None
        threading.Thread(
            target=_listen, args=(self._process.stdout, self._answers), daemon=True
        ).start()
        self._finalizer = weakref.finalize(self, _kill, self._process)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, points: Floats, spec: ProjectionSpec) -> None:
        stream = self._process.stdin
        assert stream is not None
        try:
            stream.write(json.dumps(asdict(spec)).encode() + b"\n")
            write_floats(stream, points)
            stream.flush()
        except OSError as error:
            raise LabError(BROKEN) from error

    def answer(self) -> Answer | None:
        """The next answer; None when none comes in a moment."""
        try:
            return self._answers.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            return None

    def end(self) -> None:
        """End the process now, whatever it does."""
        self._finalizer()


def _listen(stream: IO[bytes], answers: "queue.SimpleQueue[Answer]") -> None:
    with stream:
        try:
            while line := stream.readline():
                answer = json.loads(line)
                if "done" in answer:
                    answer["coordinates"] = read_floats(stream)
                answers.put(answer)
        except ValueError:
            logger.warning("the process that draws pictures broke off in the middle of an answer")
    answers.put({"failed": "the process ended"})


def _kill(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()
    if process.stdin is not None:
        try:
            process.stdin.close()
        except OSError:
            # What was not yet sent is of no use to a process that has ended.
            return
