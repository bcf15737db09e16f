"""HopSkipJump (Chen, Jordan & Wainwright, 2020, arXiv 1904.02144): by decisions alone.

It asks for nothing but the answer. From an image that already has a wrong answer it walks along
the boundary towards the clean one: a bisection to the boundary, the direction of the boundary from
the answers to random probes around it, a step along that direction. What hides a gradient, or
bends it, hides nothing from it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

import torch
from torch import Generator, Tensor
from typing_extensions import override

from core.attacks.base import Attack, Norm, control
from core.attacks.problem import Problem, Proposal, norms

Reaches: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""Images (m, c, h, w), and which of the clean ones they belong to (m,), to whether they reach the
goal (m,), bool."""

HALVINGS = 10
FIRST_TRIES = 20
"""Random images, more and more of them mixed into the clean one, among which a start is sought."""


def walk(  # noqa: PLR0913  a walk has this many parts
    reaches: Reaches,
    clean: Tensor,
    start: Tensor,
    *,
    norm: Norm,
    rounds: int,
    probes: int,
    generator: Generator,
    on_round: Callable[[int, Tensor], None] | None = None,
) -> Tensor:
    """Walk along the boundary from images that reach the goal to nearer ones.

    Args:
        reaches: Asks whether images reach the goal.
        clean: Clean images (n, c, h, w) in [0, 1].
        start: Images that reach the goal (n, c, h, w).
        norm: ``linf`` or ``l2``: the distance to make small.
        rounds: Steps along the boundary.
        probes: Random probes a round.
        generator: Draws them.
        on_round: Receives the number of rounds done and the images so far; may raise.

    Returns:
        The nearest image found for each that reaches the goal.
    """
    rows = torch.arange(len(clean), device=clean.device)
    values = clean[0].numel()
    best = _to_boundary(reaches, clean, start, norm, rows)
    for number in range(1, rounds + 1):
        distance = _distance(best, clean, norm)
        # The paper's radius of the probes, from the dimension and the distance.
        radius = distance / values**0.5 / (values**0.5 if norm == "linf" else 1) * 10
        radius = radius.clamp_min(1e-3)
        shape = (probes, *clean.shape)
        noise = torch.randn(shape, generator=generator, device=clean.device)
        noise = noise / noise.flatten(2).norm(dim=2).view(probes, -1, 1, 1, 1)
        around = best + radius.view(-1, 1, 1, 1) * noise * (values**0.5 if norm == "linf" else 1)
        around = around.clamp(0, 1)
        said = reaches(around.flatten(0, 1), rows.repeat(probes)).view(probes, -1)
        sign = 2.0 * said - 1
        weight = (sign - sign.mean(0)).where(~(said.all(0) | ~said.any(0)), sign)
        direction = (weight.view(probes, -1, 1, 1, 1) * (around - best)).mean(0)
        direction = (
            direction.sign() if norm == "linf" else direction / norms(direction).clamp_min(1e-12)
        )
        step = distance / number**0.5
        moved = best
        open_ = torch.ones_like(rows, dtype=torch.bool)
        for _ in range(HALVINGS):
            tried = (best + step.view(-1, 1, 1, 1) * direction).clamp(0, 1)
            good = reaches(tried, rows) & open_
            moved = torch.where(good.view(-1, 1, 1, 1), tried, moved)
            open_ = open_ & ~good
            if not bool(open_.any()):
                break
            step = step / 2
        nearer = _to_boundary(reaches, clean, moved, norm, rows)
        better = _distance(nearer, clean, norm) < distance
        best = torch.where(better.view(-1, 1, 1, 1), nearer, best)
        if on_round is not None:
            on_round(number, best)
    return best


def _distance(images: Tensor, clean: Tensor, norm: Norm) -> Tensor:
    change = (images - clean).flatten(1)
    return change.abs().amax(1) if norm == "linf" else change.norm(dim=1)


