"""How long pictures of latent spaces take on this machine, learnt from those it has made."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.analysis.projections import ProjectionSpec
from core.analysis.storage import cached_file, replace_file
from core.types import Step

START: Mapping[str, float] = {
    "ready": 5.0,
    "loading tsne": 5.0,
    "loading umap": 20.0,
    "drawing tsne": 5e-3,
    "drawing umap": 3e-3,
}
"""Seconds before anything was measured, on two slow cores. Drawing: for each point."""

MOST_SECONDS = 3600.0

STAGES: Mapping[str, str] = {
    "ready": "starting a process",
    "loading": "loading the library",
    "drawing": "drawing",
}
"""What the process does for a picture, in this order; the first two only once."""


class Timings:
    """Estimates from earlier runs, kept in the cache folder. Read and written by one thread."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or cached_file("timings", "projections.json")
        self._seconds = {**START, **self._read()}
        self._loaded: set[str] = set()

    def estimate(self, stage: str, spec: ProjectionSpec, points: int) -> float:
        """Seconds that a stage will take; 0 for loading what is loaded.

        Args:
            stage: "ready", "loading" or "drawing", as the process names them.
            spec: What is asked of it.
            points: Of how many points.
        """
        name = _name(stage, spec)
        if name in self._loaded:
            return 0.0
        unit = float(points) if stage == "drawing" else 1.0
        return self._seconds.get(name, 0.0) * unit

    def learn(self, stage: str, spec: ProjectionSpec, points: int, seconds: float) -> None:
        """Note how long a stage took."""
        name = _name(stage, spec)
        if stage != "drawing":
            if name in self._loaded:
                return
            self._loaded.add(name)
        unit = float(points) if stage == "drawing" else 1.0
        if name in self._seconds:
            # The mean with what was known, so that one busy minute does not decide.
            self._seconds[name] = (self._seconds[name] + seconds / unit) / 2
            self._write()

    def forget_loaded(self) -> None:
        """The process has ended: the next one has to load everything again."""
        self._loaded.clear()

    def _read(self) -> dict[str, float]:
        try:
            stored = json.loads(self._file.read_text(encoding="utf-8"))
            return {
                name: float(stored[name])
                for name in START
                if 0 < float(stored[name]) < MOST_SECONDS
            }
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def _write(self) -> None:
        text = json.dumps(self._seconds, indent=1)
        try:
            replace_file(self._file, lambda path: path.write_text(text, encoding="utf-8"))
        except OSError:
            # An estimate is not worth an error.
            return


class Course:
    """How far a picture is: the stages behind it, and the estimates of those to come."""

    def __init__(
        self, timings: Timings, spec: ProjectionSpec, points: int, *, started: bool
    ) -> None:
        self._timings, self._spec, self._points = timings, spec, points
        self._stage = self._after_ready() if started else "ready"
        self._began = time.monotonic()
        self._spent = 0.0

    def hear(self, answer: Mapping[str, Any]) -> None:
        """Take note of the process's answer: another stage."""
        # "ready" is said at the end of that stage, the other two at their beginnings.
        following = self._after_ready() if answer["stage"] == "ready" else answer["stage"]
        if following != self._stage:
            self.end()
            self._spent += time.monotonic() - self._began
            self._stage, self._began = following, time.monotonic()

    def _after_ready(self) -> str:
        loading = self._timings.estimate("loading", self._spec, self._points)
        return "loading" if loading else "drawing"

    def end(self) -> None:
        """The present stage is done: learn how long it took."""
        seconds = time.monotonic() - self._began
        self._timings.learn(self._stage, self._spec, self._points, seconds)

    def step(self) -> Step:
        """The progress at this moment, in milliseconds of the time that all will take."""
        elapsed = time.monotonic() - self._began
        expected = self._timings.estimate(self._stage, self._spec, self._points)
        words = f"{STAGES[self._stage]} (time estimated from earlier runs)"
        if elapsed > expected:
            expected, words = 1.1 * elapsed, f"{STAGES[self._stage]} (longer than estimated)"
        names = list(STAGES)
        later = names[names.index(self._stage) + 1 :]
        after = sum(self._timings.estimate(stage, self._spec, self._points) for stage in later)
        remaining = expected - elapsed + after
        done = self._spent + elapsed
        index, of = int(1000 * done), max(1, int(1000 * (done + remaining)))
        return Step(index, of, stage=words, remaining=remaining)


def _name(stage: str, spec: ProjectionSpec) -> str:
    return stage if stage == "ready" else f"{stage} {spec.method}"
