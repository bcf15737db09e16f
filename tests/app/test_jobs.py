"""Jobs: shared, cancelled, failing, capped and dropped."""

import threading
import time
from collections.abc import Callable

import pytest

from app.job import UNEXPECTED, Job, Progress
from app.jobs import describe
from app.workers import Jobs
from core.types import LabError, OnStep, Step


class Gate:
    """Work that steps once, then waits to be let through."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.calls = 0

    def __call__(self, on_step: OnStep) -> int:
        self.calls += 1
        for index in range(1, 1000):
            on_step(Step(index, 1000))
            if self.open.wait(0.005):
                break
        return 7


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end, "waited 5 s in vain"
        time.sleep(0.002)


def wait_for(job: Job[int]) -> Job[int]:
    wait_until(lambda: not job.active)
    return job


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_the_result_of_a_job_that_is_done(gate: Gate) -> None:
    gate.open.set()
    job = wait_for(Jobs().submit("sum", gate))
    assert (job.state, job.result, job.error) == ("done", 7, None)


def test_the_same_key_is_the_same_job_while_it_runs_and_when_it_is_done(gate: Gate) -> None:
    jobs = Jobs()
    first = jobs.submit("sum", gate, watcher="ann")
    second = jobs.submit("sum", gate, watcher="ben")
    assert first is second
    gate.open.set()
    wait_for(first)
    assert jobs.submit("sum", gate, watcher="cyd") is first
    assert gate.calls == 1


def test_a_running_job_is_cancelled_at_its_next_step(gate: Gate) -> None:
    job = Jobs().submit("sum", gate)
    wait_until(lambda: job.progress.index > 0)
    job.cancel()
    assert wait_for(job).state == "cancelled"
    assert job.result is None


def test_a_waiting_job_is_cancelled_at_once_and_never_runs(gate: Gate) -> None:
    jobs, late = Jobs(workers=1), Gate()
    running = jobs.submit("first", gate)
    wait_until(lambda: running.state == "running")
    waiting = jobs.submit("second", late)
    assert (waiting.state, jobs.before(waiting)) == ("waiting", 0)
    waiting.cancel()
    assert waiting.state == "cancelled"
    gate.open.set()
    wait_for(running)
    assert late.calls == 0


def test_only_the_last_one_who_leaves_cancels(gate: Gate) -> None:
    jobs = Jobs()
    job = jobs.submit("sum", gate, watcher="ann")
    jobs.submit("sum", gate, watcher="ben")
    job.leave("ann")
    job.watch("ann")  # a late look at it does not join again
    assert job.active
    assert job.left_by("ann")
    job.leave("ben")
    assert wait_for(job).state == "cancelled"


def test_a_job_nobody_looks_at_is_given_up(gate: Gate) -> None:
    job = Jobs().submit("sum", gate, watcher="ann", abandon_after=0.02)
    assert wait_for(job).state == "cancelled"


def test_a_cancelled_job_can_be_submitted_again(gate: Gate) -> None:
    jobs = Jobs()
    first = jobs.submit("sum", gate)
    first.cancel()
    wait_for(first)
    gate.open.set()
    assert wait_for(jobs.submit("sum", gate)).state == "done"


def test_a_job_that_is_just_ending_is_not_joined_but_done_anew(gate: Gate) -> None:
    jobs, stubborn = Jobs(), threading.Event()

    def takes_its_time(on_step: OnStep) -> int:
        stubborn.wait(5)
        on_step(Step(1, 2))
        return 1

    first = jobs.submit("sum", takes_its_time, watcher="ann")
    wait_until(lambda: first.state == "running")
    first.leave("ann")
    assert first.ending
    gate.open.set()
    second = jobs.submit("sum", gate, watcher="ann")
    assert wait_for(second).state == "done"
    stubborn.set()
    assert wait_for(first).state == "cancelled"
    assert jobs.find("sum") is second


def test_a_lab_error_becomes_the_jobs_sentence() -> None:
    def fails(on_step: OnStep) -> int:
        raise LabError("there is no network; copy the files instead")

    job = wait_for(Jobs().submit("fetch", fails))
    assert (job.state, job.error) == ("failed", "there is no network; copy the files instead")


def test_any_other_error_is_logged_and_said_in_general(caplog: pytest.LogCaptureFixture) -> None:
    def fails(on_step: OnStep) -> int:
        raise ZeroDivisionError("secret detail")

    job = wait_for(Jobs().submit("odd", fails))
    assert (job.state, job.error) == ("failed", UNEXPECTED)
    assert "secret detail" in caplog.text


def test_too_many_jobs_are_refused_with_a_sentence(gate: Gate) -> None:
    jobs = Jobs(workers=1, most=2)
    jobs.submit("one", gate)
    jobs.submit("two", gate)
    with pytest.raises(LabError, match=r"busy: 2 computations.*Try again"):
        jobs.submit("three", gate)
    gate.open.set()


def test_one_watcher_cannot_take_every_place(gate: Gate) -> None:
    jobs = Jobs(workers=1, most_each=1)
    jobs.submit("one", gate, watcher="ann")
    with pytest.raises(LabError, match="already have 1 computations"):
        jobs.submit("two", gate, watcher="ann")
    assert jobs.submit("two", gate, watcher="ben").active
    gate.open.set()


def test_finished_jobs_are_dropped_by_count(gate: Gate) -> None:
    gate.open.set()
    jobs = Jobs(kept=2)
    for key in "abcd":
        wait_for(jobs.submit(key, gate))
    assert [key for key in "abcd" if jobs.find(key)] == ["c", "d"]


def test_finished_jobs_are_dropped_by_age_and_running_ones_are_not(gate: Gate) -> None:
    jobs = Jobs(kept_seconds=0.0)
    job = jobs.submit("sum", gate)
    assert jobs.find("sum") is job
    gate.open.set()
    wait_for(job)
    time.sleep(0.002)
    assert jobs.find("sum") is None


def test_forget_drops_only_a_finished_job(gate: Gate) -> None:
    jobs = Jobs()
    job = jobs.submit("sum", gate)
    jobs.forget("sum")
    assert jobs.find("sum") is job
    gate.open.set()
    wait_for(job)
    jobs.forget("sum")
    assert jobs.find("sum") is None


@pytest.mark.parametrize(
    ("progress", "fraction", "estimate"),
    [
        (Progress(), 0.0, None),
        (Progress(0, 10, 3.0), 0.0, None),
        (Progress(1, 4, 2.0), 0.25, 6.0),
        (Progress(4, 4, 2.0), 1.0, 0.0),
        (Progress(9, 4, 2.0), 1.0, None),
        (Progress(1, 4, 2.0, remaining=1.5), 0.25, 1.5),
    ],
)
def test_fraction_and_estimate(progress: Progress, fraction: float, estimate: float | None) -> None:
    assert (progress.fraction, progress.estimate) == (fraction, estimate)


def test_lanes_do_not_hold_up_each_other_and_jobs_of_one_lane_wait(gate: Gate) -> None:
    jobs, other = Jobs(workers=1, lanes={"slow": 1}), Gate()
    other.open.set()
    first = jobs.submit("first", gate, lane="slow")
    second = jobs.submit("second", gate, lane="slow")
    wait_until(lambda: first.state == "running")
    assert wait_for(jobs.submit("quick", other)).state == "done"
    assert (second.state, jobs.before(second)) == ("waiting", 0)
    gate.open.set()
    assert wait_for(second).state == "done"


def test_there_are_only_the_lanes_that_were_made(gate: Gate) -> None:
    with pytest.raises(ValueError, match="unknown lane 'fast'; choose from computations"):
        Jobs().submit("sum", gate, lane="fast")


def test_a_waiting_job_is_described_by_its_place(gate: Gate) -> None:
    jobs = Jobs(workers=1)
    for key in ("one", "two", "three"):
        jobs.submit(key, gate)
    job = jobs.find("three")
    assert job is not None
    wait_until(lambda: jobs.before(job) == 1)
    assert describe(job, jobs.before(job)) == "waiting, 1 before it"
    gate.open.set()
