"""The process that draws pictures: it answers, is ended by Cancel, and does not outlive anybody."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from app.projector_timings import STAGES as STAGE_WORDS, Timings
from app.projector_worker import Projector
from core.analysis.projections import Floats, Projection, ProjectionSpec, project
from core.types import Cancelled, LabError, Step

TSNE = ProjectionSpec(method="tsne", perplexity=8.0)
ROOT = Path(__file__).resolve().parents[2]


def points(many: int = 60, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=(many, 6)).astype(np.float32)


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, "waited 120 s in vain"
        time.sleep(0.02)


def exists(pid: int | None) -> bool:
    assert pid is not None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def quiet(step: Step) -> None:
    pass


@pytest.fixture(scope="module")
def projector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Projector]:
    timings = Timings(tmp_path_factory.mktemp("timings") / "projections.json")
    projector = Projector(timings)
    yield projector
    projector.close()


def test_the_process_draws_what_is_asked_and_stays(projector: Projector) -> None:
    first = projector.project(points(), TSNE, quiet)
    pid = projector.pid
    here = project(points(), TSNE)
    assert np.allclose(first.coordinates, here.coordinates, atol=1e-2)
    assert (first.spec, first.fingerprint, first.baseline) == (
        *(TSNE, here.fingerprint, here.baseline),
    )
    projector.project(points(seed=1), TSNE, quiet)
    assert projector.pid == pid


def test_progress_is_told_at_once_in_stages_and_never_beyond_the_end(projector: Projector) -> None:
    steps: list[Step] = []
    projector.project(points(800), TSNE, steps.append)
    assert steps[0].index == 0
    assert {step.stage.split(" (")[0] for step in steps} <= set(STAGE_WORDS.values())
    assert steps[-1].stage.startswith("drawing (")
    assert all(0 <= step.index <= step.of for step in steps)
    assert all(step.remaining is not None and step.remaining >= 0 for step in steps)


def test_whoever_cancels_ends_the_process_and_the_next_picture_has_a_new_one(
    projector: Projector,
) -> None:
    projector.project(points(), TSNE, quiet)
    pid = projector.pid
    asked: list[int] = []

    def cancel(step: Step) -> None:
        asked.append(step.index)
        if len(asked) > 2:  # in the middle of the picture
            raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        projector.project(points(3000), TSNE, cancel)
    assert projector.pid is None
    assert not exists(pid)
    projector.project(points(), TSNE, quiet)
    assert projector.pid not in (None, pid)


def test_a_process_that_breaks_down_is_a_sentence(projector: Projector) -> None:
    projector.project(points(), TSNE, quiet)

    def kill(step: Step) -> None:
        if step.stage.startswith("drawing") and projector.pid is not None:
            os.kill(projector.pid, 9)

    with pytest.raises(LabError, match=r"ended unexpectedly.*Try again"):
        projector.project(points(3000), TSNE, kill)
    assert projector.pid is None


def test_a_process_that_died_in_between_is_replaced_unseen(projector: Projector) -> None:
    projector.project(points(), TSNE, quiet)
    pid = projector.pid
    assert pid is not None
    os.kill(pid, 9)
    wait_until(lambda: projector.pid is None)
    assert projector.project(points(), TSNE, quiet).trust > 0


def test_impossible_points_start_no_process(tmp_path: Path) -> None:
    projector = Projector(Timings(tmp_path / "projections.json"))
    with pytest.raises(LabError, match="perplexity of 8 needs more than 24 points"):
        projector.project(points(24), TSNE, quiet)
    assert projector.pid is None


def test_two_who_ask_at_the_same_time_both_get_theirs(projector: Projector) -> None:
    drawn: dict[int, Projection] = {}

    def ask(seed: int) -> None:
        drawn[seed] = projector.project(points(seed=seed), TSNE, quiet)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
    names = {seed: picture.fingerprint for seed, picture in drawn.items()}
    assert names == {seed: TSNE.fingerprint(points(seed=seed)) for seed in (1, 2)}


def test_a_forgotten_projector_leaves_no_process_behind(tmp_path: Path) -> None:
    forgotten = Projector(Timings(tmp_path / "projections.json"))
    forgotten.project(points(), TSNE, quiet)
    pid = forgotten.pid
    del forgotten
    wait_until(lambda: not exists(pid))


def test_the_process_ends_with_a_server_that_is_killed(tmp_path: Path) -> None:
    server = """
import os, signal, numpy as np
from app.projector_worker import Projector
from core.analysis.projections import ProjectionSpec
projector = Projector()

def step(step):
    if step.stage.startswith("drawing"):
        print(projector.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

points = np.random.default_rng(0).normal(size=(3000, 6)).astype(np.float32)
projector.project(points, ProjectionSpec(method="tsne"), step)
"""
    done = subprocess.run(
        [sys.executable, "-c", server],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "LQVAE_CACHE": str(tmp_path)},
    )
    assert done.returncode == -9, done.stderr
    pid = int(done.stdout)
    wait_until(lambda: not exists(pid))
