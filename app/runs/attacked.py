"""One attack on many images: from the results that ship, the cache, or a job that was asked for."""

import streamlit as st

from app import cache
from app.results import Results
from app.runs.estimate import duration_words, estimated_seconds
from app.runs.obtain import leave_slot, obtain
from app.runs.settings import RunSettings
from app.runs.words import sentence
from core.analysis.attacked import Attacked
from core.analysis.attacked_file import find_stored, fits, keep_attacked, shipped_attacked
from core.analysis.attacked_spec import AttackedSpec
from core.analysis.attacking import make_attacked
from core.analysis.storage import cached_file, read_meta
from core.devices import pick_device
from core.types import LabError, OnStep

SLOT = "attacked"
ASKED = "asked_runs"
KEPT = 8
"""Runs held in memory for all sessions; one of 1,000 images takes about 5 MB."""


def obtain_attacked(settings: RunSettings) -> Attacked | None:
    """A finished run, with its progress on the page while it is made.

    A run that is nowhere stored is made only when this visitor has asked for it, with the button
    of the sidebar or the one that is drawn here.

    Returns:
        The run; None when it is not there yet, with what there is to say about it on the page.
    """
    spec = settings.spec()
    found = _find(spec)
    if found is not None:
        leave_slot(SLOT)
        return found
    if settings not in _asked():
        leave_slot(SLOT)
        _offer(settings)
        return None
    try:
        return _make(spec)
    except LabError as error:
        st.error(f"{sentence(error)} The other choices go on working.", icon=":material/error:")
        return None


def is_ready(settings: RunSettings) -> bool:
    """Whether this run is stored, so that it can be shown at once."""
    spec = settings.spec()
    if _table().find(spec.fingerprint()) is not None:
        return True
    name = f"{spec.fingerprint()}.npz"
    return fits(read_meta(shipped_attacked(spec)), spec) or cached_file("attacked", name).exists()


def remember_asked(settings: RunSettings) -> None:
    """Note that this visitor wants this run to be made."""
    _asked().add(settings)


@st.cache_resource(show_spinner=False)
def _table() -> Results:
    return Results(most=KEPT)


def _asked() -> set[RunSettings]:
    asked: set[RunSettings] = st.session_state.setdefault(ASKED, set())
    return asked


def _find(spec: AttackedSpec) -> Attacked | None:
    key = spec.fingerprint()
    found: Attacked | None = _table().find(key)
    if found is None:
        found = find_stored(spec)
        if found is not None:
            _table().keep(key, found)
    return found


def _offer(settings: RunSettings) -> None:
    """Say that the run is not there, and offer to make it."""
    seconds = duration_words(estimated_seconds(settings))
    st.info(
        f"This attack on {settings.n:,} images has not been made here yet. It takes {seconds} on "
        "this machine, by estimate. Fewer images take less.",
        icon=":material/play_arrow:",
    )
    st.button(
        "Run the attack",
        key="run_here",
        type="primary",
        on_click=remember_asked,
        args=(settings,),
        help="Makes the adversarial images and everything that is shown of them.",
    )


def _make(spec: AttackedSpec) -> Attacked | None:
    """Load what the run needs and hand it to a job.

    Raises:
        LabError: A model or the images are missing or damaged, or the server is busy.
    """
    classifier = cache.classifier(spec.dataset, spec.classifier)
    purifier = cache.purifier(spec.dataset, spec.defense)
    images, labels = cache.validation(spec.dataset)
    device = pick_device()
    chosen, classes = images[: spec.n].to(device), labels[: spec.n].to(device)

    def compute(on_step: OnStep) -> Attacked:
        attacked = make_attacked(spec, classifier, purifier, chosen, classes, on_step)
        keep_attacked(attacked)
        return attacked

    title = f"Attacking {spec.n:,} images"
    return obtain(SLOT, spec.fingerprint(), compute, title, _table())
