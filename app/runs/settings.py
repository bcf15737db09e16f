"""One attack on many images as a page's settings: what the menus choose and the address holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.controls import Menu
from app.runs.choices import NO_DEFENSE, Offer
from app.runs.parameters import MOST_SEED, read_parameters, write_parameters
from app.state import LinkReader
from core.analysis.attacked_spec import MAX_IMAGES, MIN_IMAGES, AttackedSpec
from core.attacks import ATTACKS


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """An attack on the first images of the ``validation`` split, seen through one defense.

    Attributes:
        dataset: A data set of the menu.
        classifier: Name of its checkpoint.
        defense: A row of ``DEFENSES``.
        attack: A row of ``ATTACKS``.
        parameters: Its parameters that differ from the defaults, sorted.
        n: How many images.
        seed: Seed of everything random.
    """

    dataset: str = "mnist"
    classifier: str = "a"
    defense: str = "lq_vae"
    attack: str = "cw"
    parameters: tuple[tuple[str, Any], ...] = ()
    n: int = 1000
    seed: int = 0

    def params(self) -> dict[str, str]:
        """The settings as the address holds them."""
        names = ("dataset", "classifier", "defense", "attack")
        params = {name: str(getattr(self, name)) for name in names}
        params |= write_parameters(self.attack, self.parameters)
        params["n"] = str(self.n)
        if self.seed:
            params["seed"] = str(self.seed)
        return params

    def spec(self) -> AttackedSpec:
        """The same run in the core's words."""
        return AttackedSpec(
            dataset=self.dataset,
            classifier=self.classifier,
            defense=self.defense,
            attack=self.attack,
            parameters=self.parameters,
            n=self.n,
            seed=self.seed,
        )


def purifiers(offer: Offer) -> Menu:
    """The defenses of an offer without the choice of none: these pages look at purifiers."""
    titles = {name: title for name, title in offer.defenses.titles.items() if name != NO_DEFENSE}
    return Menu(titles, offer.defenses.missing)


def most_images(offer: Offer) -> int:
    """How many images a run may have here."""
    return min(MAX_IMAGES, offer.count)


def read_run(
    reader: LinkReader, datasets: Menu, offers: Mapping[str, Offer], start: RunSettings
) -> RunSettings:
    """A run from an address; what of it could not be used is noted in the reader.

    Args:
        reader: Reads the address. Other settings of the page may be read from it too.
        datasets: The data sets that can be chosen, at least one.
        offers: The choices of each of them.
        start: What an empty address means.
    """
    dataset = reader.word("dataset", datasets.titles, datasets.default(start.dataset))
    offer = offers[dataset]
    defenses = purifiers(offer)
    attack = reader.word("attack", ATTACKS, start.attack)
    defaults = start.parameters if attack == start.attack and "attack" not in reader else ()
    most = most_images(offer)
    return RunSettings(
        dataset=dataset,
        classifier=reader.word(
            "classifier", offer.classifiers.titles, offer.classifiers.default(start.classifier)
        ),
        defense=reader.word("defense", defenses.titles, defenses.default(start.defense)),
        attack=attack,
        parameters=read_parameters(reader, attack, dict(defaults)),
        n=reader.whole("n", MIN_IMAGES, most, min(start.n, most)),
        seed=reader.whole("seed", 0, MOST_SEED, start.seed),
    )
