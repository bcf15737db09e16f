"""Warnings: signs that an attack was too weak for its number to mean robustness.

After Athalye et al. (2018, arXiv 1802.00420) and Carlini et al. (2019, arXiv 1902.06705).
"""

from dataclasses import fields, replace

import torch
from torch import Generator, Tensor

from core.attacks import Attack, Norm, make_attack
from core.attacks.adaptive import AdaptiveAttack
from core.attacks.problem import error_of
from core.evaluation.examined import Examined
from core.system import BARE
from core.types import LabError, OnStep, part_of

SAMPLE = 100
"""Images the warnings are computed on; enough to see a tenth of them misbehave."""

RETRIED = 40
"""Images that are attacked once more with twice the effort."""

BLACK_BOX_SQUARES = 300
"""Tries of the black box attack; a sound gradient attack leaves it nothing even so."""

VANISHED = 1e-15
"""A gradient without an entry larger than this tells an attacker nothing."""

MISSED = "but not to this attack."
"""How a warning ends that compares one attack with another."""

RANDOM = "The outputs are random: an attack that averages over the randomness may do better."

UNCHECKED = "This figure was not checked for gradient masking."

CHECKS = 4
"""Parts of the computation that take long, for the progress."""


def find_warnings(
    examined: Examined, generator: Generator, on_step: OnStep | None = None
) -> tuple[str, ...]:
    """Plain sentences on what should keep a reader from trusting a robustness number.

    Args:
        examined: The evaluation; its first images are looked at.
        generator: For the checks that draw.
        on_step: Progress.
    """
    seen = examined.first(SAMPLE)
    found = [_random_outputs(seen, generator)]
    if not seen.attack.gradient_free:
        found.append(_without_gradient(seen, generator))
    if seen.size:
        found += _cheaper_attacks(seen, seen.size, generator, part_of(on_step, 0, CHECKS))
        found.append(_unbounded(seen, generator, part_of(on_step, 1, CHECKS)))
    if not seen.attack.iterative:
        found.append(_many_steps(seen, generator, part_of(on_step, 1, CHECKS)))
    if not isinstance(seen.attack, AdaptiveAttack):
        # That one goes on with other starts by itself; `python -m core break` is its second try.
        found.append(_twice(examined.first(RETRIED), generator, part_of(on_step, 2, CHECKS)))
    return tuple(sentence for sentence in found if sentence)


def _random_outputs(examined: Examined, generator: Generator) -> str | None:
    """Randomness that the attack did not average over."""
    pipeline = examined.pipeline(generator)
    with torch.no_grad():
        first, second = pipeline(examined.images), pipeline(examined.images)
    # A GPU may add up in another order from call to call; that is no randomness to speak of.
    same = torch.allclose(first, second, rtol=1e-3, atol=1e-3)
    if same or examined.draws > 1:
        return None
    return RANDOM


def _without_gradient(examined: Examined, generator: Generator) -> str | None:
    """The share of images whose gradient is as good as zero through every stand-in there is."""
    images, labels = examined.images, examined.labels
    largest = torch.zeros(len(images), device=images.device)
    views = dict(examined.views(generator))
    if len(views) > 1:
        # The bare classifier always has gradients; they say nothing of the defense.
        views.pop(BARE, None)
    for view in views.values():
        leaf = images.clone().requires_grad_()
        loss = error_of(view(leaf), labels, "margin")
        (gradient,) = torch.autograd.grad(loss.sum(), leaf)
        largest = torch.maximum(largest, gradient.flatten(1).abs().amax(1))
    zero, vanished = int((largest == 0).sum()), int((largest <= VANISHED).sum())
    if not vanished:
        return None
    kind = "a zero" if zero == vanished else "a vanishing"
    return (
        f"{vanished} of {len(images)} images have {kind} gradient: "
        "gradient attacks are blind there."
    )


def _cheaper_attacks(
    examined: Examined, size: float, generator: Generator, on_step: OnStep | None
) -> list[str | None]:
    """What one step, chance and guessing find; a sound attack leaves nothing to any of them."""
    images, labels, fooled = examined.images, examined.labels, examined.fooled
    pipeline = examined.pipeline(generator)
    one_step, noise, square = _cheap(examined.attack.norm, size)
    single = torch.zeros_like(fooled)
    for view in examined.views(generator).values():
        single |= examined.broken(one_step(view, images, labels).images, generator)
    noisy = noise(pipeline, images, labels, generator=generator)
    found = [
        _missed("a single gradient step", single, fooled),
        _missed("random noise", examined.broken(noisy.images, generator), fooled),
    ]
    try:
        guessed = square(pipeline, images, labels, generator=generator, on_step=on_step)
    except LabError:  # images of a size that Square cannot tile
        return found
    fell = examined.broken(guessed.images, generator)
    return [*found, _missed("a black box attack that uses no gradient", fell, fooled)]


def _cheap(norm: Norm, size: float) -> tuple[Attack, Attack, Attack]:
    """One step, noise and guesses within the same budget."""
    if norm == "l2":
        return (
            make_attack("pgd_l2", epsilon=size, steps=1, step_size=size, random_start=False),
            make_attack("noise_l2", epsilon=size),
            make_attack("square_l2", epsilon=size, squares=BLACK_BOX_SQUARES),
        )
    return (
        make_attack("fgsm", epsilon=size),
        make_attack("noise", epsilon=size),
        make_attack("square", epsilon=size, squares=BLACK_BOX_SQUARES),
    )


def _unbounded(examined: Examined, generator: Generator, on_step: OnStep | None) -> str | None:
    """Whoever may change every pixel at will has to win; else the attack is blind."""
    # A restart behind a random defense goes on until every draw errs, which can be confirmed.
    free = make_attack("pgd", epsilon=1.0, steps=40, restarts=2, loss="margin")
    left = int((~examined.again(free, generator, on_step)).sum())
    if left == 0:
        return None
    return (
        f"{left} of {len(examined.images)} images stand even when every pixel may change at will: "
        "the gradients mislead, and the figure may be too high."
    )


def _many_steps(examined: Examined, generator: Generator, on_step: OnStep | None) -> str | None:
    """One step is no measure of what many would do within the same size."""
    if examined.attack.norm != "linf" or not examined.size:
        return None
    many = make_attack("pgd", epsilon=examined.size, steps=20)
    fell = replace(examined, surrogates=None).again(many, generator, on_step)
    return _missed("20 steps of the same size through every stand-in", fell, examined.fooled)


def _twice(examined: Examined, generator: Generator, on_step: OnStep | None) -> str | None:
    """Twice the steps, and twice the draws, should not find more."""
    standing = (~examined.fooled).nonzero()[:, 0]
    names = {field.name for field in fields(examined.attack)}
    if "steps" not in names or len(standing) == 0:
        return None
    left = replace(
        examined,
        images=examined.images[standing],
        labels=examined.labels[standing],
        fooled=examined.fooled[standing],
        draws=2 * examined.draws if examined.draws > 1 else 1,
    )
    longer = {"steps": 2 * getattr(examined.attack, "steps", 1)}
    if "restarts" in names:
        longer["restarts"] = 1
    fell = int(left.again(replace(examined.attack, **longer), generator, on_step).sum())
    if fell <= max(1, len(examined.images) // 40):
        return None
    return (
        f"{fell} of {len(examined.images)} images more fall when the attack takes twice the steps: "
        "it has not converged."
    )


def _missed(who: str, theirs: Tensor, ours: Tensor) -> str | None:
    missed = int((theirs & ~ours).sum())
    if missed == 0:
        return None
    return f"{missed} of {len(ours)} images fall to {who} {MISSED}"
