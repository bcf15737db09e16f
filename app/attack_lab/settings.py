"""The settings of the attack lab as one frozen value, and its form in the address."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.controls import Menu
from app.runs.choices import NO_DEFENSE, Offer
from app.runs.parameters import MOST_SEED, kept_budget, read_parameters, write_parameters
from app.state import LinkReader
from core.analysis import WORST, RunSpec
from core.attacks import ATTACKS
from core.evaluation.threats import WITHOUT_SUBSTITUTE as THREATS

PAGE = "lab"
"""Prefix of the page's keys in the session."""

SECTIONS = ("steps", "code", "smallest", "export")
GAINS = (1, 2, 3, 5, 10, 20)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a visitor can set.

    Attributes:
        dataset: A data set of the menu.
        index: The image's place in the ``validation`` split.
        own: A picture of one's own is attacked instead; it is not part of the address.
        classifier: Name of its checkpoint.
        defense: A row of ``DEFENSES``, or ``NO_DEFENSE``.
        attack: A row of ``ATTACKS``.
        parameters: Its parameters that differ from the defaults, sorted.
        target: The class aimed at; None is any other.
        seed: Seed of everything random.
        threat: What the attacker knows, a key of ``THREATS``.
        surrogate: What an adaptive attacker goes through.
        gain: How much the change is magnified.
        section: The open section below the pictures, one of ``SECTIONS``.
    """

    dataset: str = "mnist"
    index: int = 27
    own: bool = False
    classifier: str = "a"
    defense: str = "lq_vae_plus"
    attack: str = "pgd"
    parameters: tuple[tuple[str, Any], ...] = (("epsilon", 0.15),)
    target: int | None = None
    seed: int = 0
    threat: str = "oblivious"
    surrogate: str = WORST
    gain: int = 5
    section: str = "steps"

    def params(self) -> dict[str, str]:
        """The settings as the address holds them; rarely used ones only when they are used."""
        params = {"dataset": self.dataset, "index": str(self.index)}
        if self.own:
            params["picture"] = "own"
        params |= {"classifier": self.classifier, "defense": self.defense, "attack": self.attack}
        params |= write_parameters(self.attack, self.parameters)
        if self.target is not None:
            params["target"] = str(self.target)
        if self.threat != "oblivious":
            params |= {"threat": self.threat, "surrogate": self.surrogate}
        start = Settings()
        for name in ("seed", "gain", "section"):
            if getattr(self, name) != getattr(start, name):
                params[name] = str(getattr(self, name))
        return params

    def run(self, *, picture: str = "", label: int | None = None) -> RunSpec:
        """The run these settings ask for.

        Args:
            picture: sha256 of the picture of one's own; empty for an image of the data set.
            label: Its class as told; None leaves it open.
        """
        return RunSpec(
            dataset=self.dataset,
            classifier=self.classifier,
            defense=None if self.defense == NO_DEFENSE else self.defense,
            index=None if picture else self.index,
            picture=picture,
            label=label,
            attack=self.attack,
            parameters=self.parameters,
            target=self.target,
            seed=self.seed,
            threat=self.threat,
            surrogate=self.surrogate,
        )

    def with_attack(self, attack: str) -> "Settings":
        """Another attack; a budget in the same norm is kept, the rest are its defaults."""
        kept = kept_budget(self.attack, attack, self.parameters)
        target = self.target if ATTACKS[attack].targetable else None
        return replace(self, attack=attack, parameters=kept, target=target)


def read_settings(
    params: Mapping[str, str], datasets: Menu, offers: Mapping[str, Offer]
) -> tuple[Settings, tuple[str, ...]]:
    """Settings from an address, and a sentence for everything in it that could not be used.

    Args:
        params: The address's parameters, any text.
        datasets: The data sets that can be chosen, at least one.
        offers: The choices of each of them.
    """
    start = Settings()
    reader = LinkReader(params)
    dataset = reader.word("dataset", datasets.titles, datasets.default(start.dataset))
    offer = offers[dataset]
    defense = reader.word("defense", offer.defenses.titles, offer.defenses.default(start.defense))
    attack = reader.word("attack", ATTACKS, start.attack)
    default_parameters = () if "attack" in reader else start.parameters
    threat = reader.word("threat", THREATS, start.threat)
    if threat == "adaptive" and defense == NO_DEFENSE:
        reader.ignored.append("An adaptive attacker needs a defense; `oblivious` is used instead.")
        threat = "oblivious"
    settings = Settings(
        dataset=dataset,
        index=reader.whole("index", 0, max(0, offer.count - 1), min(start.index, offer.count - 1)),
        own=reader.word("picture", ("own",), "") == "own",
        classifier=reader.word(
            "classifier", offer.classifiers.titles, offer.classifiers.default(start.classifier)
        ),
        defense=defense,
        attack=attack,
        parameters=read_parameters(reader, attack, dict(default_parameters)),
        target=_read_target(reader, attack, len(offer.classes)),
        seed=reader.whole("seed", 0, MOST_SEED, start.seed),
        threat=threat,
        # The surrogates are known only once the purifier is loaded; the menu checks the name again.
        surrogate=reader.name("surrogate", start.surrogate),
        gain=int(reader.word("gain", [str(gain) for gain in GAINS], str(start.gain))),
        section=reader.word("section", SECTIONS, start.section),
    )
    return settings, reader.finish()


def _read_target(reader: LinkReader, attack: str, classes: int) -> int | None:
    if "target" not in reader:
        return None
    target = reader.whole("target", -1, classes - 1, -1)
    if not ATTACKS[attack].targetable:
        reader.ignored.append(f"{ATTACKS[attack].title} cannot aim; `target` is left out.")
        return None
    return None if target < 0 else target
