"""Running things: at once when they are quick, as a job with progress when they are not."""

import time
from collections.abc import Callable, Hashable
from typing import TypeVar

import streamlit as st

from app import cache
from app.job import DEFAULT_LANE, Job
from app.jobs import find, forget, leave, show_job, submit
from app.results import Results
from core.types import OnStep

T = TypeVar("T")

PATIENCE = 1.0
"""Seconds the page waits for a result before it shows a progress bar instead."""

LOOK = 0.005
HEIGHT = 360
"""Pixels kept free for a result while it is waited for."""


def obtain(
    slot: str,
    key: Hashable,
    compute: Callable[[OnStep], T],
    title: str,
    table: Results | None = None,
) -> T | None:
    """A result from the table, or from a job that puts it there.

    Args:
        slot: A visitor has one job a slot; asking for another result leaves the last one.
        key: Everything that decides the result.
        compute: Makes it; runs in a job's thread.
        title: What the progress bar says.
        table: Where finished results are kept; None is the table that all pages share.

    Returns:
        The result; None while it is computed, and after it failed or was cancelled, with what
        there is to say about it on the page.
    """
    table = cache.results() if table is None else table
    found: T | None = table.find(key)
    if found is not None:
        return found

    def work(on_step: OnStep) -> T:
        result = compute(on_step)
        table.keep(key, result)
        return result

    job = finished_job(slot, f"{slot} {key!r}", work, title)
    return None if job is None else job.result


def finished_job(
    slot: str,
    name: str,
    work: Callable[[OnStep], T],
    title: str,
    *,
    lane: str = DEFAULT_LANE,
    patience: float = PATIENCE,
) -> Job[T] | None:
    """A job once it is done; None before, and after it failed or was cancelled.

    Until then the page shows how far it is, and afterwards why it ended.

    Args:
        slot: As in ``obtain``.
        name: Names the job.
        work: What it does; runs in a job's thread.
        title: What the progress bar says.
        lane: The queue it waits in.
        patience: Seconds the page waits before it shows a progress bar.

    Raises:
        LabError: Too many jobs wait or run already.
    """
    job = find(name)
    if _is_new(slot, name) or job is None:
        job = submit(name, work, lane=lane)
    waited_until = time.monotonic() + patience
    with st.skeleton(height=HEIGHT):
        while job.active and time.monotonic() < waited_until:
            time.sleep(LOOK)
    if _is_done(job):
        return job
    show_job(job, title)
    if _is_done(job):
        return job  # it ended while its bar was drawn
    if not job.active:
        offer_again(slot, name)
    return None


def _is_done(job: Job[T]) -> bool:
    """Whether a job has its result by now; another thread may end it between two looks."""
    return job.state == "done"


def offer_again(slot: str, name: str) -> None:
    """Offer to begin a job that ended afresh."""
    st.button(
        "Try again",
        key=f"again_{slot}",
        help="Starts the same computation afresh.",
        on_click=forget,
        args=(name,),
        icon=":material/refresh:",
    )


def _is_new(slot: str, name: str) -> bool:
    """Whether this visitor asks for it only now; what was asked before is then left.

    So moving a slider piles up nothing, and a job that was cancelled is not begun again unasked.
    """
    asked = f"job_{slot}"
    before = st.session_state.get(asked)
    if before is not None and before != name:
        leave(before)
    st.session_state[asked] = name
    return bool(before != name)


def leave_slot(slot: str) -> None:
    """End what this visitor waits for in a slot, unless somebody else waits for it too."""
    name = st.session_state.pop(f"job_{slot}", None)
    if name is not None:
        leave(name)
