"""The generators of the page, and what they make: from the table, at once, or as a job."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from app import cache
from app.controls import Menu
from app.hierarchy.settings import DEFENSE, DRAWS, HierarchySettings
from app.runs.choices import Offer
from app.runs.obtain import obtain
from app.runs.words import sentence
from core.analysis import Triplet, make_triplet
from core.analysis.levels import Leveled, LevelSpec, levels_alone, through_levels
from core.checkpoints import find_row, train_command
from core.defenses import MlvgmPurifier
from core.defenses.level_schedules import SCHEDULES, schedule
from core.defenses.mlvgm import LevelGenerator
from core.devices import pick_device
from core.training import RECIPES
from core.types import Classifier, LabError, OnStep

ALONE_DRAWS = 5
"""Pictures of every row that draws one level anew."""


@dataclass(frozen=True, eq=False)
class Subject:
    """One image, attacked, and what it goes through.

    Attributes:
        settings: What was chosen.
        triplet: The attack on the bare classifier.
        image: What goes through the levels, (c, h, w) in [0, 1].
        classifier: The bare classifier.
        model: The generator.
        hashes: sha256 of the weights, part of the key of every result.
    """

    settings: HierarchySettings
    triplet: Triplet
    image: Tensor
    classifier: Classifier
    model: LevelGenerator
    hashes: tuple[str, ...]

    @property
    def label(self) -> int:
        """The right class."""
        return self.triplet.label


def generators(datasets: Menu, offers: dict[str, Offer]) -> tuple[Menu, dict[str, LevelGenerator]]:
    """The data sets with a generator, and why the others have none.

    Args:
        datasets: The data sets that can be attacked here.
        offers: The choices of each of them.
    """
    titles: dict[str, str] = {}
    missing = dict(datasets.missing)
    found: dict[str, LevelGenerator] = {}
    for name, title in datasets.titles.items():
        if DEFENSE not in offers[name].defenses.titles:
            command = train_command(name, DEFENSE)
            known = (name, DEFENSE) in RECIPES
            missing[title] = (
                f"its generator is not trained yet; `{command}` trains it."
                if known
                else "there is no recipe of a generator for it."
            )
            continue
        try:
            purifier = cache.purifier(name, DEFENSE)
        except LabError as error:
            missing[title] = sentence(error)
            continue
        assert isinstance(purifier, MlvgmPurifier)
        titles[name], found[name] = title, purifier.model
    return Menu(titles, missing), found


def load_subject(settings: HierarchySettings, model: LevelGenerator) -> Subject | None:
    """Attack the image; None while that is under way, with a progress bar on the page.

    Raises:
        LabError: The classifier or the images are missing or damaged.
    """
    spec = settings.run()
    classifier = cache.classifier(spec.dataset, spec.classifier)
    images, labels = cache.validation(spec.dataset)
    image = images[settings.index].to(pick_device())
    label = int(labels[settings.index])
    bare = find_row(spec.dataset, spec.classifier).sha256

    def compute(on_step: OnStep) -> Triplet:
        return make_triplet(classifier, None, image, label, spec, on_step)

    triplet = obtain("levels", ("levels", spec, bare), compute, "Attacking")
    if triplet is None:
        return None
    seen = triplet.adversarial if settings.seen == "attacked" else triplet.original
    return Subject(
        settings,
        triplet,
        torch.from_numpy(seen.image).to(pick_device()),
        classifier,
        model,
        (bare, cache.defense_hash(spec.dataset, DEFENSE)),
    )


def leveled(subject: Subject, spec: LevelSpec) -> Leveled:
    """The image through the levels; a few hundredths of a second, so it is made at once."""
    table = cache.results()
    key = ("leveled", subject.settings.run(), subject.settings.seen, spec, subject.hashes)
    found: Leveled | None = table.find(key)
    if found is None:
        found = through_levels(subject.classifier, subject.model, subject.image, spec)
        table.keep(key, found)
    return found


def rebuilt(subject: Subject) -> Leveled:
    """The image with every level kept."""
    nothing = (0.0,) * len(subject.model.level_shapes)
    return leveled(subject, subject.settings.levels(nothing, draws=1))


def each_alone(subject: Subject) -> tuple[Leveled, ...]:
    """Every level drawn anew by itself."""
    table, settings = cache.results(), subject.settings
    spec = settings.levels((), draws=ALONE_DRAWS)
    key = ("levels alone", settings.run(), settings.seen, spec, subject.hashes)
    found: tuple[Leveled, ...] | None = table.find(key)
    if found is None:
        found = levels_alone(subject.classifier, subject.model, subject.image, spec)
        table.keep(key, found)
    return found


def schedules_of(dataset: str, levels: int) -> tuple[dict[str, tuple[float, ...]], dict[str, str]]:
    """The schedules that are ready, and why the others are not."""
    ready: dict[str, tuple[float, ...]] = {}
    missing: dict[str, str] = {}
    for name in SCHEDULES:
        try:
            ready[name] = schedule(name, dataset, levels)
        except LabError as error:
            missing[name] = sentence(error)
    return ready, missing


def compared(
    subject: Subject, shares: dict[str, tuple[float, ...]], attenuation: float
) -> dict[str, Leveled]:
    """The image by every schedule, each lowered to a part of itself."""
    return {
        name: leveled(
            subject,
            replace(
                subject.settings.levels(draws=DRAWS),
                shares=tuple(attenuation * share for share in whole),
            ),
        )
        for name, whole in shares.items()
    }
