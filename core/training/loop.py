"""One plain training loop for every model, resumable after a kill.

The state goes to a folder at intervals, in one atomic replace. On CUDA the data stays on the card
and the step is captured once as a graph, because kernels of small networks are launch-bound.
"""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from core.devices import generator_for
from core.models import MODELS
from core.training.batching import batches_of, hidden
from core.training.objectives import OBJECTIVES
from core.training.phases import Objective
from core.training.recipe import SCHEDULES, Recipe
from core.training.stepper import Stepper
from core.types import LabError, OnStep, Step

REPORT_EVERY = 50


class Training:
    """A training run: model, phases, random state, and how far it has come.

    Args:
        recipe: What to train and how.
        images: Training images (n, c, h, w) in [0, 1].
        labels: Their labels (n,) int64.
        device: Where to train.
        state_file: Where the state is kept between kills; None keeps none.
        held_out: Images and labels on which the objective watches every epoch; None watches none.

    Attributes:
        history: What was watched, an epoch a row, with the step it was watched at.
    """

    def __init__(
        self,
        recipe: Recipe,
        images: Tensor,
        labels: Tensor,
        *,
        device: torch.device,
        state_file: Path | None = None,
        held_out: tuple[Tensor, Tensor] | None = None,
    ) -> None:
        per_class = recipe.labels_per_class
        self.batches = batches_of(labels.cpu(), recipe.batch_size, recipe.seed, per_class)
        self.recipe = recipe
        self.device = device
        self.state_file = state_file
        self.images = images.to(device)
        self.labels = hidden(labels.cpu(), per_class).to(device)
        self.held_out = held_out
        self.history: list[dict[str, float]] = []
        # Initial weights and dropout draw from the global state: fork it.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            self.model: nn.Module = MODELS[recipe.model](**recipe.arguments).to(device)
        self.average: AveragedModel | None = None
        if recipe.averaging:
            self.average = AveragedModel(
                self.model,
                multi_avg_fn=get_ema_multi_avg_fn(recipe.averaging),  # type: ignore[no-untyped-call]
            )
        self.objective: Objective = OBJECTIVES[recipe.objective](**recipe.objective_arguments)
        self.learning_rate: Tensor | float = recipe.learning_rate
        if device.type == "cuda":
            self.learning_rate = torch.tensor(recipe.learning_rate, device=device)
        self.phases = self.objective.phases(self.model, self.learning_rate)
        self.generator = generator_for(device, recipe.seed)
        self.dropout_state = generator_for("cpu", recipe.seed).get_state()
        self.step = 0
        self.seconds = 0.0

    def run(self, on_step: OnStep | None = None, *, save_every_seconds: float = 60.0) -> nn.Module:
        """Train to the end, from wherever the saved state stands.

        Args:
            on_step: Receives the mean-free figures of every fiftieth step; may raise ``Cancelled``.
            save_every_seconds: Interval of the saves.

        Returns:
            The trained (averaged) model in ``eval()`` mode.

        Raises:
            LabError: The run is dead (see ``Objective.check``) or its saved state is unusable.
        """
        self._resume()
        self.model.train()
        stepper = Stepper(self.phases, (self.images, self.labels), self.recipe, self.generator)
        started = last_save = time.monotonic()
        seconds_before = self.seconds
        with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []):
            torch.set_rng_state(self.dropout_state)
            if self.device.type == "cuda":
                torch.cuda.manual_seed(self.recipe.seed + self.step)
            while self.step < self.recipe.steps:
                self._set_learning_rate()
                parts = stepper(self._batch(self.step))
                self.step += 1
                if self.average is not None:
                    self.average.update_parameters(self.model)
                self._watch()
                if self.step % REPORT_EVERY == 0 or self.step == self.recipe.steps:
                    self._report(parts, on_step)
                if time.monotonic() - last_save > save_every_seconds:
                    last_save = time.monotonic()
                    self.seconds = seconds_before + last_save - started
                    self._save()
        self.seconds = seconds_before + time.monotonic() - started
        self._save()
        trained = self.model if self.average is None else self.average.module
        return trained.eval()

    def _batch(self, step: int) -> Tensor:
        """Indices of one batch: each epoch is a permutation that depends on the seed alone."""
        return torch.cat([part.batch(step) for part in self.batches])

    def _watch(self) -> None:
        """At the end of an epoch, what the objective keeps of it."""
        ended = self.step % len(self.batches[-1]) == 0
        if self.held_out is None or not (ended or self.step == self.recipe.steps):
            return
        images, labels = (part.to(self.device) for part in self.held_out)
        self.model.eval()
        found = self.objective.watch(self.model, images, labels)
        self.model.train()
        if found:
            self.history.append({"step": self.step, **found})

    def _set_learning_rate(self) -> None:
        factor = SCHEDULES[self.recipe.schedule](self.step, self.recipe.steps)
        rate = self.recipe.learning_rate * factor
        if isinstance(self.learning_rate, Tensor):
            self.learning_rate.fill_(rate)
            return
        for phase in self.phases:
            for group in phase.optimiser.param_groups:
                group["lr"] = rate

    def _report(self, parts: Mapping[str, Tensor], on_step: OnStep | None) -> None:
        values = {name: part.item() for name, part in parts.items() if part.dim() == 0}
        if values["total"] != values["total"]:
            raise LabError(f"the loss is not a number after {self.step} steps; train again")
        self.objective.check(self.step, values)
        if on_step is not None:
            on_step(Step(self.step, self.recipe.steps, values))

    def _save(self) -> None:
        if self.state_file is None:
            return
        self.dropout_state = torch.get_rng_state()
        self.state_file.parent.mkdir(parents=True, exist_ok=True)
        partial = self.state_file.with_suffix(".partial")
        torch.save(
            {
                "recipe": json.dumps(self.recipe.as_dict(), sort_keys=True),
                "step": self.step,
                "seconds": self.seconds,
                "model": self.model.state_dict(),
                "average": self.average.state_dict() if self.average else {},
                "optimisers": [phase.optimiser.state_dict() for phase in self.phases],
                "generator": self.generator.get_state(),
                "dropout": self.dropout_state,
                "history": self.history,
            },
            partial,
        )
        partial.replace(self.state_file)

    def _resume(self) -> None:
        if self.state_file is None or not self.state_file.exists():
            return
        advice = f"delete {self.state_file} (or pass --restart) and train again"
        try:
            state: dict[str, Any] = torch.load(
                self.state_file, map_location=self.device, weights_only=True
            )
        except Exception as error:
            raise LabError(f"the saved training state cannot be read; {advice}") from error
        if _resumable_part(json.loads(state["recipe"])) != _resumable_part(self.recipe.as_dict()):
            raise LabError(f"the saved training state belongs to other settings; {advice}")
        if state["step"] > self.recipe.steps:
            raise LabError(
                f"the saved training is already at step {state['step']:,} of the "
                f"{self.recipe.steps:,} asked for; {advice}"
            )
        self.model.load_state_dict(state["model"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        for phase, saved in zip(self.phases, state["optimisers"], strict=True):
            phase.optimiser.load_state_dict(saved)
            if isinstance(self.learning_rate, Tensor):
                for group in phase.optimiser.param_groups:
                    group["lr"] = self.learning_rate
        self.generator.set_state(state["generator"].cpu())
        self.dropout_state = state["dropout"].cpu()
        self.step = state["step"]
        self.seconds = state["seconds"]
        self.history = list(state.get("history", []))


def _resumable_part(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """What a saved state must share with the recipe; JSON's plain values on both sides.

    A staircase does not know its end, so that a finished training can go on for longer.
    """
    # A state saved by an earlier version may still say how its weights were going to be stored.
    free = {"storage", "steps"} if recipe["schedule"] == "staircase" else {"storage"}
    kept = {name: value for name, value in recipe.items() if name not in free}
    return dict(json.loads(json.dumps(kept)))


def train(
    recipe: Recipe,
    data: tuple[Tensor, Tensor],
    *,
    device: torch.device,
    state_file: Path | None = None,
    on_step: OnStep | None = None,
) -> tuple[nn.Module, float]:
    """Train one recipe; see ``Training``.

    Returns:
        The model in ``eval()`` mode, and the seconds spent training, earlier parts included.
    """
    images, labels = data
    training = Training(recipe, images, labels, device=device, state_file=state_file)
    model = training.run(on_step)
    return model, training.seconds
