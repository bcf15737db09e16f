"""What a job says of the stage it is at."""

import threading

import pytest

from app.jobs import describe
from app.workers import Jobs
from core.types import OnStep, Step


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step(1, 4, stage="drawing", remaining=6.2), "drawing, 25%, about 6 s to go"),
        (Step(1, 4, remaining=100.0), "25%, about 1 min 40 s to go"),
        (Step(0, 0, stage="waiting for another picture"), "waiting for another picture, 0 s"),
        (Step(0, 0), "starting, 0 s so far"),
    ],
)
def test_the_stage_is_part_of_the_description(step: Step, words: str) -> None:
    told, opened = threading.Event(), threading.Event()

    def work(on_step: OnStep) -> None:
        on_step(step)
        told.set()
        opened.wait(5)

    job = Jobs().submit("sum", work)
    assert told.wait(5)
    assert describe(job).startswith(words)
    opened.set()
