"""The lineup of one image: its models loaded, its result from the table or a job."""

from app import cache
from app.defenses.settings import DefensesSettings
from app.runs.obtain import obtain
from core.analysis import Lineup, make_lineup
from core.checkpoints import CheckpointError, find_row
from core.defenses import load_defense
from core.devices import pick_device
from core.types import OnStep, Purifier


def load_purifiers(
    settings: DefensesSettings, names: tuple[str, ...]
) -> tuple[dict[str, Purifier], dict[str, str]]:
    """Those defenses that load, and for the others what is wrong with them.

    Args:
        settings: Names the data set, and what the defenses are built with.
        names: Rows of ``DEFENSES``.
    """
    dataset = settings.run.dataset
    ready: dict[str, Purifier] = {}
    broken: dict[str, str] = {}
    for name in names:
        try:
            tuned = settings.settings_of(name)
            ready[name] = (
                load_defense(dataset, name, **tuned) if tuned else cache.purifier(dataset, name)
            )
        except CheckpointError as error:
            broken[name] = str(error)
    return ready, broken


def lineup_of(settings: DefensesSettings, purifiers: dict[str, Purifier]) -> Lineup | None:
    """The lineup; None while it is computed, with a progress bar on the page.

    Raises:
        LabError: The classifier or the images are missing or damaged.
    """
    spec = settings.spec()
    classifier = cache.classifier(spec.dataset, spec.classifier)
    images, labels = cache.validation(spec.dataset)
    image = images[settings.index].to(pick_device())
    label = int(labels[settings.index])
    hashes = [find_row(spec.dataset, spec.classifier).sha256]
    hashes += [cache.defense_hash(spec.dataset, name) for name in purifiers]

    def compute(on_step: OnStep) -> Lineup:
        return make_lineup(classifier, purifiers, image, label, spec, on_step)

    key = ("lineup", spec, settings.tuned, tuple(purifiers), tuple(hashes))
    return obtain("lineup", key, compute, "Attacking")
