"""The checks: from the results that ship, the cache, or a job that was asked for."""

import streamlit as st

from app import cache
from app.runs.estimate import duration_words, estimated_seconds
from app.runs.obtain import leave_slot, obtain
from app.runs.settings import RunSettings
from app.runs.words import sentence
from core.analysis.attacked_spec import AttackedSpec
from core.analysis.sanity import BUDGETS, CODED, Pipeline
from core.analysis.sanity_file import find_sanity, make_sanity, trained_penalty
from core.analysis.sanity_report import Sanity
from core.devices import pick_device
from core.types import LabError, OnStep

SLOT = "sanity"
ASKED = "asked_checks"


def obtain_checks(run: RunSettings) -> Sanity | None:
    """Finished checks, with their progress on the page while they run.

    Checks that are nowhere stored are made only when this visitor has asked for them, with the
    button of the sidebar or the one that is drawn here.

    Returns:
        The checks; None when they are not there yet, with what there is to say on the page.
    """
    spec = run.spec()
    try:
        found = find_checks(spec)
    except LabError as error:
        st.warning(sentence(error), icon=":material/warning:")
        found = None
    if found is not None:
        leave_slot(SLOT)
        return found
    if run not in _asked() and not _ask_here(run):
        leave_slot(SLOT)
        return None
    try:
        return _make(spec)
    except LabError as error:
        st.error(f"{sentence(error)} The other choices go on working.", icon=":material/error:")
        return None


def is_ready(run: RunSettings) -> bool:
    """Whether these checks are stored, so that they can be shown at once."""
    try:
        return find_checks(run.spec()) is not None
    except LabError:
        return False


def find_checks(spec: AttackedSpec) -> Sanity | None:
    """Stored checks, from memory or from disk.

    Raises:
        LabError: The file that ships is damaged.
    """
    table, key = cache.results(), _key(spec)
    found: Sanity | None = table.find(key)
    if found is None:
        found = find_sanity(spec)
        if found is not None:
            table.keep(key, found)
    return found


def remember_asked(run: RunSettings) -> None:
    """Note that this visitor wants these checks to run."""
    _asked().add(run)


def duration(run: RunSettings) -> str:
    """How long the checks will take, in words."""
    seconds = estimated_seconds(run)
    return duration_words(None if seconds is None else BUDGETS * seconds)


def _key(spec: AttackedSpec) -> tuple[str, str]:
    return SLOT, spec.fingerprint()


def _asked() -> set[RunSettings]:
    asked: set[RunSettings] = st.session_state.setdefault(ASKED, set())
    return asked


def _ask_here(run: RunSettings) -> bool:
    """Say that the checks have not run, and offer to run them; True when that is wanted."""
    st.info(
        f"Nobody has run these checks here yet. They attack {run.n:,} images at {BUDGETS} budgets, "
        f"which takes {duration(run)} on this machine, by estimate.",
        icon=":material/play_arrow:",
    )
    if not st.button(
        "Run the checks",
        key="checks_here",
        type="primary",
        help="Attacks, purifies and measures; with progress and Cancel.",
    ):
        return False
    remember_asked(run)
    return True


def _make(spec: AttackedSpec) -> Sanity | None:
    """Load what the checks need and hand it to a job.

    Raises:
        LabError: A model or the images are missing or damaged, or the server is busy.
    """
    pipeline = Pipeline(
        classifier=cache.classifier(spec.dataset, spec.classifier),
        purifier=cache.purifier(spec.dataset, spec.defense),
        penalty=trained_penalty(spec),
    )
    device = pick_device()
    images, labels = (
        part[: max(CODED, spec.n)].to(device) for part in cache.validation(spec.dataset)
    )

    def compute(on_step: OnStep) -> Sanity:
        return make_sanity(spec, pipeline, images, labels, on_step)

    return obtain(SLOT, _key(spec), compute, f"Checking {spec.n:,} images")
