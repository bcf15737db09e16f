"""What can be set for a picture of any size: menus, and the form in the address."""

from dataclasses import dataclass

from app.controls import Menu
from app.runs.parameters import write_value
from app.state import LinkReader
from core.analysis.photo_files import SAMPLES
from core.checkpoints import checkpoint_rows, train_command
from core.data import available_datasets, get_dataset
from core.defenses import DEFENSES, Setting
from core.training import RECIPES

PAGE = "defenses"
"""Prefix of the keys in the session: the section is a part of that page."""

OWN = "own"
"""The choice of an uploaded picture, as links write it."""

MOST_NOISE = 0.2

ANY_SIZE = tuple(
    name for name, row in DEFENSES.items() if row.checkpoint is None or "overlap" in row.settings
)
"""Defenses that take a picture of any size: those without a network, and those of patches."""

SETTINGS: dict[str, Setting] = {
    name: setting for defense in ANY_SIZE for name, setting in DEFENSES[defense].settings.items()
}
"""What those can be built with; a name that several have means the same in all."""


@dataclass(frozen=True, kw_only=True)
class PhotoSettings:
    """What is purified, and by what.

    Attributes:
        picture: A row of ``SAMPLES``, or ``OWN``.
        defense: A name of ``ANY_SIZE``.
        dataset: What a defense with a network was trained on.
        noise: Largest change of a value by the noise, 0 to ``MOST_NOISE``.
        tuned: Settings that are no defaults, as (name, value).
    """

    picture: str = "china"
    defense: str = "patch_vae"
    dataset: str = "cifar10"
    noise: float = 0.05
    tuned: tuple[tuple[str, int], ...] = ()

    @property
    def trained(self) -> bool:
        """Whether the defense is a network."""
        return DEFENSES[self.defense].checkpoint is not None

    @property
    def values(self) -> dict[str, int]:
        """All settings of the chosen defense."""
        tuned = dict(self.tuned)
        own = DEFENSES[self.defense].settings
        return {name: tuned.get(name, setting.default) for name, setting in own.items()}

    def params(self) -> dict[str, str]:
        """What differs from the start, as the address holds it."""
        start = FIRST_PHOTO
        named = {
            "photo": (self.picture, start.picture),
            "photo_defense": (self.defense, start.defense),
            "photo_data": (self.dataset, start.dataset),
            "photo_noise": (write_value(self.noise), write_value(start.noise)),
        }
        params = {name: value for name, (value, usual) in named.items() if value != usual}
        return params | {f"photo_{name}": str(value) for name, value in self.tuned}


FIRST_PHOTO = PhotoSettings()
"""What the section shows at first."""


def words_of(setting: Setting) -> list[str]:
    """Every value a setting can have, as the address holds it."""
    return [str(value) for value in range(setting.low, setting.high + 1, setting.step)]


def only_different(values: dict[str, int]) -> tuple[tuple[str, int], ...]:
    """Those of some settings that are no defaults, in the order of ``SETTINGS``."""
    return tuple(
        (name, values[name])
        for name, setting in SETTINGS.items()
        if values.get(name, setting.default) != setting.default
    )


def defense_menu() -> Menu:
    """Defenses that take any size: those that are ready, and why the others are not."""
    titles: dict[str, str] = {}
    missing: dict[str, str] = {}
    for name in ANY_SIZE:
        row = DEFENSES[name]
        training = training_menu(name)
        if row.checkpoint is None or training.titles:
            titles[name] = row.title
        else:
            missing[row.title] = next(iter(training.missing.values()), "nothing can train it.")
    return Menu(titles, missing)


def training_menu(defense: str) -> Menu:
    """Data sets a defense was trained on; those it could be trained on with the command."""
    checkpoint = DEFENSES[defense].checkpoint or ""
    trained = {row.dataset for row in checkpoint_rows() if row.name == checkpoint}
    titles: dict[str, str] = {}
    missing: dict[str, str] = {}
    for name, row in sorted(available_datasets().items(), key=lambda item: -item[1].image_shape[0]):
        title = f"{row.title} ({'grey' if row.image_shape[0] == 1 else 'colour'})"
        if name in trained:
            titles[name] = title
        elif (name, checkpoint) in RECIPES:
            missing[title] = f"not trained yet; `{train_command(name, checkpoint)}` trains it."
    return Menu(titles, missing)


def channels_of(photo: PhotoSettings) -> int | None:
    """How many channels the chosen network takes; None where there is none, and any will do."""
    return get_dataset(photo.dataset).image_shape[0] if photo.trained else None


def read_photo_settings(reader: LinkReader) -> PhotoSettings:
    """Settings from an address; what of it could not be used is noted in the reader.

    What the address leaves out stays as it is in ``FIRST_PHOTO``, ready or not: the menus
    choose something that is.
    """
    start = FIRST_PHOTO
    defenses = defense_menu()
    defense = start.defense
    if "photo_defense" in reader:
        defense = reader.word("photo_defense", defenses.titles, defenses.default(defense))
    dataset = start.dataset
    if "photo_data" in reader:
        training = training_menu(defense if DEFENSES[defense].checkpoint else start.defense)
        dataset = reader.word("photo_data", training.titles, training.default(dataset))
    values = {
        name: int(reader.word(f"photo_{name}", words_of(setting), str(setting.default)))
        for name, setting in SETTINGS.items()
    }
    return PhotoSettings(
        picture=reader.word("photo", (*SAMPLES, OWN), start.picture),
        defense=defense,
        dataset=dataset,
        noise=reader.number("photo_noise", 0.0, MOST_NOISE, start.noise),
        tuned=only_different(values),
    )
