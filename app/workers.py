"""Jobs and the threads that do them: submitted once, shared by all who ask, cancellable.

Nothing here calls Streamlit; ``app.jobs`` is the side of it that pages see.
"""

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from core.types import Cancelled, LabError, OnStep, Step

T = TypeVar("T")
State: TypeAlias = Literal["waiting", "running", "done", "failed", "cancelled"]

logger = logging.getLogger(__name__)

UNEXPECTED = (
    "Something unexpected went wrong. The details are in the server's log; "
    "trying again may help, and the rest of the dashboard goes on."
)


@dataclass(frozen=True)
class Progress:
    """How far a job is.

    Attributes:
        index: Steps done, 0 to ``of``.
        of: How many steps there are; 0 while that is unknown.
        seconds: Time since the job began to run; 0.0 while it waits.
    """

    index: int = 0
    of: int = 0
    seconds: float = 0.0

    @property
    def fraction(self) -> float:
        """The share that is done, 0.0 to 1.0."""
        return min(1.0, self.index / self.of) if self.of > 0 else 0.0

    @property
    def estimate(self) -> float | None:
        """Seconds still to go if the rest runs at the pace so far; None before the first step."""
        if not 0 < self.index <= self.of:
            return None
        return self.seconds * (self.of - self.index) / self.index


class Job(Generic[T]):
    """One piece of work and what has become of it. Read it from any thread."""

    def __init__(self, key: str, function: Callable[[OnStep], T], abandon_after: float) -> None:
        self.key = key
        self.state: State = "waiting"
        self.result: T | None = None
        self.error: str | None = None
        self.finished_at = 0.0
        self._function = function
        self._abandon_after = abandon_after
        self._step = Step(0, 0)
        self._started_at = 0.0
        self._cancel = threading.Event()
        self._lock = threading.Lock()
        self._watchers: dict[str, float] = {}
        self._left: set[str] = set()

    @property
    def active(self) -> bool:
        """Whether the job still waits or runs."""
        return self.state in ("waiting", "running")

    @property
    def progress(self) -> Progress:
        """How far the job is at this moment."""
        if not self._started_at:
            return Progress()
        end = self.finished_at or time.monotonic()
        return Progress(self._step.index, self._step.of, end - self._started_at)

    def join(self, watcher: str) -> None:
        """Ask for the job, also after having left it."""
        with self._lock:
            self._left.discard(watcher)
            self._watchers[watcher] = time.monotonic()

    def watch(self, watcher: str) -> None:
        """Note that somebody is looking; a job nobody has looked at for long is given up."""
        with self._lock:
            if watcher not in self._left:
                self._watchers[watcher] = time.monotonic()

    def watched_by(self, watcher: str) -> bool:
        """Whether this watcher has asked for the job, or looked at it, and has not left it."""
        return watcher in self._watchers

    def left_by(self, watcher: str) -> bool:
        """Whether this watcher has left the job."""
        return watcher in self._left

    def leave(self, watcher: str) -> None:
        """Stop watching; the last one who leaves cancels the job."""
        with self._lock:
            self._watchers.pop(watcher, None)
            self._left.add(watcher)
            nobody = not self._watchers
        if nobody:
            self.cancel()

    def cancel(self) -> None:
        """End the job, for everybody: at once while it waits, at its next step while it runs."""
        self._cancel.set()
        with self._lock:
            if self.state == "waiting":
                self._finish("cancelled")

    def run(self) -> None:
        """Do the work in the calling thread, and keep what came of it."""
        with self._lock:
            if self.state != "waiting":
                return
            self.state, self._started_at = "running", time.monotonic()
        try:
            self._on_step(self._step)
            result = self._function(self._on_step)
        except Cancelled:
            self._finish("cancelled")
        except LabError as error:
            self.error = str(error)
            self._finish("failed")
        except Exception:
            logger.exception("job %s failed", self.key)
            self.error = UNEXPECTED
            self._finish("failed")
        else:
            self.result = result
            self._finish("done")

    def _on_step(self, step: Step) -> None:
        self._step = step
        if self._cancel.is_set() or self._abandoned():
            raise Cancelled("cancelled")

    def _abandoned(self) -> bool:
        with self._lock:
            last = max(self._watchers.values(), default=None)
        return last is not None and time.monotonic() - last > self._abandon_after

    def _finish(self, state: State) -> None:
        self.finished_at = time.monotonic()
        self.state = state


@dataclass
class Jobs:
    """A few worker threads, the jobs they do in order, and the latest finished ones.

    Attributes:
        workers: How many jobs run at a time.
        most: How many jobs may wait or run together.
        most_each: How many of them one watcher may have.
        kept: How many finished jobs are remembered, with their results.
        kept_seconds: How long a finished job is remembered.
    """

    workers: int = 2
    most: int = 8
    most_each: int = 3
    kept: int = 16
    kept_seconds: float = 900.0
    _jobs: "OrderedDict[str, Job[Any]]" = field(default_factory=OrderedDict)
    _queue: "deque[Job[Any]]" = field(default_factory=deque)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        for number in range(self.workers):
            # Daemons, so that a long job does not hold up the end of the server.
            threading.Thread(target=self._work, name=f"job-{number}", daemon=True).start()

    def submit(
        self,
        key: str,
        function: Callable[[OnStep], T],
        *,
        watcher: str = "",
        abandon_after: float = 120.0,
    ) -> Job[T]:
        """Start a job, or join the one of the same key that waits, runs or is done.

        Args:
            key: Names the work and everything that decides its result.
            function: The work; it calls the callback it is given at every step.
            watcher: Who asks, for the caps and for ``Job.leave``.
            abandon_after: Seconds without a look from any watcher after which the job ends.

        Raises:
            LabError: Too many jobs wait or run, all together or for this watcher.
        """
        with self._changed:
            self._drop()
            job = self._jobs.get(key)
            if job is None or job.state in ("failed", "cancelled"):
                self._check_caps(watcher)
                job = Job(key, function, abandon_after)
                self._jobs[key] = job
                self._queue.append(job)
                self._changed.notify()
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
        """How many jobs wait in front of this one."""
        with self._changed:
            waiting = [other for other in self._queue if other.state == "waiting"]
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

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._queue:
                    self._changed.wait()
                job = self._queue.popleft()
            job.run()
            del job  # a finished job lives as long as the table keeps it, no longer
