"""Runs an attack of torchattacks 3.3.0 without letting it touch anything that is shared.

Its attacks want an ``nn.Module`` with a parameter, switch that module's mode, may call
``backward()``, and draw from the process-wide random states, which some of them reset. So each run
gets a module of its own around the classifier, the random states are put back, and only one runs
at a time in the process.
"""

import random
import threading
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx
from torch.nn import functional

from core.attacks.base import Attack
from core.attacks.problem import Problem, Proposal, differentiable, log_odds

_LOCK = threading.Lock()

REPORTS = 100
"""Progress is reported about so many times in a run, however many queries that takes."""

PATIENCE_S = 0.2
"""Seconds between two reports while another run is waited for."""


@dataclass(frozen=True, kw_only=True)
class TorchAttack(Attack):
    """A row over one class of torchattacks.

    Attributes:
        theirs: Name of the class in torchattacks.
    """

    theirs: ClassVar[str]

    @property
    def of_probability(self) -> bool:
        """Whether theirs climbs the cross-entropy, which must not be rounded away."""
        return False

    @abstractmethod
    def arguments(self, classes: int) -> dict[str, Any]:
        """Constructor arguments in torchattacks' names, for a classifier of so many classes."""

    @abstractmethod
    def queries(self, n: int, classes: int) -> int:
        """About how often the classifier is called for n images; only progress depends on it."""

    def perturb(self, problem: Problem) -> Proposal:
        """Run it on a private module, with private randomness, one at a time."""
        import torchattacks

        of = max(2, self.queries(len(problem.images), problem.classes))
        seed = torch.randint(
            2**31, (), generator=problem.generator, device=problem.generator.device
        )
        with _turn(problem, of), _private_randomness(int(seed)):
            module = _Module(problem, _reporter(problem, of), unsaturated=self.of_probability)
            attack = getattr(torchattacks, self.theirs)(module, **self.arguments(problem.classes))
            if hasattr(attack, "seed"):
                attack.seed = int(seed)
            target = problem.target
            if target is not None:
                # Set directly: their own setter prints.
                attack.targeted, attack.attack_mode = True, "targeted(custom)"
                attack._target_map_function = lambda images, labels: target
            images: Tensor = attack(problem.images, problem.labels)
        problem.report(of, of)
        return Proposal(images)


class _Module(nn.Module):
    """The private module: any callable, with the one parameter whose device torchattacks reads."""

    def __init__(
        self, problem: Problem, on_query: Callable[[], None], *, unsaturated: bool
    ) -> None:
        super().__init__()
        device = problem.images.device
        self.place = nn.Parameter(torch.empty(0, device=device), requires_grad=False)
        # In a tuple, so that a module given as classifier does not become a part of this one,
        # whose mode torchattacks switches.
        self._problem, self._on_query = (problem,), on_query
        self._unsaturated = unsaturated
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """Logits (n, k) of images (n, c, h, w); a copy, since some attacks write into them."""
        self._on_query()
        problem = self._problem[0]
        if images.requires_grad and torch.is_grad_enabled():
            logits: Tensor = _InputGradientOnly.apply(images, problem)
        else:
            with torch.no_grad():
                logits = problem.classifier(images).clone()
        # Some of the images: theirs has dropped others, and whose labels are left is unknown.
        if not self._unsaturated or len(logits) != len(problem.goal):
            return logits
        return unsaturated(logits, problem.goal)


class _Context(FunctionCtx):
    leaf: Tensor
    logits: Tensor
    problem: Problem


class _InputGradientOnly(torch.autograd.Function):
    """A classifier whose ``backward()`` reaches its input and never its parameters."""

    @staticmethod
    def forward(ctx: _Context, images: Tensor, problem: Problem) -> Tensor:
        ctx.leaf, ctx.logits = differentiable(problem.classifier, images)
        ctx.problem = problem
        return ctx.logits.detach().clone()

    @staticmethod
    def backward(ctx: _Context, slope: Tensor) -> tuple[Tensor, None]:
        # Kept, because FAB asks once for every class.
        (gradient,) = torch.autograd.grad(ctx.logits, ctx.leaf, slope, retain_graph=True)
        if len(gradient) != len(ctx.problem.images):
            return gradient.nan_to_num(0.0, 0.0, 0.0), None
        return ctx.problem.check.usable(gradient, ctx.problem.places), None


SURE = -1.0
"""Log-odds below which a classifier counts as sure of the label, and its logits are rewritten."""


def unsaturated(logits: Tensor, labels: Tensor) -> Tensor:
    """Logits (n, k) whose cross-entropy orders images as before and never rounds to zero, float64.

    The label's logit becomes 0 and the others are moved together, so that the log-odds ``d`` of
    ``problem.log_odds`` become ``d`` down to ``SURE`` and from there fall like a logarithm. The
    gradient keeps its direction, since cross-entropy is a growing function of ``d`` alone; its
    length falls like 1 / d and not like exp(d). The answer stays the same.
    """
    odds = log_odds(logits.double(), labels).unsqueeze(1)
    slower = SURE - (1 + SURE - odds.clamp_max(SURE)).log()
    moved = torch.where(odds > SURE, odds, slower) - odds
    own = functional.one_hot(labels, logits.shape[1]).bool()
    label = logits.double().gather(1, labels.unsqueeze(1))
    return torch.where(own, 0.0, logits.double() - label + moved)


def _reporter(problem: Problem, of: int) -> Callable[[], None]:
    done = 0

    def on_query() -> None:
        nonlocal done
        done += 1
        if done == 1 or done % max(1, of // REPORTS) == 0:
            problem.report(min(done, of - 1), of)

    return on_query


@contextmanager
def _turn(problem: Problem, of: int) -> Iterator[None]:
    """Wait until no other attack of torchattacks runs; the wait can be cancelled too."""
    while not _LOCK.acquire(timeout=PATIENCE_S):
        problem.report(1, of)
    try:
        yield
    finally:
        _LOCK.release()


@contextmanager
def _private_randomness(seed: int) -> Iterator[None]:
    """Seed the process-wide random states, and put them back at the end, whatever happens."""
    in_use = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    cards = range(torch.cuda.device_count()) if in_use else ()
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002
    # Its differential evolution divides by zero; numpy's warnings are switched per thread.
    with torch.random.fork_rng(devices=cards), np.errstate(all="ignore"):
        try:
            torch.manual_seed(seed)
            np.random.seed(seed)  # noqa: NPY002 - it draws from numpy's global state
            random.seed(seed)
            yield
        finally:
            np.random.set_state(numpy_state)  # noqa: NPY002
            random.setstate(python_state)
