"""What can be attacked and defended on this machine, and why the rest cannot."""

from collections.abc import Mapping
from dataclasses import dataclass

from app import cache
from app.controls import Menu
from core.checkpoints import CLASSIFYING, checkpoint_rows, train_command
from core.data import available_datasets, dataset_state
from core.defenses import DEFENSES
from core.models import classifier_title
from core.training import RECIPES

NO_DEFENSE = "none"
"""The choice of a bare classifier, as links write it."""


@dataclass(frozen=True)
class Offer:
    """What can be chosen for one data set.

    Attributes:
        name: Its key.
        classes: Names of its classes.
        image_shape: (c, h, w).
        ink_box: See ``Dataset.ink_box``.
        count: How many images the gallery holds.
        classifiers: Trained classifiers.
        defenses: Ready defenses, with ``NO_DEFENSE`` as the last.
    """

    name: str
    classes: tuple[str, ...]
    image_shape: tuple[int, int, int]
    ink_box: int | None
    count: int
    classifiers: Menu
    defenses: Menu


def dataset_menu() -> Menu:
    """Data sets that have images and a classifier here."""
    titles: dict[str, str] = {}
    missing: dict[str, str] = {}
    for name, dataset in available_datasets().items():
        state = dataset_state(name)
        if "validation" not in state.readable:
            missing[dataset.title] = state.problem or state.remedy or "its images are missing."
        elif not _classifiers(name):
            missing[dataset.title] = f"no classifier yet; `{train_command(name, 'a')}` trains one."
        else:
            titles[name] = dataset.title
    return Menu(titles, missing)


def offer_for(dataset: str) -> Offer:
    """The choices within one data set.

    Raises:
        LabError: No such data set.
    """
    row = available_datasets()[dataset]
    trained = {checkpoint.name for checkpoint in checkpoint_rows() if checkpoint.dataset == dataset}
    titles: dict[str, str] = {}
    missing: dict[str, str] = {}
    for name, defense in DEFENSES.items():
        if defense.checkpoint is None or defense.checkpoint in trained:
            titles[name] = defense.title
        elif (dataset, defense.checkpoint) in RECIPES:
            command = train_command(dataset, defense.checkpoint)
            missing[defense.title] = f"not trained yet; `{command}` trains it."
        else:
            missing[defense.title] = f"there is no recipe to train it on {row.title}."
    titles[NO_DEFENSE] = "No defense"
    return Offer(
        name=dataset,
        classes=row.classes,
        image_shape=row.image_shape,
        ink_box=row.ink_box,
        count=min(cache.MAX_PICTURES, dataset_state(dataset).readable.get("validation", 0)),
        classifiers=Menu({name: classifier_title(name) for name in _classifiers(dataset)}),
        defenses=Menu(titles, missing),
    )


def _classifiers(dataset: str) -> list[str]:
    return [
        row.name
        for row in checkpoint_rows()
        if row.dataset == dataset and _objective(row.training) in CLASSIFYING
    ]


def _objective(training: Mapping[str, object]) -> object:
    recipe = training.get("recipe")
    return recipe.get("objective") if isinstance(recipe, Mapping) else None
