"""A classifier that may decline to answer, in the lab: what it accepts, and what it rejects."""

from collections.abc import Mapping, Sequence

import streamlit as st
import torch

from app import cache
from app.attack_lab.work import Subject
from app.pages import page_named
from app.runs.words import Badge, show_badge
from app.selective.choices import MODEL
from app.selective.settings import ATTACKS, Settings
from app.theme import RoleName
from core.analysis import Reading, Triplet
from core.checkpoints import find_row
from core.devices import pick_device
from core.selective import REASONS

ACCEPTED = "accepted"


def answers_of(subject: Subject, triplet: Triplet) -> dict[RoleName, str]:
    """Whether each picture of a run is accepted, in words; empty if the classifier always answers.

    Raises:
        LabError: The statistics of its training images are missing.
    """
    spec = subject.spec
    if find_row(spec.dataset, spec.classifier).model != MODEL:
        return {}
    pictures: dict[RoleName, Reading | None] = {
        "clean": triplet.original,
        "adversarial": triplet.adversarial,
        "purified": triplet.purified,
    }
    shown = {role: one.image for role, one in pictures.items() if one is not None}
    images = torch.stack([torch.from_numpy(image) for image in shown.values()]).to(pick_device())
    with torch.no_grad():
        found = cache.selective(spec.dataset, spec.classifier)(images)
    words = ("rejected: " + REASONS[reason] if reason else ACCEPTED for reason in found.reasons)
    return dict(zip(shown, words, strict=True))


def show_answers(
    answers: Mapping[RoleName, str], subject: Subject, triplet: Triplet, classes: Sequence[str]
) -> None:
    """Badges for the clean and the attacked picture, and the way to the page about it."""
    if not answers:
        return
    pictures: tuple[tuple[RoleName, str, Reading], ...] = (
        ("clean", "Original", triplet.original),
        ("adversarial", "Adversarial", triplet.adversarial),
    )
    with st.container(horizontal=True, vertical_alignment="center", key="lab_answers"):
        for role, title, reading in pictures:
            show_badge(answer_badge(title, answers[role], reading, triplet.label, classes))
        if subject.spec.index is not None:
            st.page_link(
                page_named("selective").path,
                label="Move its limits",
                icon=page_named("selective").icon,
                query_params=_link(subject),
                help="The same picture on the page about this classifier.",
            )
    st.caption(
        "This classifier may decline to answer: what is said below each picture counts only where "
        "it is accepted. The attack moves the nearest mean and knows of no limit. The "
        "probabilities are those of minus the squared distances to the means; they give the order "
        "of the classes and no confidence."
    )


def answer_badge(
    title: str, answer: str, reading: Reading, label: int, classes: Sequence[str]
) -> Badge:
    """A picture's verdict: its class, or that it is rejected and why.

    Args:
        title: Of the picture.
        answer: From ``answers_of``.
        reading: What the nearest mean says.
        label: The right class.
        classes: Names of the classes.
    """
    if answer != ACCEPTED:
        return Badge(f"{title}: {answer}", "noise", ":material/block:")
    role: RoleName = "purified" if reading.prediction == label else "adversarial"
    said = classes[reading.prediction]
    return Badge(f"{title}: accepted as {said}", role, ":material/check_circle:")


def _link(subject: Subject) -> dict[str, str]:
    """The address of the selective page with this picture, and this attack if it has it."""
    spec = subject.spec
    params = {"dataset": spec.dataset, "model": spec.classifier, "index": str(spec.index)}
    if spec.attack in ATTACKS:
        epsilon = spec.build_attack().epsilon
        params |= {"attack": spec.attack, "epsilon": f"{epsilon:g}"}
    return Settings().params() | params
