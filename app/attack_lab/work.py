"""Running things: at once when they are quick, as a job with progress when they are not."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import TypeVar

import streamlit as st
from torch import Tensor

from app import cache
from app.jobs import find, forget, leave, show_job, submit
from core.analysis import RunSpec, Thresholds, Triplet, make_triplet, smallest_epsilons
from core.checkpoints import find_row
from core.devices import pick_device
from core.types import Classifier, OnStep, Purifier

T = TypeVar("T")

PATIENCE = 1.0
"""Seconds the page waits for a result before it shows a progress bar instead."""

LOOK = 0.005
HEIGHT = 360
"""Pixels kept free for a result while it is waited for."""


@dataclass(frozen=True, eq=False)
class Subject:
    """Everything one run needs, loaded.

    Attributes:
        spec: The run, in names and numbers.
        image: (c, h, w) in [0, 1], on the device of the models.
        label: Its class.
        classifier: The bare classifier.
        purifier: The defence, or None.
        hashes: sha256 of the weights, part of the key of every result.
    """

    spec: RunSpec
    image: Tensor
    label: int
    classifier: Classifier
    purifier: Purifier | None
    hashes: tuple[str, ...]


def load_subject(spec: RunSpec, image: Tensor) -> Subject:
    """Load the models of a run.

    Args:
        spec: The run. Without a label the classifier's own answer counts as right.
        image: (c, h, w) in [0, 1].

    Raises:
        LabError: A model is missing or damaged; the message says how to mend it.
    """
    classifier = cache.classifier(spec.dataset, spec.classifier)
    purifier = None if spec.defense is None else cache.purifier(spec.dataset, spec.defense)
    hashes = [find_row(spec.dataset, spec.classifier).sha256]
    if spec.defense is not None:
        hashes.append(cache.defense_hash(spec.dataset, spec.defense))
    image = image.to(pick_device())
    label = spec.label
    if label is None:
        label = int(classifier(image.unsqueeze(0)).argmax(1))
    return Subject(spec, image, label, classifier, purifier, tuple(hashes))


def triplet_of(subject: Subject) -> Triplet | None:
    """The run's result; None while it is computed, with a progress bar on the page."""

    def compute(on_step: OnStep) -> Triplet:
        return make_triplet(
            subject.classifier,
            subject.purifier,
            subject.image,
            subject.label,
            subject.spec,
            on_step,
        )

    return _obtain("attack", ("attack", subject.spec, subject.hashes), compute, "Attacking")


def thresholds_of(subject: Subject) -> Thresholds | None:
    """The smallest budgets; None while they are looked for, with a progress bar on the page."""

    def compute(on_step: OnStep) -> Thresholds:
        return smallest_epsilons(
            subject.classifier,
            subject.purifier,
            subject.image,
            subject.label,
            subject.spec,
            on_step,
        )

    key = ("smallest", threshold_key(subject.spec), subject.hashes)
    return _obtain("smallest", key, compute, "Looking for the smallest epsilon")


def threshold_key(spec: RunSpec) -> RunSpec:
    """What decides the smallest epsilon: the run without its own epsilon."""
    rest = tuple(pair for pair in spec.parameters if pair[0] != "epsilon")
    return replace(spec, parameters=rest)


def _obtain(slot: str, key: Hashable, compute: Callable[[OnStep], T], title: str) -> T | None:
    """A result from the table, or from a job that puts it there.

    Args:
        slot: A visitor has one job a slot; asking for another result leaves the last one.
        key: Everything that decides the result.
        compute: Makes it; runs in a job's thread.
        title: What the progress bar says.
    """
    table = cache.results()
    found: T | None = table.find(key)
    if found is not None:
        return found

    def work(on_step: OnStep) -> T:
        result = compute(on_step)
        table.keep(key, result)
        return result

    name = f"{slot} {key!r}"
    job = find(name)
    if _is_new(slot, name) or job is None:
        job = submit(name, work)
    waited_until = time.monotonic() + PATIENCE
    with st.skeleton(height=HEIGHT):
        while job.active and time.monotonic() < waited_until:
            time.sleep(LOOK)
    if job.state == "done":
        result: T | None = job.result
        return result
    show_job(job, title)
    if not job.active:
        st.button("Try again", key=f"lab_again_{slot}", on_click=forget, args=(name,))
    return None


def _is_new(slot: str, name: str) -> bool:
    """Whether this visitor asks for it only now; what was asked before is then left.

    So moving a slider piles up nothing, and a job that was cancelled is not begun again unasked.
    """
    asked = f"lab_job_{slot}"
    before = st.session_state.get(asked)
    st.session_state[asked] = name
    if before is not None and before != name:
        leave(before)
    return bool(before != name)
