"""A small evaluation as a job: asked for, run, found again."""

import streamlit as st

from app.job import Job
from app.jobs import find
from app.robustness.settings import PAGE, Trial
from app.runs.choices import NO_DEFENSE
from app.runs.estimate import UNITS, duration_words, estimated_seconds
from app.runs.obtain import leave_slot, obtain
from app.runs.settings import RunSettings
from app.runs.words import sentence
from core.analysis.storage import cache_folder
from core.data import dataset_state
from core.evaluation import Evaluation, Specification, evaluate, measure_all
from core.evaluation.checking import check, hashes_of
from core.evaluation.commands import estimated_hours
from core.types import LabError, OnStep

SLOT = "live_evaluation"
ASKED = f"{PAGE}_asked"
ADAPTIVE = 3.0
"""How much longer an attack takes that goes through every stand-in."""

CHECKED, RETRIED = 100, 40
"""Images the warnings of an adaptive figure are computed on, and attacked once more for."""

CHECK_STEPS = 70
"""What they take, in steps of the attack on an image."""


def split_of(dataset: str) -> str:
    """The tables' split where its images are here, else the one that is always here for MNIST."""
    return "test" if "test" in dataset_state(dataset).readable else "validation"


def ask_for(spec: Specification) -> None:
    """Note, in a callback, that this visitor wants a trial to run; one that ended runs anew."""
    job = _job()
    if job is None or not job.active:
        leave_slot(SLOT)
    st.session_state[ASKED] = spec


def asked_spec(dataset: str) -> Specification | None:
    """What this visitor asked for last, if it is of this data set."""
    spec: Specification | None = st.session_state.get(ASKED)
    return spec if spec is not None and spec.dataset == dataset else None


def obtain_evaluation(spec: Specification) -> Evaluation | None:
    """The result, with its progress on the page while it is made and the reason if it fails."""
    try:
        check(spec)
        key = (SLOT, spec.fingerprint(hashes_of(spec)))

        def compute(on_step: OnStep) -> Evaluation:
            return _measured(spec, on_step)

        return obtain(SLOT, key, compute, f"Attacking {spec.n} images")
    except (LabError, ValueError) as error:
        st.error(sentence(error), icon=":material/error:")
        return None


def _measured(spec: Specification, on_step: OnStep) -> Evaluation:
    """The trial; a long one in a process of its own.

    Its thousands of small steps would else wait in turn with all the page's own Python, which
    took a trial of one minute to about ten on a busy machine.
    """
    if spec.threat != "adaptive":
        return evaluate(spec, on_step=on_step)
    cache = cache_folder() / "evaluation"
    (evaluation,) = measure_all([spec], cache=cache, jobs=1, on_step=on_step)
    return evaluation


def duration(spec: Specification, trial: Trial) -> str:
    """How long a trial takes, in words: by stored times of like cells, else by a probe."""
    hours = estimated_hours(spec)
    seconds = _probed(spec, trial) if hours is None else 3600 * hours
    if seconds is not None and spec.threat == "adaptive":
        seconds *= 1 + checks_share(spec)
    return duration_words(seconds)


def checks_share(spec: Specification) -> float:
    """What the warnings take, as a share of what the attack itself does."""
    steps = float(dict(spec.parameters).get("steps", 40))
    sampled = min(spec.n, CHECKED) / spec.n * CHECK_STEPS / steps
    return sampled + 2 * min(spec.n, RETRIED) / spec.n


def _probed(spec: Specification, trial: Trial) -> float | None:
    """Seconds an attack takes, by one that is timed here."""
    if trial.attack not in UNITS:
        return None
    seconds = estimated_seconds(
        RunSettings(
            dataset=spec.dataset,
            classifier=trial.classifier,
            defense="bit_depth" if trial.defense == NO_DEFENSE else trial.defense,
            attack=trial.attack,
            parameters=trial.parameters,
            n=trial.n,
            seed=trial.seed,
        )
    )
    if seconds is not None and spec.threat == "adaptive":
        seconds *= ADAPTIVE * spec.draws
    return seconds


def _job() -> "Job[object] | None":
    name = st.session_state.get(f"job_{SLOT}")
    return None if name is None else find(name)