def _to_boundary(
    reaches: Reaches, clean: Tensor, images: Tensor, norm: Norm, rows: Tensor
) -> Tensor:
    """The nearest images that still reach the goal, on the way to the clean ones."""
    low = torch.zeros(len(clean), device=clean.device)
    high = torch.ones_like(low) if norm == "l2" else _distance(images, clean, norm)
    best = images

    def between(share: Tensor) -> Tensor:
        reach = share.view(-1, 1, 1, 1)
        if norm == "l2":
            return clean + reach * (images - clean)
        return clean + (images - clean).clamp(-reach, reach)

    for _ in range(HALVINGS):
        middle = (low + high) / 2
        tried = between(middle)
        good = reaches(tried, rows)
        best = torch.where(good.view(-1, 1, 1, 1), tried, best)
        high, low = torch.where(good, middle, high), torch.where(good, low, middle)
    return best


def noisy_starts(reaches: Reaches, clean: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Images that reach the goal by random noise, (n, c, h, w), and which were found (n,), bool."""
    found = torch.zeros(len(clean), dtype=torch.bool, device=clean.device)
    images = clean.clone()
    rows = torch.arange(len(clean), device=clean.device)
    for index in range(1, FIRST_TRIES + 1):
        draws = torch.rand(clean.shape, generator=generator, device=generator.device).to(clean)
        share = min(1.0, index / (FIRST_TRIES // 2))
        tried = clean + share * (draws - clean)
        good = reaches(tried, rows) & ~found
        images = torch.where(good.view(-1, 1, 1, 1), tried, images)
        found |= good
        if bool(found.all()):
            break
    return images, found


@dataclass(frozen=True, kw_only=True)
class HopSkipJump(Attack):
    """Decisions alone, towards the smallest L2 perturbation.

    An image for which no start is found, by noise or among the other images of its batch, is
    returned clean.

    Attributes:
        rounds: Steps along the boundary.
        probes: Random probes a round.
    """

    title: ClassVar[str] = "HopSkipJump"
    summary: ClassVar[str] = "Black box: walks along the boundary by the answer alone."
    norm: ClassVar[Norm] = "l2"
    gradient_free: ClassVar[bool] = True
    rounds: int = field(
        default=20, metadata=control(low=1, high=100, step=1, help="Steps along the boundary.")
    )
    probes: int = field(
        default=100,
        metadata=control(low=10, high=1000, step=10, help="Random probes in each of them."),
    )

    @override
    def perturb(self, problem: Problem) -> Proposal:
        def reaches(images: Tensor, rows: Tensor) -> Tensor:
            with torch.no_grad():
                return problem.only(rows).fooled(problem.classifier(images))

        clean = problem.images
        rows = torch.arange(len(clean), device=clean.device)
        images = clean.clone()
        left = (~reaches(clean, rows)).nonzero().flatten()
        starts, found = nearest_starts(reaches, clean, clean, problem.generator)
        left = left[found[left]]
        if len(left):
            images[left] = walk(
                lambda tried, which: reaches(tried, left[which]),
                clean[left],
                starts[left],
                norm=self.norm,
                rounds=self.rounds,
                probes=self.probes,
                generator=problem.generator,
                on_round=lambda number, _: problem.report(number, self.rounds),
            )
        problem.report(self.rounds, self.rounds)
        return Proposal(images)


@dataclass(frozen=True, kw_only=True)
class HopSkipJumpLinf(HopSkipJump):
    """Decisions alone, towards the smallest change of every pixel."""

    title: ClassVar[str] = "HopSkipJump Linf"
    summary: ClassVar[str] = "HopSkipJump for the smallest change that no single pixel exceeds."
    norm: ClassVar[Norm] = "linf"


def nearest_starts(
    reaches: Reaches, clean: Tensor, pool: Tensor, generator: Generator
) -> tuple[Tensor, Tensor]:
    """Images to start from: the nearest of a pool that reach the goal, else clean ones in noise.

    Args:
        reaches: Asks whether images reach the goal.
        clean: Clean images (n, c, h, w).
        pool: Other images (m, c, h, w).
        generator: Draws the noise.

    Returns:
        Images (n, c, h, w), and for which of them there is a start (n,), bool.
    """
    n, m = len(clean), len(pool)
    rows = torch.arange(n, device=clean.device)
    good = torch.stack([reaches(pool, row.expand(m)) for row in rows])  # (n, m)
    apart = torch.cdist(clean.flatten(1), pool.flatten(1)).masked_fill(~good, torch.inf)
    least, place = apart.min(1)
    found = least.isfinite()
    noisy, by_noise = noisy_starts(reaches, clean, generator)
    return torch.where(found.view(-1, 1, 1, 1), pool[place], noisy), found | by_noise
