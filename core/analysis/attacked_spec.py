"""One attack on many images in names and numbers: what a link and a stored result hold."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from torch import Tensor

from core.attacks import Attack, make_attack
from core.checkpoints import CheckpointError, find_row
from core.data import SPLITS
from core.defenses import DEFENSES
from core.types import LabError

FORMAT = 1
"""Counts up whenever stored results mean something else; older ones are then computed again."""

MIN_IMAGES, MAX_IMAGES = 10, 1000


@dataclass(frozen=True, kw_only=True)
class AttackedSpec:
    """Everything that decides one run over many images, besides the code and the weights.

    The attack is oblivious: it sees the bare classifier. Two specifications of the same run are
    equal: parameters that only repeat the attack's defaults are left out.

    Attributes:
        dataset: A row of ``DATASETS``.
        classifier: Name of its checkpoint.
        defense: A row of ``DEFENSES``.
        attack: A row of ``ATTACKS``.
        parameters: Constructor arguments of the attack that differ from its defaults, sorted.
        split: Where the images come from.
        n: How many images, from the start of the split, MIN_IMAGES to MAX_IMAGES.
        seed: Seed of everything random.

    Raises:
        ValueError: A name, a parameter or a number is out of its range.
    """

    dataset: str
    classifier: str
    defense: str
    attack: str
    parameters: tuple[tuple[str, Any], ...] = ()
    split: str = "validation"
    n: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise ValueError(f"unknown split {self.split!r}; choose from {', '.join(SPLITS)}")
        if isinstance(self.n, bool) or not isinstance(self.n, int):
            raise ValueError(f"n must be a whole number, got {self.n!r}")
        if not MIN_IMAGES <= self.n <= MAX_IMAGES:
            raise ValueError(f"n must be {MIN_IMAGES} to {MAX_IMAGES} images, got {self.n}")
        attack = self.build_attack()
        differing = {
            field.name: getattr(attack, field.name)
            for field in fields(attack)
            if getattr(attack, field.name) != field.default
        }
        object.__setattr__(self, "parameters", tuple(sorted(differing.items())))

    def build_attack(self) -> Attack:
        """The attack itself.

        Raises:
            ValueError: The attack or a parameter is unknown, or a value is out of its range.
        """
        return make_attack(self.attack, **dict(self.parameters))

    def hashes(self) -> dict[str, str]:
        """sha256 of the checkpoints used, by name; those not in the manifest are left out."""
        row = DEFENSES.get(self.defense)
        names = [self.classifier, *([row.checkpoint] if row and row.checkpoint else [])]
        found = {}
        for name in names:
            try:
                found[name] = find_row(self.dataset, name).sha256
            except CheckpointError:
                continue
        return found

    def fingerprint(self) -> str:
        """A short name for this run with the present checkpoints and the present format."""
        text = json.dumps([FORMAT, self.as_dict(), self.hashes()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    def check_count(self, images: Tensor) -> None:
        """Hold images to the number asked for.

        Raises:
            LabError: There are more or fewer.
        """
        if len(images) != self.n:
            raise LabError(
                f"expected the first {self.n} images of {self.split} of {self.dataset}, got "
                f"{len(images)}; choose a number of images that the split has"
            )

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "parameters": dict(self.parameters)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "AttackedSpec":
        """The inverse of ``as_dict``."""
        return cls(**{**values, "parameters": tuple(sorted(values["parameters"].items()))})
