"""What a training step is made of: phases, their optimisers, and the objective behind them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Generator, Tensor, nn
from torch.optim import Optimizer

from core.training.losses import Parts

PhaseLoss = Callable[[Tensor, Tensor, Generator], Parts]


@dataclass(frozen=True)
class Phase:
    """One update within a training step: minimise ``loss(images, labels, generator)``."""

    parameters: tuple[nn.Parameter, ...]
    optimiser: Optimizer
    loss: PhaseLoss


class Objective(Protocol):
    """Builds the phases of a model and watches the figures they report."""

    def phases(self, model: nn.Module, learning_rate: Tensor | float) -> tuple[Phase, ...]:
        """The updates of one step, in order."""

    def check(self, step: int, values: Mapping[str, float]) -> None:
        """Raise ``LabError`` when the run is dead and going on is a waste."""

    def watch(self, model: nn.Module, images: Tensor, labels: Tensor) -> Mapping[str, float]:
        """Figures to be kept of every epoch, on images that are not trained on; none here."""
        return {}


def adam(
    parameters: Iterable[nn.Parameter],
    learning_rate: Tensor | float,
    *,
    weight_decay: float = 0.0,
    betas: tuple[float, float] = (0.9, 0.999),
) -> Optimizer:
    """Adam; capturable when the learning rate is a tensor.

    Args:
        parameters: What it updates.
        learning_rate: A tensor on the device, or a number.
        weight_decay: Uncoupled decay (AdamW, arXiv 1711.05101).
        betas: Decay of its two averages.
    """
    kind = torch.optim.AdamW if weight_decay else torch.optim.Adam
    return kind(
        parameters,
        lr=learning_rate,
        betas=betas,
        weight_decay=weight_decay,
        fused=True,
        capturable=isinstance(learning_rate, Tensor),
    )


def warmth(optimiser: Optimizer, parameter: nn.Parameter, steps: int) -> Tensor:
    """How far a warm-up of some steps has come, 0 to 1, as a number on the parameter's device.

    The optimiser counts the steps, so that a captured step goes on counting.
    """
    whole = parameter.new_ones((), requires_grad=False)
    if not steps:
        return whole
    done = optimiser.state.get(parameter, {}).get("step")
    if done is None:
        return 0 * whole
    grown: Tensor = (done.to(parameter.device) / steps).clamp(max=1)
    return grown


def rms_prop(parameters: tuple[nn.Parameter, ...], learning_rate: Tensor | float) -> Optimizer:
    """RMSProp as TensorFlow 1 has it: decay 0.9 and a mean square that starts at one.

    PyTorch starts the mean square at zero, which makes the first steps far larger.
    """
    capturable = isinstance(learning_rate, Tensor)
    optimiser = torch.optim.RMSprop(
        parameters, lr=learning_rate, alpha=0.9, eps=1e-10, capturable=capturable
    )
    for parameter in parameters:
        counter_device = parameter.device if capturable else torch.device("cpu")
        optimiser.state[parameter] = {
            "step": torch.zeros((), device=counter_device),
            "square_avg": torch.ones_like(parameter),
        }
    return optimiser
