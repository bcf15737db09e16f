"""Which selective classifiers can be shown here, and why the others cannot."""

from collections.abc import Mapping
from dataclasses import replace

from app.controls import Menu
from app.runs.choices import Offer, offer_for
from core.checkpoints import checkpoint_rows, train_command
from core.data import available_datasets, dataset_state
from core.training import RECIPES

MODEL = "gm_vae"
"""The architecture that this page is about, a row of ``MODELS``."""

TITLES: Mapping[str, str] = {
    "gm_vae": "All labels",
    "gm_vae_semi": "100 labels a class",
    "gm_vae_variable": "Variable entropy",
}
"""The paper's three by how they were trained."""


def selective_title(name: str) -> str:
    """A selective classifier as its menu names it."""
    return TITLES.get(name, name.replace("_", " "))


def selective_names(dataset: str) -> tuple[str, ...]:
    """The trained ones of a data set, the paper's first.

    Raises:
        CheckpointError: The manifest is damaged.
    """
    names = {row.name for row in checkpoint_rows() if (row.dataset, row.model) == (dataset, MODEL)}
    return tuple(sorted(names, key=lambda name: ([*TITLES, name].index(name), name)))


def selective_choices() -> tuple[Menu, dict[str, Offer]]:
    """The data sets with a selective classifier, and what can be chosen of each.

    Raises:
        LabError: The manifest is damaged.
    """
    titles: dict[str, str] = {}
    missing: dict[str, str] = {}
    offers: dict[str, Offer] = {}
    for name, dataset in available_datasets().items():
        names = selective_names(name)
        if not names and (name, MODEL) not in RECIPES:
            continue
        state = dataset_state(name)
        if not names:
            missing[dataset.title] = f"not trained yet; `{train_command(name, MODEL)}` trains it."
        elif "validation" not in state.readable:
            missing[dataset.title] = state.problem or state.remedy or "its images are missing."
        else:
            titles[name] = dataset.title
            models = Menu({one: selective_title(one) for one in names})
            offers[name] = replace(offer_for(name), classifiers=models)
    return Menu(titles, missing), offers
