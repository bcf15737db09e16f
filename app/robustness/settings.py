"""The settings of the robustness page, and their form in the address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.controls import Menu
from app.runs.choices import NO_DEFENSE, Offer
from app.runs.parameters import MOST_SEED, read_parameters, write_parameters
from app.runs.session import PageSession
from app.state import LinkReader
from core.attacks import ATTACKS, controls
from core.defenses import DEFENSES
from core.evaluation import THREATS
from core.evaluation.checking import PAPERNOT
from core.evaluation.paper_lines import TABLED
from core.evaluation.slides import TABLES
from core.evaluation.specification import Specification
from core.evaluation.threats import RANDOM_DRAWS

PAGE = "robustness"
"""Prefix of the page's keys in the session."""

LEAST_IMAGES, MOST_IMAGES = 10, 200
CURVES = ("lq_vae", "lq_vae_plus", "bit_depth")
"""Defenses whose curves can be shown."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What the live panel runs.

    Attributes:
        classifier: Name of the classifier that is to be fooled.
        defense: A row of ``DEFENSES``, or ``NO_DEFENSE``.
        attack: A row of ``ATTACKS``.
        parameters: Its parameters that differ from the defaults, sorted.
        threat: A row of ``THREATS``.
        substitute: What a transfer attacker has: another classifier, or ``papernot``.
        n: How many images.
        seed: Seed of everything random.
    """

    classifier: str = "a"
    defense: str = "lq_vae"
    attack: str = "pgd"
    parameters: tuple[tuple[str, Any], ...] = (("epsilon", 0.1),)
    threat: str = "adaptive"
    substitute: str = "b"
    n: int = 30
    seed: int = 0

    def params(self) -> dict[str, str]:
        """The trial as the address holds it."""
        names = ("classifier", "defense", "threat", "attack")
        params = {name: str(getattr(self, name)) for name in names}
        if self.threat == "transfer":
            params["substitute"] = self.substitute
        params |= write_parameters(self.attack, self.parameters)
        params["n"] = str(self.n)
        if self.seed:
            params["seed"] = str(self.seed)
        return params

    def spec(self, dataset: str, split: str) -> Specification:
        """The trial in the core's words.

        Raises:
            ValueError: Its parts do not go together; ``impossible`` says so in better words.
        """
        adaptive = self.threat == "adaptive"
        random = self.defense in DEFENSES and DEFENSES[self.defense].random
        return Specification(
            dataset=dataset,
            classifier=self.classifier,
            defense=None if self.defense == NO_DEFENSE else self.defense,
            attack=self.attack,
            parameters=self._parameters(),
            threat=self.threat,
            substitute=self.substitute if self.threat == "transfer" else None,
            draws=RANDOM_DRAWS if adaptive and random else 1,
            split=split,
            n=self.n,
            seed=self.seed,
        )

    def _parameters(self) -> tuple[tuple[str, Any], ...]:
        """The parameters with the budget written out, so that the command shows it."""
        values = dict(self.parameters)
        for field_of in controls(ATTACKS[self.attack]):
            if field_of.name == "epsilon" and field_of.default is not None:
                values.setdefault("epsilon", field_of.default)
        return tuple(sorted(values.items()))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a visitor can set.

    Attributes:
        data: A row of ``TABLED``.
        table: A kind of table.
        curve: The defense whose curves are shown.
        trial: What the live panel runs.
    """

    data: str = "mnist"
    table: str = "white-box"
    curve: str = "lq_vae"
    trial: Trial = field(default_factory=Trial)

    def params(self) -> dict[str, str]:
        """The settings as the address holds them; what is as at first is left out."""
        first = Settings()
        params = {"data": self.data, "table": self.table}
        if self.curve != first.curve:
            params["curve"] = self.curve
        return params if self.trial == first.trial else params | self.trial.params()


def impossible(trial: Trial) -> str | None:
    """Why a trial cannot be run, as a sentence with what to do; None when it can."""
    if trial.threat == "adaptive" and trial.defense == NO_DEFENSE:
        return (
            "An adaptive attacker adapts to a defense, and there is none: choose a defense, or "
            "the oblivious attacker, who sees all of a bare classifier."
        )
    if trial.threat == "transfer" and trial.substitute == trial.classifier:
        return (
            f"The substitute is classifier {trial.classifier.upper()} itself: choose another one, "
            "or the oblivious attacker, who has the classifier."
        )
    return None


def substitutes(offer: Offer | None) -> Menu:
    """What a transfer attacker may attack in place of the classifier."""
    names = {} if offer is None else dict(offer.classifiers.titles)
    return Menu({**names, PAPERNOT: "Trained from its answers"})


def read_settings(
    params: Mapping[str, str], offers: Mapping[str, Offer]
) -> tuple[Settings, tuple[str, ...]]:
    """Settings from an address, and a sentence for everything in it that could not be used.

    Args:
        params: The address's parameters, any text.
        offers: What can be attacked, by data set; may be empty.
    """
    reader = LinkReader(params)
    data = reader.word("data", TABLED, "mnist")
    table = reader.word("table", TABLES, "white-box")
    curve = reader.word("curve", CURVES, CURVES[0])
    trial = _read_trial(reader, offers.get(data))
    settings = Settings(data=data, table=table, curve=curve, trial=trial)
    return settings, reader.finish()


def _read_trial(reader: LinkReader, offer: Offer | None) -> Trial:
    """The trial; of a data set that is not here, the names are taken as they are."""
    first = Trial()
    attack = reader.word("attack", ATTACKS, first.attack)
    defaults = dict(first.parameters) if "attack" not in reader else {}
    parameters = read_parameters(reader, attack, defaults)
    if offer is None:
        classifier = reader.name("classifier", first.classifier)
        defense = reader.word("defense", (*DEFENSES, NO_DEFENSE), first.defense)
    else:
        classifiers, defenses = offer.classifiers, offer.defenses
        classifier = reader.word(
            "classifier", classifiers.titles, classifiers.default(first.classifier)
        )
        defense = reader.word("defense", defenses.titles, defenses.default(first.defense))
    threat = reader.word("threat", THREATS, first.threat)
    menu = substitutes(offer)
    return Trial(
        classifier=classifier,
        defense=defense,
        attack=attack,
        parameters=parameters,
        threat=threat,
        substitute=reader.word("substitute", menu.titles, menu.default(first.substitute)),
        n=reader.whole("n", LEAST_IMAGES, MOST_IMAGES, first.n),
        seed=reader.whole("seed", 0, MOST_SEED, first.seed),
    )


def page_session(offers: Mapping[str, Offer]) -> PageSession[Settings]:
    """The page's settings over its reruns."""
    return PageSession(PAGE, lambda params: read_settings(params, offers))
