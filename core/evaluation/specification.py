"""What is measured (``Specification``) and what came out (``Evaluation``), both plain values."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from torch import Tensor

from core.evaluation.accuracy import Accuracy
from core.evaluation.selected import Selected
from core.evaluation.threats import RESUBMISSIONS, THREATS


@dataclass(frozen=True, kw_only=True)
class Specification:
    """One cell of a table: everything needed to measure it again.

    Attributes:
        dataset: A row of ``DATASETS``.
        classifier: Name of its checkpoint.
        defense: A row of ``DEFENSES``, or None for the bare classifier.
        settings: What the defense is built with, as sorted pairs; defaults where left out.
        attack: A row of ``ATTACKS``, or None for clean images.
        parameters: Constructor arguments of the attack, as sorted pairs.
        threat: A row of ``THREATS``.
        substitute: Transfer only: the classifier the attacker has, or ``papernot``.
        surrogates: Adaptive only: names of the views to attack through; None takes all.
        draws: Adaptive only: draws of a random defense averaged in every answer (EOT).
        checked: Adaptive only: whether the figure is checked for gradient masking, which takes as
            long as to measure it; the points of a curve are not.
        resubmissions: Behind a random defense: how many draws every attacked image is judged by.
            It counts as right only if every one of them is; see ``Draws``.
        split: Where the images come from.
        n: How many images, from the start of the split.
        seed: Seed of everything random.
    """

    dataset: str
    classifier: str
    defense: str | None = None
    settings: tuple[tuple[str, int], ...] = ()
    attack: str | None = None
    parameters: tuple[tuple[str, Any], ...] = ()
    threat: str = "oblivious"
    substitute: str | None = None
    surrogates: tuple[str, ...] | None = None
    draws: int = 1
    checked: bool = True
    resubmissions: int = RESUBMISSIONS
    split: str = "test"
    n: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.threat not in THREATS:
            raise ValueError(f"unknown threat {self.threat!r}; choose from {', '.join(THREATS)}")
        if self.n < 1:
            raise ValueError(f"n must be at least 1, got {self.n}")
        if min(self.draws, self.resubmissions) < 1:
            raise ValueError(
                f"draws and resubmissions must be at least 1, got {self.draws} and "
                f"{self.resubmissions}"
            )
        if self.threat == "adaptive" and (self.defense is None or self.attack is None):
            raise ValueError("an adaptive evaluation needs a defense and an attack")
        chosen = self.surrogates is not None or self.draws != 1 or not self.checked
        if self.threat != "adaptive" and chosen:
            raise ValueError("only an adaptive attacker chooses surrogates, draws and checks")
        if self.settings and self.defense is None:
            raise ValueError("settings belong to a defense, and there is none")
        if self.surrogates is not None and not self.surrogates:
            raise ValueError("surrogates must name at least one view; leave them out for all")
        self._check_substitute()

    def _check_substitute(self) -> None:
        if (self.threat == "transfer") != (self.substitute is not None):
            raise ValueError("a transfer evaluation, and no other, needs a substitute")
        if self.threat == "transfer" and self.attack is None:
            raise ValueError("a transfer evaluation needs an attack")
        if self.substitute is not None and self.substitute == self.classifier:
            raise ValueError(
                f"the substitute must be another classifier than {self.classifier!r}: an attacker "
                "who has the classifier itself is oblivious, not in need of a transfer"
            )

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; what only some threats have is left out where it is not set."""
        values = {**asdict(self), "parameters": dict(self.parameters)}
        values["settings"] = dict(self.settings)
        unset: dict[str, Any] = {"settings": {}, "substitute": None, "surrogates": None, "draws": 1}
        unset |= {"checked": True, "resubmissions": RESUBMISSIONS}
        return {
            name: value
            for name, value in values.items()
            if name not in unset or value != unset[name]
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Specification":
        """The inverse of ``as_dict``; the names of earlier files are read too."""
        values = renamed(values, {"defence": "defense", "doubted": "checked"})
        changed: dict[str, Any] = {
            name: tuple(sorted(values.get(name, {}).items())) for name in ("parameters", "settings")
        }
        if values.get("surrogates") is not None:
            changed["surrogates"] = tuple(values["surrogates"])
        return cls(**{**values, **changed})

    def fingerprint(self, hashes: Mapping[str, str]) -> str:
        """A short name for this specification measured on these checkpoints."""
        text = json.dumps([self.as_dict(), dict(hashes)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:20]


def bare_of(specification: Specification) -> Specification:
    """The same attack on the bare classifier, without sight of any defense."""
    unset: dict[str, Any] = {
        "surrogates": None,
        "draws": 1,
        "checked": True,
        "resubmissions": RESUBMISSIONS,
        "substitute": None,
    }
    return replace(specification, defense=None, settings=(), threat="oblivious", **unset)


@dataclass(frozen=True, kw_only=True)
class Draws:
    """A random defense's answers to the same attacked images, scored in three ways.

    Who may submit an image again needs one wrong answer, so the worst of all draws is the figure
    that counts, and ``Evaluation.robust`` holds it.

    Attributes:
        n: Draws an image.
        one: Right answers of the first draw.
        majority: Images on which more than half of the draws are right.
        worst: Images on which every draw is right.
    """

    n: int
    one: Accuracy
    majority: Accuracy
    worst: Accuracy

    @classmethod
    def counted(cls, right: Tensor) -> "Draws":
        """From who is right in which draw, bool (draws, images)."""
        shares = right.float().mean(0)
        counts = (right[0], shares > 0.5, right.all(0))
        one, majority, worst = (Accuracy(correct=int(c.sum()), n=len(c)) for c in counts)
        return cls(n=len(right), one=one, majority=majority, worst=worst)

    def as_dict(self) -> dict[str, Any]:
        """Plain values with the intervals, for JSON."""
        ways = {name: getattr(self, name).as_dict() for name in ("one", "majority", "worst")}
        return {"n": self.n, **ways}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Draws":
        """The inverse of ``as_dict``."""
        ways = {
            name: Accuracy(correct=values[name]["correct"], n=values[name]["n"])
            for name in ("one", "majority", "worst")
        }
        return cls(n=int(values["n"]), **ways)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """One measured cell.

    Attributes:
        specification: What was measured.
        clean: The bare classifier on clean images.
        clean_defended: The defended classifier on clean images; None without a defense.
        attacked: The bare classifier under the same attack: the attack's own strength.
        robust: The defended classifier under the attack; None without defense or attack. Behind a
            random defense the worst of all draws.
        draws: Behind a random defense the three ways to score it; None behind any other.
        mean_l2: Mean L2 norm of the perturbations that were evaluated.
        mean_linf: Mean Linf norm of them.
        mean_relative_l2: Mean L2 norm of them, each as a share of its image's own; None where it
            was measured before that was kept.
        attack_ms: Milliseconds an image to craft.
        purify_ms: Milliseconds an image to purify, in one batch.
        broken_by: Adaptive only: how many images fell to each surrogate.
        hashes: sha256 of the checkpoints used, by name.
        device: Where it was measured.
        measured: Date and time, UTC.
        outcomes: For each of the accuracies who was right, as ``records.pack`` writes it.
        selected: Of a selective classifier, right, wrong and rejected for each of the accuracies,
            which count its nearest class as an answer; empty for one that answers everybody.
        warnings: Reasons not to trust the robust number.
        notes: What a reader must know.
    """

    specification: Specification
    clean: Accuracy
    clean_defended: Accuracy | None = None
    attacked: Accuracy | None = None
    robust: Accuracy | None = None
    draws: Draws | None = None
    mean_l2: float | None = None
    mean_linf: float | None = None
    mean_relative_l2: float | None = None
    attack_ms: float | None = None
    purify_ms: float | None = None
    broken_by: Mapping[str, int] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    device: str = "cpu"
    measured: str = ""
    outcomes: Mapping[str, str] = field(default_factory=dict)
    selected: Mapping[str, Selected] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, intervals included; ``TIMES`` are what differs between reruns."""
        values = asdict(self)
        values["specification"] = self.specification.as_dict()
        if self.mean_relative_l2 is None:
            del values["mean_relative_l2"]
        values["draws"] = self.draws and self.draws.as_dict()
        if self.draws is None:
            del values["draws"]
        values["selected"] = {name: each.as_dict() for name, each in self.selected.items()}
        if not self.selected:
            del values["selected"]
        for name in ACCURACIES:
            accuracy = getattr(self, name)
            values[name] = None if accuracy is None else accuracy.as_dict()
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Evaluation":
        """The inverse of ``as_dict``; the names of earlier files are read too."""
        fields = renamed(values, {"doubts": "warnings"})
        fields["specification"] = Specification.from_dict(values["specification"])
        for name in ACCURACIES:
            stored = values[name]
            fields[name] = stored and Accuracy(correct=stored["correct"], n=stored["n"])
        chosen = values.get("selected", {})
        fields["selected"] = {name: Selected.from_dict(each) for name, each in chosen.items()}
        fields["draws"] = Draws.from_dict(fields["draws"]) if fields.get("draws") else None
        fields["warnings"] = tuple(_EARLIER.get(one, one) for one in fields["warnings"])
        fields["notes"] = tuple(values["notes"])
        return cls(**fields)


_EARLIER = {
    "This figure was not searched for doubts.": "This figure was not checked for gradient masking."
}
"""Sentences of earlier files, and what they are today."""


def renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Values under their present names, from earlier ones."""
    return {names.get(name, name): value for name, value in values.items()}


TIMES = ("attack_ms", "purify_ms", "device", "measured")
"""What a rerun with the same seed may measure differently."""

ACCURACIES = ("clean", "clean_defended", "attacked", "robust")
