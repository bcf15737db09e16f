"""Long work outside the script run, as pages use it.

Streamlit ends a running script at every click, so work that takes seconds runs in a few threads
of its own (``app.workers``), and a fragment looks at it twice a second and draws how far it is::

    if st.button("Fetch"):
        ask("fetch mnist", lambda on_step: fetch_dataset("mnist", on_step))
    show_asked("fetch mnist", "Fetching MNIST", lambda state: st.success("Here."))
"""

import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from app.job import DEFAULT_LANE, Job
from app.workers import Jobs
from core.types import LabError, OnStep

T = TypeVar("T")

POLL_SECONDS = 0.5
ASKED = "asked_jobs"

PROJECTIONS = "projections"
"""The lane of pictures of latent spaces: one at a time, holding up nothing else."""


@st.cache_resource(show_spinner=False)
def _jobs() -> Jobs:
    return Jobs(lanes={PROJECTIONS: 1})


def _watcher() -> str:
    """A name for this browser tab, so that one tab's Cancel does not end another's wait."""
    name: str = st.session_state.setdefault("watcher", uuid.uuid4().hex)
    return name


def submit(
    key: str,
    function: Callable[[OnStep], T],
    *,
    abandon_after: float = 120.0,
    lane: str = DEFAULT_LANE,
) -> Job[T]:
    """Start a job, or join the one of the same key that waits, runs or is done.

    Args:
        key: Names the work and everything that decides its result.
        function: The work; it calls the callback it is given at every step, calls nothing of
            Streamlit and reads no session state.
        abandon_after: Seconds without a look from any page after which the job is given up.
        lane: The queue it waits in, by itself: other lanes do not hold it up.

    Raises:
        LabError: Too many jobs wait or run already.
    """
    return _jobs().submit(key, function, watcher=_watcher(), abandon_after=abandon_after, lane=lane)


def find(key: str) -> Job[Any] | None:
    """The job of this key; None when nobody has submitted it, or it finished long ago."""
    return _jobs().find(key)


def leave(key: str) -> None:
    """Stop waiting for a job; it ends when nobody else waits for it."""
    job = find(key)
    if job is not None:
        job.leave(_watcher())


def forget(key: str) -> None:
    """Drop a finished job, so that its message goes and the same key can be submitted afresh."""
    _jobs().forget(key)


def ask(key: str, function: Callable[[OnStep], Any], *, abandon_after: float = 120.0) -> None:
    """Start a job afresh for this session, or say why it cannot be started."""
    forget(key)
    try:
        submit(key, function, abandon_after=abandon_after)
    except LabError as error:
        st.warning(str(error), icon=":material/hourglass_top:")
        return
    st.session_state.setdefault(ASKED, set()).add(key)


def show_asked(key: str, title: str, show: Callable[[Any], object]) -> None:
    """Draw a job while anybody's runs, and its end for the session that asked for it."""
    job = find(key)
    if job is None or not (job.active or key in st.session_state.get(ASKED, ())):
        return
    show_job(job, title)
    if job.state == "done":
        show(job.result)


def show_job(job: Job[Any], title: str = "Working") -> None:
    """Draw a job: a bar with an estimate and Cancel while it lasts, then why it ended.

    When the job ends the whole page runs once more; a page that finds ``job.state == "done"``
    shows the result itself.
    """
    started_active = job.active

    def draw() -> None:
        if job.ending:
            st.info(f"{title}: ends at its next step.")
        elif job.active and job.left_by(_watcher()):
            st.info(f"{title}: you left it; somebody else still waits for it.")
        elif job.active:
            _draw_progress(job, title)
        elif started_active:
            st.rerun()
        elif job.state == "failed":
            st.error(f"{title}: {job.error}", icon=":material/error:")
        elif job.state == "cancelled":
            st.info(f"{title}: cancelled.", icon=":material/cancel:")

    st.fragment(draw, run_every=POLL_SECONDS if started_active else None)()


def _draw_progress(job: Job[Any], title: str) -> None:
    watcher = _watcher()
    job.watch(watcher)
    # Columns would cut the button's word off beside a narrow bar.
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.progress(job.progress.fraction, text=f"{title}: {describe(job, _jobs().before(job))}")
        st.button(
            "Cancel",
            key=f"cancel {job.key}",
            help="Ends this computation, unless somebody else waits for the same one.",
            on_click=job.leave,
            args=(watcher,),
            icon=":material/close:",
            width="content",
        )


def describe(job: Job[Any], before: int = 0) -> str:
    """How far a job is, in words."""
    progress = job.progress
    if job.state == "waiting":
        return "next in line" if before == 0 else f"waiting, {before} before it"
    if not progress.of:
        words = f"{_seconds(progress.seconds)} so far"
        return f"{progress.stage or 'starting'}, {words}"
    words = f"{progress.fraction:.0%}"
    if progress.estimate is not None:
        words += f", about {_seconds(progress.estimate)} to go"
    return f"{progress.stage}, {words}" if progress.stage else words


def _seconds(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s" if whole < 90 else f"{whole // 60} min {whole % 60} s"
