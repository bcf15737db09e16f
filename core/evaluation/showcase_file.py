"""The file of the showcase: a few attacked and purified images that are there at once.

Reading it loads no model and computes nothing; ``core.evaluation.showcase`` makes it.
"""

import base64
import binascii
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.evaluation.accuracy import Accuracy
from core.evaluation.results import results_folder
from core.types import LabError

SCHEMA = 1
COMMAND = "python -m core showcase"
PANELS = ("clean", "adversarial", "purified")


@dataclass(frozen=True, kw_only=True)
class ShowcaseSpecification:
    """What was done to the images.

    Attributes:
        n: Images attacked for the figures, drawn from the split; the shown ones are among them.
        shown: How many of them are kept with their pictures.
        attack: A key of ``ATTACKS``.
        epsilon: The attack's budget, in [0, 1] pixel units.
        seed: Decides which images are drawn and every random number of the attack.
    """

    dataset: str = "mnist"
    split: str = "validation"
    classifier: str = "a"
    defense: str = "lq_vae_plus"
    attack: str = "pgd"
    epsilon: float = 0.2
    steps: int = 40
    n: int = 500
    shown: int = 8
    seed: int = 0
    threat_model: str = "oblivious"


@dataclass(frozen=True)
class Panel:
    """One picture and what the classifier says to it.

    Attributes:
        png: The picture in its own size, PNG.
        probabilities: The classifier's, one for each class.
    """

    png: bytes
    probabilities: tuple[float, ...]

    @property
    def prediction(self) -> int:
        """The class the classifier says."""
        return max(range(len(self.probabilities)), key=self.probabilities.__getitem__)

    @property
    def confidence(self) -> float:
        """The probability of that class, 0.0 to 1.0."""
        return self.probabilities[self.prediction]


@dataclass(frozen=True)
class Example:
    """One image of the split, clean, attacked and purified."""

    index: int
    label: int
    clean: Panel
    adversarial: Panel
    purified: Panel

    @property
    def repaired(self) -> bool:
        """Whether the purified picture is classified as its label again."""
        return self.purified.prediction == self.label


@dataclass(frozen=True)
class Showcase:
    """All that the first screen shows.

    Attributes:
        classes: The names of the dataset's classes.
        figures: Accuracy over all ``n`` images, by ``PANELS``, and ``"clean_purified"``: clean
            images sent through the defense.
        hashes: SHA-256 of the checkpoint files the pictures came from, by name.
        created: When it was made, ISO 8601, UTC.
    """

    specification: ShowcaseSpecification
    classes: tuple[str, ...]
    examples: tuple[Example, ...]
    figures: Mapping[str, Accuracy]
    hashes: Mapping[str, str]
    created: str


class ShowcaseError(LabError):
    """The showcase file is missing or damaged; the message says so and names the command."""


def default_path() -> Path:
    """Where the showcase lies: among the stored results."""
    return results_folder() / "showcase.json"


def write_showcase(showcase: Showcase, path: Path) -> None:
    """Write a showcase as JSON, whole or not at all."""
    figures = {name: accuracy.as_dict() for name, accuracy in showcase.figures.items()}
    document = {"schema": SCHEMA, **asdict(showcase), "figures": figures}
    part = path.with_name(path.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_text(json.dumps(document, default=_as_json, separators=(",", ":")) + "\n")
    part.replace(path)


def _as_json(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"expected bytes, got {type(value).__name__}")


def read_showcase(path: Path | None = None) -> Showcase:
    """Read a showcase.

    Raises:
        ShowcaseError: There is no such file, or it is not a whole showcase of this version.
    """
    path = path or default_path()
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["schema"] != SCHEMA:
            raise ValueError(f"schema {document['schema']!r} instead of {SCHEMA}")
        return _showcase(document)
    except FileNotFoundError as error:
        raise ShowcaseError(
            f"The finished examples are missing ({path.name}). Make them with `{COMMAND}`."
        ) from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError, binascii.Error) as error:
        raise ShowcaseError(
            f"The finished examples cannot be read ({path.name} is damaged). "
            f"Make them anew with `{COMMAND}`."
        ) from error


def _showcase(document: Mapping[str, Any]) -> Showcase:
    classes = tuple(str(name) for name in document["classes"])
    examples = tuple(_example(row, len(classes)) for row in document["examples"])
    if not examples:
        raise ValueError("no examples")
    return Showcase(
        specification=ShowcaseSpecification(**document["specification"]),
        classes=classes,
        examples=examples,
        figures={name: _accuracy(row) for name, row in document["figures"].items()},
        hashes={str(name): str(digest) for name, digest in document["hashes"].items()},
        created=str(document["created"]),
    )


def _example(row: Mapping[str, Any], classes: int) -> Example:
    label = int(row["label"])
    if not 0 <= label < classes:
        raise ValueError(f"label {label} of {classes} classes")
    panels = {name: _panel(row[name], classes) for name in PANELS}
    return Example(index=int(row["index"]), label=label, **panels)


def _panel(row: Mapping[str, Any], classes: int) -> Panel:
    png = base64.b64decode(row["png"], validate=True)
    if not png.startswith(b"\x89PNG"):
        raise ValueError("not a PNG")
    probabilities = tuple(float(value) for value in row["probabilities"])
    if len(probabilities) != classes or not all(math.isfinite(value) for value in probabilities):
        raise ValueError(f"{len(probabilities)} probabilities for {classes} classes")
    return Panel(png, probabilities)


def _accuracy(row: Mapping[str, Any]) -> Accuracy:
    accuracy = Accuracy(correct=int(row["correct"]), n=int(row["n"]))
    _ = accuracy.interval  # refuses impossible counts
    return accuracy
