"""The threads that do jobs: submitted once, shared by all who ask, dropped when old.

A lane is a queue with threads of its own. Jobs of one lane wait for each other and for no other
lane: a picture of a latent space, of which only one may be made at a time, holds up no attack.

Nothing here calls Streamlit; ``app.jobs`` is the side of it that pages see.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app.job import DEFAULT_LANE, Job
from core.types import LabError, OnStep

T = TypeVar("T")


@dataclass
class Jobs:
    """A few worker threads, the jobs they do in order, and the latest finished ones.

    Attributes:
        workers: How many jobs run at a time in the lane ``DEFAULT_LANE``.
        lanes: How many run at a time in every other lane.
        most: How many jobs may wait or run together.
        most_each: How many of them one watcher may have.
        kept: How many finished jobs are remembered, with their results.
        kept_seconds: How long a finished job is remembered.
    """

    workers: int = 2
    lanes: Mapping[str, int] = field(default_factory=dict)
    most: int = 32
    most_each: int = 3
    kept: int = 16
    kept_seconds: float = 900.0
    _jobs: "OrderedDict[str, Job[Any]]" = field(default_factory=OrderedDict)
    _queues: "dict[str, deque[Job[Any]]]" = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        for lane, workers in {DEFAULT_LANE: self.workers, **self.lanes}.items():
            self._queues[lane] = deque()
            for number in range(workers):
                # Daemons, so that a long job does not hold up the end of the server.
                threading.Thread(
                    target=self._work, args=(lane,), name=f"{lane}-{number}", daemon=True
                ).start()

    def submit(
        self,
        key: str,
        function: Callable[[OnStep], T],
        *,
        watcher: str = "",
        abandon_after: float = 120.0,
        lane: str = DEFAULT_LANE,
    ) -> Job[T]:
        """Start a job, or join the one of the same key that waits, runs or is done.

        Args:
            key: Names the work and everything that decides its result.
            function: The work; it calls the callback it is given at every step.
            watcher: Who asks, for the caps and for ``Job.leave``.
            abandon_after: Seconds without a look from any watcher after which the job ends.
            lane: The queue it waits in.

        Raises:
            LabError: Too many jobs wait or run, all together or for this watcher.
            ValueError: There is no such lane.
        """
        if lane not in self._queues:
            raise ValueError(f"unknown lane {lane!r}; choose from {', '.join(self._queues)}")
        with self._changed:
            self._drop()
            job = self._jobs.get(key)
            if job is None or job.ending or job.state in ("failed", "cancelled"):
                self._check_caps(watcher)
                job = Job(key, function, abandon_after, lane)
                self._jobs[key] = job
                self._queues[lane].append(job)
                self._changed.notify_all()
            self._jobs.move_to_end(key)
            if watcher:
                job.join(watcher)
            return job

    def find(self, key: str) -> "Job[Any] | None":
        """The job of this key; None when there is none, or it was dropped."""
        with self._changed:
            self._drop()
            return self._jobs.get(key)

    def forget(self, key: str) -> None:
        """Drop a job that is finished, so that the same key can be submitted afresh."""
        with self._changed:
            job = self._jobs.get(key)
            if job is not None and not job.active:
                del self._jobs[key]

    def before(self, job: "Job[Any]") -> int:
        """How many jobs of its lane wait in front of this one."""
        with self._changed:
            queue = self._queues[job.lane]
            waiting = [other for other in queue if other.state == "waiting"]
            return waiting.index(job) if job in waiting else 0

    def _check_caps(self, watcher: str) -> None:
        active = [job for job in self._jobs.values() if job.active]
        if len(active) >= self.most:
            raise LabError(
                f"The server is busy: {len(active)} computations are running or waiting. "
                "Try again in a minute."
            )
        if watcher and sum(job.watched_by(watcher) for job in active) >= self.most_each:
            raise LabError(
                f"You already have {self.most_each} computations under way. "
                "Wait for one to finish, or cancel one."
            )

    def _drop(self) -> None:
        now = time.monotonic()
        finished = [job for job in self._jobs.values() if not job.active]
        surplus = len(finished) - self.kept
        for number, job in enumerate(finished):
            if number < surplus or now - job.finished_at > self.kept_seconds:
                del self._jobs[job.key]

    def _work(self, lane: str) -> None:
        queue = self._queues[lane]
        while True:
            with self._changed:
                while not queue:
                    self._changed.wait()
                job = queue.popleft()
            job.run()
            del job  # a finished job lives as long as the table keeps it, no longer
