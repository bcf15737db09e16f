"""One attack on one image in names and numbers: what a link, a cache key and a snippet hold."""

from dataclasses import dataclass
from typing import Any

from core.attacks import ATTACKS, Attack, make_attack
from core.evaluation.threats import WITHOUT_SUBSTITUTE as THREATS

WORST = "worst"
"""The adaptive attacker's choice: try everything, keep what hurts most."""

DRAWS = 4
"""Draws of a random defense that an adaptive attack on one image averages in every gradient."""


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """Everything that decides one run, besides the code and the weights.

    Attributes:
        dataset: A row of ``DATASETS``.
        classifier: Name of its checkpoint.
        defense: A row of ``DEFENSES``; None leaves the classifier bare.
        index: The image's place in the ``validation`` split; None is a picture of one's own.
        picture: sha256 of a picture of one's own; empty for images of the data set.
        label: Its class as told; None takes the data set's, or the classifier's answer.
        attack: A row of ``ATTACKS``.
        parameters: Constructor arguments of the attack that differ from its defaults, sorted.
        target: The class the attack aims at; None is any but the label.
        seed: Seed of everything random.
        threat: A key of ``THREATS``.
        surrogate: For an adaptive attack: a surrogate's name, or ``WORST``.
    """

    dataset: str
    classifier: str
    defense: str | None = None
    index: int | None = None
    picture: str = ""
    label: int | None = None
    attack: str
    parameters: tuple[tuple[str, Any], ...] = ()
    target: int | None = None
    seed: int = 0
    threat: str = "oblivious"
    surrogate: str = WORST

    def __post_init__(self) -> None:
        if self.attack not in ATTACKS:
            raise ValueError(f"unknown attack {self.attack!r}; choose from {', '.join(ATTACKS)}")
        if self.threat not in THREATS:
            raise ValueError(f"unknown threat {self.threat!r}; choose from {', '.join(THREATS)}")
        if self.threat == "adaptive" and self.defense is None:
            raise ValueError("an adaptive attack needs a defense to adapt to")
        if (self.index is None) == (not self.picture):
            raise ValueError("expected either an index or a picture of one's own")

    def build_attack(self) -> Attack:
        """The attack itself.

        Raises:
            ValueError: A parameter is unknown or out of its range.
        """
        return make_attack(self.attack, **dict(self.parameters))
