"""The models' half of the page "Data and models": every checkpoint, its figures, its health."""

import inspect
from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.jobs import ask, find, show_asked
from app.overview import glance
from core.checkpoints import (
    CheckpointError,
    CheckpointRow,
    checkpoint_rows,
    train_command,
    verify_checkpoint,
)
from core.data import available_datasets
from core.defenses import DEFENSES
from core.models import MODELS, classifier_title
from core.types import OnStep, Step

JOB = "verify models"


def show_models() -> None:
    """Draw a card for every checkpoint of the manifest."""
    try:
        rows = checkpoint_rows()
    except CheckpointError as error:
        st.error(str(error), icon=":material/error:")
        return
    if not rows:
        st.info(
            f"There are no models yet. Train the first with `{train_command('mnist', 'a')}`.",
            icon=":material/model_training:",
        )
        return
    st.markdown(
        "**Classifiers** say what a picture shows. **Purifiers** clean a picture before a "
        "classifier sees it. Each was trained by the one command on its card; every figure was "
        "measured on the file that lies here."
    )
    if st.button(
        "Verify all",
        key="verify_models",
        icon=":material/fact_check:",
        help="Compares every file's SHA-256 with the manifest and rebuilds the model from it.",
    ):
        ask(JOB, lambda on_step: verify_all(rows, on_step))
    show_asked(JOB, "Verifying the models", _say_verified)
    verdicts = verified()
    with st.grid(columns=2, min_column_width=340):
        for row in rows:
            with st.container(border=True, key=f"model_{row.dataset}_{row.name}"):
                _show_model(row, verdicts)


def verify_all(rows: tuple[CheckpointRow, ...], on_step: OnStep) -> dict[str, str | None]:
    """What is wrong with each checkpoint, by its hash in the manifest; None if nothing."""
    verdicts: dict[str, str | None] = {}
    for index, row in enumerate(rows):
        verdicts[row.sha256] = verify_checkpoint(row)
        on_step(Step(index + 1, len(rows)))
    return verdicts


def verified() -> Mapping[str, str | None]:
    """The verdicts of the latest check; empty when there was none."""
    job = find(JOB)
    return job.result or {} if job is not None and job.state == "done" else {}


def _say_verified(verdicts: Mapping[str, str | None]) -> None:
    broken = sum(problem is not None for problem in verdicts.values())
    if broken:
        st.warning(f"{broken} of {len(verdicts)} models have a problem.", icon=":material/warning:")
    else:
        st.success(f"All {len(verdicts)} models are sound.", icon=":material/check:")


def _show_model(row: CheckpointRow, verdicts: Mapping[str, str | None]) -> None:
    problem = verify_checkpoint(row) if glance(row) else verdicts.get(row.sha256)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(title(row), width="content")
        if problem:
            st.badge("unusable", color="orange", icon=":material/warning:")
        elif row.sha256 in verdicts:
            st.badge("verified", color="green", icon=":material/check:")
        else:
            st.badge("here", color="blue", icon=":material/check:", help="Not verified yet.")
    if problem:
        st.warning(problem, icon=":material/warning:")
    st.markdown("  \n".join(f"**{name}:** {text}" for name, text in facts(row).items()))
    if row.note:
        st.caption(row.note)
    st.code(row.train_command, language="bash", wrap_lines=True)


def title(row: CheckpointRow) -> str:
    """Name and data set, for people."""
    known = available_datasets()
    if row.name in DEFENSES:
        name = DEFENSES[row.name].title
    else:
        name = f"Classifier {row.name.upper()}" if len(row.name) == 1 else row.name
    return f"{name}, {known[row.dataset].title if row.dataset in known else row.dataset}"


def facts(row: CheckpointRow) -> dict[str, str]:
    """What the manifest says of a checkpoint, as Markdown by topic."""
    return {
        "Architecture": architecture(row),
        "Figures": figures_in_words(row.figures),
        "Training": training_in_words(row),
        "File": f"`{row.file}`, {row.size / 1e6:.1f} MB, SHA-256 `{row.sha256[:12]}`",
        "Licence": row.licence,
    }


def architecture(row: CheckpointRow) -> str:
    """The first line of the model's description, with the arguments it was built with."""
    model = MODELS.get(row.model)
    words = (inspect.getdoc(model) or row.model).splitlines()[0] if model else row.model
    arguments = ", ".join(
        f"{name.replace('_', ' ')} {value}"
        for name, value in row.arguments.items()
        if not isinstance(value, Mapping) and name != "image_shape"
    )
    return f"{words.rstrip('.')} ({arguments})" if arguments else words.rstrip(".")


def training_in_words(row: CheckpointRow) -> str:
    """How it was trained, as far as the manifest says."""
    recipe: Mapping[str, Any] = row.training.get("recipe", {})
    words = []
    if "steps" in recipe:
        words.append(f"{recipe['steps']:,} steps of {recipe.get('batch_size', '?')} pictures")
    if "images" in row.training:
        words.append(f"from {row.training['images']:,} of the {row.split} split")
    if "seconds" in row.training:
        words.append(f"in {duration(row.training['seconds'])} on {row.training.get('device', '?')}")
    if "seed" in recipe:
        words.append(f"with seed {recipe['seed']}")
    return " ".join(words) or "not recorded"


def figures_in_words(figures: Mapping[str, Any]) -> str:
    """What was measured, each accuracy with its interval, all with the number of pictures."""
    words: list[str] = []
    if "accuracy" in figures:
        words.append(f"{_accuracy(figures['accuracy'])} right")
    through: Mapping[str, Any] = figures.get("clean_accuracy", {})
    if through:
        each = "; ".join(
            f"{classifier_title(name)} {_accuracy(value)}" for name, value in through.items()
        )
        words.append(f"clean pictures sent through it, classified by {each}")
    if "bits" in figures:
        words.append(f"a code of {figures['bits']} bits, {figures.get('dead_bits', 0)} constant")
    if "mean_squared_error" in figures:
        words.append(f"mean squared error {figures['mean_squared_error']:.4f}")
    if not words:
        return "not measured"
    return f"{', '.join(words)} ({figures.get('n', 0):,} {figures.get('split', '')} pictures)"


def duration(seconds: float) -> str:
    """A time in words."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _accuracy(values: Mapping[str, float]) -> str:
    return (
        f"{100 * values['value']:.1f} % ({100 * values['low']:.1f} to {100 * values['high']:.1f})"
    )
