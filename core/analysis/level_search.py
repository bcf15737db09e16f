"""The search for a schedule: which share of every level is best drawn anew.

Bayesian optimisation with a Gaussian process and expected improvement (Mockus, 1975; Snoek et al.,
2012, arXiv 1206.2944), on FGSM images of the training split that fool the classifier behind a
purifier that keeps everything. Neither the generator nor the classifier is trained. What is made
large is the mean of the accuracy on them and on the clean images they were made of: by the attacked
ones alone, which are all wrong while all is kept, it would pay to draw even the class anew.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.attacks import make_attack
from core.defenses.level_schedules import fixed_schedule
from core.devices import batch_for, generator_for
from core.types import Classifier, LabError, OnStep, Purifier, Step

Shares = tuple[float, ...]

TRIES = 60
"""Schedules tried: five to begin with, the others where the process expects the most."""

CANDIDATES = 1_000
"""Places drawn at random, of which the most promising is tried next."""

COPIES = 4
"""Draws of every image; an answer counts as right as often as it is."""


def fooling_images(
    classifier: Classifier,
    keeping: Purifier,
    data: tuple[Tensor, Tensor],
    epsilon: float,
    most: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Images on which FGSM through the whole pipeline fools it, while the purifier keeps all.

    Args:
        classifier: Who stands behind the purifier.
        keeping: The purifier that keeps every level.
        data: Images (n, c, h, w) in [0, 1] and labels (n,) of the training split.
        epsilon: Linf budget in [0, 1] pixel units.
        most: How many are wanted.

    Returns:
        Attacked images, the clean ones they were made of, and labels; at most ``most``.

    Raises:
        LabError: None is fooled.
    """
    images, labels = data
    generator = generator_for(images.device, 0)

    def pipeline(seen: Tensor) -> Tensor:
        return classifier(keeping(seen, generator=generator))

    attack = make_attack("fgsm", epsilon=epsilon)
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    count = 0
    size = batch_for(images.device)
    for clean, right in zip(torch.split(images, size), torch.split(labels, size), strict=True):
        with torch.no_grad():
            was_right = pipeline(clean).argmax(1) == right
        attacked = attack(pipeline, clean, right)
        fooled = attacked.success & was_right
        found.append((attacked.images[fooled], clean[fooled], right[fooled]))
        count += int(fooled.sum())
        if count >= most:
            break
    if not count:
        raise LabError(f"FGSM at {epsilon:g} fools the classifier on none of {len(images)} images")
    joined = [torch.cat(parts)[:most] for parts in zip(*found, strict=True)]
    return joined[0], joined[1], joined[2]


def accuracy_of(
    classifier: Classifier, purifier: Purifier, images: Tensor, labels: Tensor
) -> float:
    """Share of right answers behind a purifier, over ``COPIES`` draws of every image, 0 to 1."""
    generator = generator_for(images.device, 0)
    right = 0
    with torch.no_grad():
        for _ in range(COPIES):
            for some, told in zip(torch.split(images, 250), torch.split(labels, 250), strict=True):
                answers = classifier(purifier(some, generator=generator)).argmax(1)
                right += int((answers == told).sum())
    return right / (COPIES * len(images))


def search_schedule(
    score: Callable[[Shares], float],
    levels: int,
    *,
    tries: int = TRIES,
    on_step: OnStep | None = None,
) -> tuple[tuple[Shares, float], ...]:
    """Try schedules one after the other, each where most is expected of it.

    Args:
        score: From shares, coarse to fine, to what is to be large.
        levels: How many levels there are.
        tries: How many schedules are tried, at least 6.
        on_step: Progress with the best score so far.

    Returns:
        Every schedule with its score, in the order tried.

    Raises:
        ValueError: Too few tries.
    """
    starts = _starts(levels)
    if tries <= len(starts):
        raise ValueError(f"tries must be above {len(starts)}, got {tries}")
    random = np.random.default_rng(0)
    found: list[tuple[Shares, float]] = []
    while len(found) < tries:
        if len(found) < len(starts):
            shares = starts[len(found)]
        else:
            shares = _most_promising(found, random.random((CANDIDATES, levels)))
        found.append((shares, score(shares)))
        if on_step is not None:
            best = max(value for _, value in found)
            on_step(Step(index=len(found), of=tries, values={"best": best}))
    return tuple(found)


def _starts(levels: int) -> tuple[Shares, ...]:
    """The paper's five: cosine, linear, all one half, and both turned round."""
    linear, cosine = fixed_schedule("linear", levels), fixed_schedule("cosine", levels)
    return cosine, linear, (0.5,) * levels, linear[::-1], cosine[::-1]


def _most_promising(
    found: Sequence[tuple[Shares, float]], candidates: NDArray[np.float64]
) -> Shares:
    """The candidate of which a Gaussian process expects the largest improvement."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import Matern

    places = np.array([shares for shares, _ in found])
    values = np.array([value for _, value in found])
    # Fixed scales: a fit of them to so few points, which run along a diagonal, goes astray.
    process = GaussianProcessRegressor(
        Matern(length_scale=0.5, nu=2.5), alpha=1e-3, optimizer=None, normalize_y=True
    )
    process.fit(places, values)
    mean, deviation = process.predict(candidates, return_std=True)
    gain, sure = torch.from_numpy(mean - values.max()), torch.from_numpy(deviation).clamp_min(1e-9)
    far = gain / sure
    density = (-far.square() / 2).exp() / math.sqrt(2 * math.pi)
    expected = gain * torch.special.ndtr(far) + sure * density
    return tuple(round(float(share), 3) for share in candidates[int(expected.argmax())])
