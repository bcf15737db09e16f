"""The settings of the defenses page as one frozen value, and its form in the address."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.controls import Menu
from app.defenses.photo_settings import (
    FIRST_PHOTO,
    PAGE as PAGE,
    PhotoSettings,
    read_photo_settings,
    words_of,
)
from app.runs.choices import Offer
from app.runs.settings import RunSettings, most_images, read_run
from app.state import LinkReader
from core.analysis import Outcome, RunSpec
from core.data import DATASETS
from core.defenses import DEFENSES, Setting

ALL = "all"
SEARCHER = "defense_gan"
"""The defense whose settings stand in a section of its own: its search can take seconds."""

OUTCOMES: tuple[Outcome, ...] = (
    "not fooled",
    "spoiled",
    "repaired",
    "not repaired",
    "wrong before",
)
"""What can become of an image behind a purifier, in the order of the picture."""


FIRST_RUN = RunSettings(defense="lq_vae_16", attack="fgsm", parameters=(("epsilon", 0.15),), n=500)
"""What the page shows at first: quick to make, and so coarse a code that every outcome occurs."""


def is_quick(run: RunSettings) -> bool:
    """Whether a run is the first one, whatever its classifier and defense, on grey pictures.

    The network for colour pictures takes a minute.
    """
    names = ("attack", "parameters", "n", "seed")
    first = all(getattr(run, name) == getattr(FIRST_RUN, name) for name in names)
    return first and DATASETS[run.dataset].image_shape[0] == 1


@dataclass(frozen=True, kw_only=True)
class DefensesSettings:
    """Everything a visitor can set.

    Attributes:
        run: The attack, and the defense of the gallery.
        index: Place in the ``validation`` split of the image that goes through every defense.
        outcome: Which images the gallery shows: one of ``OUTCOMES``, or ``ALL``.
        tuned: Settings of defenses that differ from their defaults, as (defense, name, value).
    """

    run: RunSettings = FIRST_RUN
    index: int = 27
    outcome: str = ALL
    tuned: tuple[tuple[str, str, int], ...] = ()
    photo: PhotoSettings = FIRST_PHOTO

    def settings_of(self, defense: str) -> dict[str, int]:
        """What a defense is built with here, as far as it differs from the defaults."""
        return {name: value for owner, name, value in self.tuned if owner == defense}

    @property
    def quick(self) -> "DefensesSettings":
        """The same with the search as it is by default, for the pictures of all defenses."""
        return replace(self, tuned=tuple(one for one in self.tuned if one[0] != SEARCHER))

    def params(self) -> dict[str, str]:
        """The settings as the address holds them."""
        params = self.run.params() | {"index": str(self.index)}
        if self.outcome != ALL:
            params["outcome"] = self.outcome.replace(" ", "_")
        params |= {name: str(value) for _, name, value in self.tuned}
        return params | self.photo.params()

    def spec(self) -> RunSpec:
        """The attack on the one image, which sees no defense."""
        return RunSpec(
            dataset=self.run.dataset,
            classifier=self.run.classifier,
            index=self.index,
            attack=self.run.attack,
            parameters=self.run.parameters,
            seed=self.run.seed,
        )


def tunable() -> tuple[tuple[str, str, Setting], ...]:
    """Every setting of every defense, as (defense, name, setting).

    Settings of one name are one control: the patch VAEs share their overlap.
    """
    return tuple(
        (defense, name, setting)
        for defense, row in DEFENSES.items()
        for name, setting in row.settings.items()
    )


def owners() -> dict[str, str]:
    """The first defense that has a setting, by the setting's name."""
    first: dict[str, str] = {}
    for defense, name, _ in tunable():
        first.setdefault(name, defense)
    return first


def only_tuned(values: Mapping[str, int]) -> tuple[tuple[str, str, int], ...]:
    """Those of some settings, by name, that are no defaults."""
    return tuple(
        (defense, name, values[name])
        for defense, name, setting in tunable()
        if values[name] != setting.default
    )


def read_settings(
    params: Mapping[str, str], datasets: Menu, offers: Mapping[str, Offer]
) -> tuple[DefensesSettings, tuple[str, ...]]:
    """Settings from an address, and a sentence for everything in it that could not be used.

    Args:
        params: The address's parameters, any text.
        datasets: The data sets that can be chosen, at least one.
        offers: The choices of each of them.
    """
    start = DefensesSettings()
    reader = LinkReader(params)
    run = read_run(reader, datasets, offers, start.run)
    last = max(0, most_images(offers[run.dataset]) - 1)
    words = {outcome.replace(" ", "_"): outcome for outcome in OUTCOMES}
    outcome = reader.word("outcome", (ALL, *words), start.outcome)
    read = {}
    for name, owner in owners().items():
        setting = DEFENSES[owner].settings[name]
        read[name] = int(reader.word(name, words_of(setting), str(setting.default)))
    settings = DefensesSettings(
        run=run,
        index=reader.whole("index", 0, last, min(start.index, last)),
        outcome=words.get(outcome, ALL),
        tuned=only_tuned(read),
        photo=read_photo_settings(reader),
    )
    return settings, reader.finish()
