"""Pictures of a latent space, as pages ask for them: kept ones at once, new ones as a job.

A picture is named by its points and its specification, so it is drawn once for all visitors and
for good. New ones wait in a lane of their own (``app.jobs``) for the one process that draws them
(``app.projector_worker``); PCA needs neither.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import streamlit as st

from app import cache
from app.jobs import PROJECTIONS
from app.projector_worker import Projector
from app.runs.obtain import finished_job, leave_slot, offer_again
from core.analysis.projection_file import find_projection, keep_projection
from core.analysis.projections import (
    METHODS,
    Floats,
    Projection,
    ProjectionSpec,
    check_points,
    project,
)
from core.types import LabError, OnStep, part_of

PATIENCE = 0.25
"""Seconds the page waits for a picture before it shows a progress bar instead."""


@st.cache_resource(show_spinner=False, on_release=Projector.close)
def _projector() -> Projector:
    return Projector()


def projection_of(points: Floats, key: str, spec: ProjectionSpec) -> Projection | None:
    """A picture of these points, fitted on all of them together.

    Args:
        points: Latents (m, d).
        key: Names the place on the page. A visitor waits for one request a place; asking for
            another there leaves the last one.
        spec: How.

    Returns:
        The picture; None while it is drawn, and after that failed or was cancelled, with a
        progress bar or a sentence on the page.
    """
    return projections_of(points, key, (spec,))[0]


def projections_of(
    points: Floats, key: str, specs: Sequence[ProjectionSpec]
) -> tuple[Projection | None, ...]:
    """Several pictures of the same points, drawn one after another by one job.

    Args:
        points: Latents (m, d).
        key: Names the place on the page, as in ``projection_of``.
        specs: How each is drawn.

    Returns:
        The pictures in the order of ``specs``; None for those that are not there yet.
    """
    try:
        for spec in specs:
            check_points(points, spec)
    except LabError as error:
        st.error(str(error), icon=":material/error:")
        return (None,) * len(specs)
    found = [_at_once(points, spec) for spec in specs]
    if None not in found:
        leave_slot(key)
        return tuple(found)
    drawn = _drawn_by_a_job(points, key, tuple(s for s in specs if METHODS[s.method].heavy))
    return tuple(have or drawn.get(spec) for have, spec in zip(found, specs, strict=True))


def _at_once(points: Floats, spec: ProjectionSpec) -> Projection | None:
    """The picture from memory or from disk, or drawn here if that is quick."""
    table = cache.results()
    name = ("projection", spec.fingerprint(points))
    projection: Projection | None = table.find(name)
    if projection is None:
        light = not METHODS[spec.method].heavy
        projection = project(points, spec) if light else find_projection(points, spec)
        if projection is not None:
            table.keep(name, projection)
    return projection


def _drawn_by_a_job(
    points: Floats, key: str, specs: tuple[ProjectionSpec, ...]
) -> Mapping[ProjectionSpec, Projection]:
    """The pictures once their job is done; nothing while it lasts, with the job on the page."""
    names = "".join(spec.fingerprint(points) for spec in specs)
    name = f"projections {hashlib.sha256(names.encode()).hexdigest()}"
    title = specs[0].title if len(specs) == 1 else f"{len(specs)} pictures"
    work = _work(points, specs)
    try:
        job = finished_job(key, name, work, title, lane=PROJECTIONS, patience=PATIENCE)
    except LabError as error:
        st.error(str(error), icon=":material/error:")
        offer_again(key, name)
        return {}
    return {} if job is None else job.result or {}


def _work(
    points: Floats, specs: tuple[ProjectionSpec, ...]
) -> Callable[[OnStep], Mapping[ProjectionSpec, Projection]]:
    """What the job does; it draws nothing that another job has drawn in the meantime."""
    projector = _projector()

    def work(on_step: OnStep) -> Mapping[ProjectionSpec, Projection]:
        drawn = {}
        for place, spec in enumerate(specs):
            drawn[spec] = find_projection(points, spec) or projector.project(
                points, spec, _one_of(on_step, place, len(specs))
            )
            keep_projection(drawn[spec])
        return drawn

    return work


def _one_of(on_step: OnStep, place: int, places: int) -> OnStep:
    if places == 1:
        return on_step
    whole = part_of(on_step, place, places) or on_step
    return lambda step: whole(replace(step, stage=f"{place + 1} of {places}, {step.stage}"))
