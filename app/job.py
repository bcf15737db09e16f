"""One piece of long work: its state, its progress, who waits for it, and how it ends."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar

from core.types import Cancelled, LabError, OnStep, Step

T = TypeVar("T")
State: TypeAlias = Literal["waiting", "running", "done", "failed", "cancelled"]

logger = logging.getLogger(__name__)

DEFAULT_LANE = "computations"

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
        stage: What is done at present; empty when there is only one thing to do.
        remaining: Seconds to go as the work itself estimates them; None leaves it to the pace.
    """

    index: int = 0
    of: int = 0
    seconds: float = 0.0
    stage: str = ""
    remaining: float | None = None

    @property
    def fraction(self) -> float:
        """The share that is done, 0.0 to 1.0."""
        return min(1.0, self.index / self.of) if self.of > 0 else 0.0

    @property
    def estimate(self) -> float | None:
        """Seconds still to go: the work's own estimate, else by the pace so far, else None."""
        if self.remaining is not None:
            return self.remaining
        if not 0 < self.index <= self.of:
            return None
        return self.seconds * (self.of - self.index) / self.index


class Job(Generic[T]):
    """One piece of work and what has become of it. Read it from any thread."""

    def __init__(
        self,
        key: str,
        function: Callable[[OnStep], T],
        abandon_after: float,
        lane: str = DEFAULT_LANE,
    ) -> None:
        self.key = key
        self.lane = lane
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
    def ending(self) -> bool:
        """Whether the job still runs, but ends at its next step."""
        return self.active and self._cancel.is_set()

    @property
    def progress(self) -> Progress:
        """How far the job is at this moment."""
        if not self._started_at:
            return Progress()
        end = self.finished_at or time.monotonic()
        step = self._step
        seconds = end - self._started_at
        return Progress(step.index, step.of, seconds, step.stage, step.remaining)

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
