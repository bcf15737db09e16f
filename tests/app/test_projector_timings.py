"""Estimates of how long a picture takes, and the progress drawn from them."""

from pathlib import Path

import pytest

from app import projector_timings
from app.projector_timings import START, Course, Timings
from core.analysis.projections import ProjectionSpec

TSNE = ProjectionSpec(method="tsne")
UMAP = ProjectionSpec(method="umap")


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(projector_timings, "time", clock)
    return clock


@pytest.fixture
def timings(tmp_path: Path) -> Timings:
    return Timings(tmp_path / "projections.json")


def test_the_first_estimate_is_a_shipped_one_and_grows_with_the_points(timings: Timings) -> None:
    seconds = START["drawing tsne"] * 2000
    assert timings.estimate("drawing", TSNE, 2000) == pytest.approx(seconds)
    assert timings.estimate("drawing", TSNE, 1000) == pytest.approx(seconds / 2)
    assert timings.estimate("loading", TSNE, 2000) == START["loading tsne"]
    assert timings.estimate("loading", UMAP, 2000) == START["loading umap"]


def test_estimates_are_learnt_and_kept_for_the_next_server(tmp_path: Path) -> None:
    file = tmp_path / "projections.json"
    Timings(file).learn("drawing", UMAP, 1000, 9.0)
    expected = (START["drawing umap"] * 1000 + 9.0) / 2
    assert Timings(file).estimate("drawing", UMAP, 1000) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"ready": "x"}', '{"ready": -1}', "nonsense"])
def test_a_damaged_file_of_timings_is_like_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "projections.json"
    file.write_text(text)
    assert Timings(file).estimate("ready", TSNE, 5) == START["ready"]


def test_what_is_loaded_takes_no_time_until_the_process_ends(timings: Timings) -> None:
    timings.learn("loading", UMAP, 5, 4.0)
    assert timings.estimate("loading", UMAP, 5) == 0.0
    timings.forget_loaded()
    assert timings.estimate("loading", UMAP, 5) == (START["loading umap"] + 4.0) / 2


def test_progress_is_elapsed_over_the_estimate_and_says_so(timings: Timings, clock: Clock) -> None:
    total = START["ready"] + START["loading umap"] + 1000 * START["drawing umap"]
    course = Course(timings, UMAP, 1000, started=False)
    clock.now += 2
    step = course.step()
    assert step.stage == "starting a process (time estimated from earlier runs)"
    assert step.remaining == pytest.approx(total - 2)
    assert step.index / step.of == pytest.approx(2 / total, abs=1e-3)


def test_each_stage_is_named_and_the_time_of_those_behind_counts(
    timings: Timings, clock: Clock
) -> None:
    course = Course(timings, UMAP, 1000, started=False)
    clock.now += 4
    course.hear({"stage": "ready"})
    assert course.step().stage.startswith("loading the library (")
    course.hear({"stage": "loading"})
    clock.now += 10
    course.hear({"stage": "drawing"})
    step = course.step()
    assert step.stage.startswith("drawing (")
    assert step.index == 14000
    assert step.remaining == pytest.approx(1000 * START["drawing umap"])


def test_a_stage_that_lasts_longer_says_so_and_never_claims_to_be_done(
    timings: Timings, clock: Clock
) -> None:
    course = Course(timings, UMAP, 1000, started=True)
    course.hear({"stage": "drawing"})
    clock.now += 500
    step = course.step()
    assert step.stage == "drawing (longer than estimated)"
    assert step.index < step.of
    assert step.remaining is not None
    assert step.remaining > 0
