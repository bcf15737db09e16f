"""``Recipe``: the whole training of one checkpoint, and how its learning rate falls."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from core.training.objectives import OBJECTIVES


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The whole training of one checkpoint.

    Attributes:
        model: A row of ``MODELS``.
        arguments: Constructor arguments of the model.
        objective: A row of ``OBJECTIVES``.
        objective_arguments: Its constructor arguments.
        steps: Number of optimiser steps.
        batch_size: Images a step.
        learning_rate: Start value; how it falls is the objective's choice of schedule.
        schedule: ``staircase`` (the LQ-VAE authors': x0.98 every 10,000 steps) or ``linear`` (full
            for the first half, then straight down to a fiftieth).
        averaging: Decay of the exponential average of the weights that is kept; 0 keeps the last.
        precision: ``float32``, or ``bfloat16`` (mixed precision of matrix products) where the
            device computes it natively.
        seed: Seed of initial weights, batches and noise.
        labels_per_class: Labels a class that training may see, of the first images of the file;
            half of every batch has one. 0: all are seen.
    """

    model: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    objective: str
    objective_arguments: Mapping[str, Any] = field(default_factory=dict)
    steps: int
    batch_size: int = 64
    learning_rate: float
    schedule: str = "linear"
    averaging: float = 0.0
    precision: str = "bfloat16"
    seed: int = 0
    labels_per_class: int = 0

    def __post_init__(self) -> None:
        if self.objective not in OBJECTIVES:
            raise ValueError(
                f"unknown objective {self.objective!r}; choose from {sorted(OBJECTIVES)}"
            )
        if self.schedule not in SCHEDULES:
            raise ValueError(f"unknown schedule {self.schedule!r}; choose from {sorted(SCHEDULES)}")
        if self.precision not in ("float32", "bfloat16"):
            raise ValueError(f"precision must be float32 or bfloat16, got {self.precision!r}")
        if self.steps < 1 or self.batch_size < 1:
            raise ValueError("steps and batch_size must be at least 1")
        if self.labels_per_class < 0:
            raise ValueError(f"labels_per_class must be 0 or more, got {self.labels_per_class}")

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the manifest and for telling two runs apart."""
        values = asdict(self)
        if not self.labels_per_class:
            del values["labels_per_class"]  # what was trained before keeps its name
        return values


def staircase(step: int, steps: int) -> float:
    """Factor of the learning rate: x0.98 every 10,000 steps, never below a sixth."""
    return max(float(0.98 ** (step // 10_000)), 1 / 6)


def linear(step: int, steps: int) -> float:
    """Factor of the learning rate: 1 for the first half, then straight down to 0.02."""
    return max(0.02, min(1.0, 2 * (1 - step / steps)))


SCHEDULES = {"staircase": staircase, "linear": linear}
