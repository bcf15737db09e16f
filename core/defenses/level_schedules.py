"""How much of every level is drawn anew: fixed schedules, and those that were searched for.

A searched one belongs to the weights it was searched with, so it is stored with their hash.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from core.checkpoints import CheckpointError, checkpoint_folder, find_row

FIXED: Mapping[str, Callable[[float], float]] = {
    "linear": lambda depth: depth,
    "cosine": lambda depth: 0.5 * (1 - math.cos(math.pi * depth)),
}
"""From the depth of a level, 1 / n for the coarsest of n to 1 for the finest, to its share."""

LEARNED = "learned"
SCHEDULES = (*FIXED, LEARNED)


@dataclass(frozen=True, kw_only=True)
class LearnedSchedule:
    """What a search for the best schedule found.

    Attributes:
        dataset: A row of ``DATASETS``.
        classifier: Who stood behind the purifier.
        shares: The best shares, coarse to fine.
        accuracy: Right answers with them on the attacked training images, 0 to 1.
        clean: The same on those images before the attack.
        tried: Every schedule that was tried with the mean of both, in order.
        n: Images.
        epsilon: Linf budget of the FGSM that attacked them.
        sha256: Hash of the weights.
    """

    dataset: str
    classifier: str
    shares: tuple[float, ...]
    accuracy: float
    clean: float
    tried: tuple[tuple[tuple[float, ...], float], ...]
    n: int
    epsilon: float
    sha256: str


def fixed_schedule(name: str, levels: int) -> tuple[float, ...]:
    """The share of every level that is drawn anew, coarse to fine, each in [0, 1].

    Args:
        name: A row of ``FIXED``.
        levels: How many there are.
    """
    return tuple(FIXED[name]((index + 1) / levels) for index in range(levels))


def schedule(name: str, dataset: str, levels: int) -> tuple[float, ...]:
    """A schedule by its name, learned ones too.

    Raises:
        ValueError: There is no such schedule.
        CheckpointError: Nothing was learned for these weights, or for another number of levels.
    """
    if name in FIXED:
        return fixed_schedule(name, levels)
    if name != LEARNED:
        raise ValueError(f"unknown schedule {name!r}; choose from {', '.join(SCHEDULES)}")
    command = f"`{search_command(dataset)}`"
    found = learned_schedules().get(dataset)
    if found is None:
        raise CheckpointError(f"no schedule was learned for {dataset}; {command} searches one")
    if found.sha256 != find_row(dataset, "mlvgm").sha256:
        raise CheckpointError(
            f"the schedule learned for {dataset} belongs to other weights; {command} searches anew"
        )
    if len(found.shares) != levels:
        raise CheckpointError(
            f"the schedule learned for {dataset} has {len(found.shares)} shares and the checkpoint "
            f"{levels} levels; {command} searches anew"
        )
    return found.shares


def search_command(dataset: str) -> str:
    """The command that searches a schedule and stores it."""
    return f"python -m core latent_lab schedule --dataset {dataset}"


def schedules_file() -> Path:
    """Where learned schedules lie: beside the weights."""
    return checkpoint_folder() / "schedules.json"


def learned_schedules() -> dict[str, LearnedSchedule]:
    """The learned schedules by data set; none when none is stored.

    Raises:
        CheckpointError: The file is damaged.
    """
    path = schedules_file()
    if not path.exists():
        return {}
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["schedules"]
        return {row["dataset"]: _read(row) for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path.name} is damaged ({error}); restore it with `git checkout {path.name}` in the "
            "folder of the checkpoints"
        ) from error


def store_schedule(found: LearnedSchedule) -> Path:
    """Put a learned schedule into the file, in place of an older one of the same data set."""
    rows = [one for one in learned_schedules().values() if one.dataset != found.dataset]
    rows = sorted([*rows, found], key=lambda one: one.dataset)
    text = json.dumps({"schedules": [asdict(one) for one in rows]}) + "\n"
    path = schedules_file()
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    return path


def _read(row: Mapping[str, object]) -> LearnedSchedule:
    values = dict(row)
    shares, tried = values.pop("shares"), values.pop("tried")
    if not isinstance(shares, Sequence) or not isinstance(tried, Sequence):
        raise TypeError("shares and tried are lists")
    return LearnedSchedule(
        shares=tuple(float(share) for share in shares),
        tried=tuple((tuple(one), float(value)) for one, value in tried),
        **values,  # type: ignore[arg-type]
    )
