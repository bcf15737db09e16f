"""What is loaded once and shared: models, images, finished results. Keys are names and numbers.

A model is keyed by its checkpoint's hash too, so that a retrained one is noticed. A failure is
not cached: the next try reads the files again.
"""

import streamlit as st
from torch import Tensor

from app.results import Results
from core import checkpoints, data, defenses, selective as selecting
from core.types import Classifier, Purifier

MAX_PICTURES = 6_000
"""Pictures of one data set kept at most; 16,276 of CelebA would take 800 MB."""


@st.cache_resource(show_spinner=False)
def results() -> Results:
    """Finished runs, by their specification and the hashes of the weights."""
    return Results()


def validation(dataset: str) -> tuple[Tensor, Tensor]:
    """Images (n, c, h, w) and labels (n,) of the split no shipped model was trained on.

    The first of them, where there are more than ``MAX_PICTURES``.

    Raises:
        LabError: The images are missing; the message says what to put where.
    """
    return _validation(dataset, data.dataset_state(dataset).source)


def classifier(dataset: str, name: str) -> Classifier:
    """A trained classifier.

    Raises:
        CheckpointError: Missing or damaged; the message has the command that mends it.
    """
    return _classifier(dataset, name, checkpoints.find_row(dataset, name).sha256)


def selective(dataset: str, name: str) -> selecting.GmVaeClassifier:
    """A trained classifier that may decline to answer, with the limits of its training images.

    Raises:
        CheckpointError: Missing or damaged; the message has the command that mends it.
    """
    return _selective(dataset, name, checkpoints.find_row(dataset, name).sha256)


def purifier(dataset: str, name: str) -> Purifier:
    """A ready defense.

    Raises:
        CheckpointError: Its weights are missing or damaged; the message says how to mend them.
    """
    return _purifier(dataset, name, defense_hash(dataset, name))


def defense_hash(dataset: str, name: str) -> str:
    """sha256 of the weights of a defense; empty for one without weights."""
    checkpoint = defenses.DEFENSES[name].checkpoint
    return checkpoints.find_row(dataset, checkpoint).sha256 if checkpoint else ""


@st.cache_resource(show_spinner=False, max_entries=4)
def _validation(dataset: str, source: str) -> tuple[Tensor, Tensor]:
    return data.load_dataset(dataset, "validation", count=MAX_PICTURES)


@st.cache_resource(show_spinner=False, max_entries=12)
def _classifier(dataset: str, name: str, sha256: str) -> Classifier:
    return checkpoints.load_classifier(dataset, name)


@st.cache_resource(show_spinner=False, max_entries=6)
def _selective(dataset: str, name: str, sha256: str) -> selecting.GmVaeClassifier:
    return selecting.load_selective(dataset, name)


@st.cache_resource(show_spinner=False, max_entries=12)
def _purifier(dataset: str, name: str, sha256: str) -> Purifier:
    return defenses.load_defense(dataset, name)
