"""What every level decides, over many images: it alone is drawn anew, and the answers compared."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from core.analysis.levels import alone
from core.analysis.storage import damaged, replace_file, shipped_folder
from core.defenses import MlvgmPurifier
from core.defenses.mlvgm import LevelGenerator
from core.devices import generator_for, in_batches
from core.evaluation import Accuracy
from core.types import Classifier, OnStep, Step

COMMAND = "python -m core latent_lab levels"

TEMPERATURE = 1.0
"""The prior as it is: what a level can be at all."""


@dataclass(frozen=True, kw_only=True)
class LevelEffect:
    """One level of one generator.

    Attributes:
        dataset: A row of ``DATASETS``.
        classifier: Who answered.
        sha256: Hash of the generator's weights.
        level: Its place, 0 the coarsest.
        side: Its side, in places.
        changed: Images whose answer differs from that of the reconstruction.
        n: Images of the validation split.
        moved: Mean L2 distance from the reconstruction.
    """

    dataset: str
    classifier: str
    sha256: str
    level: int
    side: int
    changed: int
    n: int
    moved: float

    @property
    def share(self) -> Accuracy:
        """The share of changed answers, with its interval."""
        return Accuracy(correct=self.changed, n=self.n)


def level_effects(
    classifier: Classifier,
    model: LevelGenerator,
    images: Tensor,
    *,
    named: tuple[str, str, str],
    on_step: OnStep | None = None,
) -> tuple[LevelEffect, ...]:
    """Draw each level anew by itself and compare with what is made when all is kept.

    Args:
        classifier: Answers.
        model: The generator.
        images: (n, c, h, w) in [0, 1].
        named: Data set, classifier, and hash of the generator's weights.
        on_step: Progress.
    """
    count = len(model.level_shapes)
    rebuilt = _through(model, (0.0,) * count, images)
    before = _answers(classifier, rebuilt)
    dataset, name, sha256 = named
    found = []
    for index, (*_, side) in enumerate(model.level_shapes):
        drawn = _through(model, alone(index, count), images)
        found.append(
            LevelEffect(
                dataset=dataset,
                classifier=name,
                sha256=sha256,
                level=index,
                side=side,
                changed=int((_answers(classifier, drawn) != before).sum()),
                n=len(images),
                moved=round((drawn - rebuilt).flatten(1).norm(dim=1).mean().item(), 4),
            )
        )
        if on_step is not None:
            on_step(Step(index=index + 1, of=count))
    return tuple(found)


def effects_file() -> Path:
    """Where the shipped rows lie."""
    return shipped_folder() / "levels.json"


def store_effects(rows: Sequence[LevelEffect]) -> Path:
    """Write the rows of one data set, in place of its older ones, whole or not at all."""
    others = [one for one in stored_effects() if one.dataset not in {row.dataset for row in rows}]
    kept = sorted([*others, *rows], key=lambda row: (row.dataset, row.level))
    text = json.dumps({"levels": [asdict(row) for row in kept]}, indent=1) + "\n"
    replace_file(effects_file(), lambda path: path.write_text(text, encoding="utf-8"))
    return effects_file()


def stored_effects() -> tuple[LevelEffect, ...]:
    """The stored rows; none when nothing is stored.

    Raises:
        LabError: The file is damaged.
    """
    path = effects_file()
    if not path.exists():
        return ()
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["levels"]
        return tuple(_checked(LevelEffect(**row)) for row in rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(path, error) from error


def _checked(row: LevelEffect) -> LevelEffect:
    """Refuse rows that no measurement can give.

    Raises:
        ValueError: More answers changed than there are images.
    """
    if not 0 <= row.changed <= row.n:
        raise ValueError(f"{row.changed} of {row.n} answers changed")
    return row


def _through(model: LevelGenerator, shares: tuple[float, ...], images: Tensor) -> Tensor:
    purifier = MlvgmPurifier(model, shares, temperature=TEMPERATURE)
    generator = generator_for(images.device, 0)
    with torch.no_grad():
        return in_batches(lambda part: purifier(part, generator=generator), images)


def _answers(classifier: Classifier, images: Tensor) -> Tensor:
    with torch.no_grad():
        return in_batches(classifier, images).argmax(1)
