"""What can be taken away: the link, the picture, the numbers, the code that repeats the run."""

import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app.attack_lab.pictures import triplet_tiles
from app.attack_lab.settings import Settings
from app.attack_lab.words import verdict
from app.attack_lab.work import Subject
from app.gallery import joined_png
from core.analysis import RunSpec, Triplet, python_snippet


def show_export(
    triplet: Triplet, subject: Subject, settings: Settings, classes: Sequence[str]
) -> None:
    """Link, PNG, NPZ and Python."""
    spec = subject.spec
    st.markdown("**Link.** The address of this page holds every setting; copy it to share.")
    st.code(page_link(settings), language=None, wrap_lines=True)
    if spec.index is None:
        st.caption("Your own picture is not part of the link. The NPZ file has it.")
    name = f"{spec.dataset}-{spec.index if spec.index is not None else 'own'}-{spec.attack}"
    with st.container(horizontal=True):
        st.download_button(
            "Pictures (PNG)",
            data=lambda: joined_png(
                triplet_tiles(triplet, classes), verdict(triplet, spec, classes)
            ),
            file_name=f"{name}.png",
            mime="image/png",
            on_click="ignore",
            icon=":material/image:",
            help="The pictures with their captions side by side, for slides.",
        )
        st.download_button(
            "Numbers (NPZ)",
            data=lambda: as_npz(triplet, spec),
            file_name="attack_lab.npz",
            mime="application/octet-stream",
            on_click="ignore",
            icon=":material/dataset:",
            help="Images and probabilities as NumPy arrays, with the settings as JSON.",
        )
    st.markdown("**Python.** These lines make the same pictures without the dashboard.")
    st.code(python_snippet(spec, label=triplet.label), language="python")


def page_link(settings: Settings) -> str:
    """The full address of the page with these settings."""
    address = (st.context.url or "/attack_lab").partition("?")[0]
    return f"{address}?{urlencode(settings.params())}"


def as_npz(triplet: Triplet, spec: RunSpec) -> bytes:
    """Every picture of a run with its probabilities, and the run itself as JSON."""
    arrays: dict[str, NDArray[Any]] = {"label": np.array(triplet.label)}
    readings = {
        "original": triplet.original,
        "adversarial": triplet.adversarial,
        "purified": triplet.purified,
        "purified_original": triplet.purified_original,
        "noise": triplet.noise,
    }
    for name, reading in readings.items():
        if reading is not None:
            arrays[name] = reading.image
            arrays[f"{name}_probabilities"] = reading.probabilities
    if triplet.code is not None:
        arrays |= {"code": triplet.code.clean, "adversarial_code": triplet.code.adversarial}
    arrays["settings"] = np.array(json.dumps(asdict(spec)))
    written = io.BytesIO()
    np.savez_compressed(written, **arrays)  # type: ignore[arg-type]
    return written.getvalue()
