"""Doubts: signs that an attack was too weak for its number to mean robustness.

After Athalye et al. (2018, arXiv 1802.00420) and Carlini et al. (2019, arXiv 1902.06705).
"""

from dataclasses import fields, replace

import torch
from torch import Generator, Tensor

from core.attacks import make_attack
from core.attacks.problem import error_of
from core.evaluation.doubted import Doubted
from core.evaluation.threats import BARE
from core.types import OnStep, part_of

SAMPLE = 100
"""Images the doubts are computed on; enough to see a tenth of them misbehave."""

RETRIED = 40
"""Images that are attacked once more with twice the effort."""

BLACK_BOX_SQUARES = 300
"""Tries of the black box attack; a sound gradient attack leaves it nothing even so."""

VANISHED = 1e-15
"""A gradient without an entry larger than this tells an attacker nothing."""

MISSED = "but not to this attack."
"""How a doubt ends that compares one attack with another."""

RANDOM = "The outputs are random: an attack that averages over the randomness may do better."

UNDOUBTED = "This figure was not searched for doubts."

CHECKS = 4
"""Parts of the computation that take long, for the progress."""


def find_doubts(
    doubted: Doubted, generator: Generator, on_step: OnStep | None = None
) -> tuple[str, ...]:
    """Plain sentences on what should keep a reader from trusting a robustness number.

    Args:
        doubted: The evaluation; its first images are looked at.
        generator: For the checks that draw.
        on_step: Progress.
    """
    seen = doubted.first(SAMPLE)
    found = [_random_outputs(seen, generator)]
    if not seen.attack.gradient_free:
        found.append(_without_gradient(seen, generator))
    if seen.epsilon:
        found += _cheaper_attacks(seen, seen.epsilon, generator, part_of(on_step, 0, CHECKS))
        found.append(_unbounded(seen, generator, part_of(on_step, 1, CHECKS)))
    if not seen.attack.iterative:
        found.append(_many_steps(seen, generator, part_of(on_step, 1, CHECKS)))
    found.append(_twice(doubted.first(RETRIED), generator, part_of(on_step, 2, CHECKS)))
    return tuple(sentence for sentence in found if sentence)


def _random_outputs(doubted: Doubted, generator: Generator) -> str | None:
    """Randomness that the attack did not average over."""
    pipeline = doubted.pipeline(generator)
    with torch.no_grad():
        first, second = pipeline(doubted.images), pipeline(doubted.images)
    # A GPU may add up in another order from call to call; that is no randomness to speak of.
    same = torch.allclose(first, second, rtol=1e-3, atol=1e-3)
    if same or doubted.draws > 1:
        return None
    return RANDOM


def _without_gradient(doubted: Doubted, generator: Generator) -> str | None:
    """The share of images whose gradient is as good as zero through every stand-in there is."""
    images, labels = doubted.images, doubted.labels
    largest = torch.zeros(len(images), device=images.device)
    views = dict(doubted.views(generator))
    if len(views) > 1:
        # The bare classifier always has gradients; they say nothing of the defence.
        views.pop(BARE, None)
    of_probability = getattr(doubted.attack, "loss", "cross_entropy") in ("cross_entropy", "ce")
    for view in views.values():
        leaf = images.clone().requires_grad_()
        loss = error_of(view(leaf), labels, "cross_entropy" if of_probability else "margin")
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
    doubted: Doubted, epsilon: float, generator: Generator, on_step: OnStep | None
) -> list[str | None]:
    """What one step, chance and guessing find; a sound attack leaves nothing to any of them."""
    images, labels, fooled = doubted.images, doubted.labels, doubted.fooled
    pipeline = doubted.pipeline(generator)
    one_step = make_attack("fgsm", epsilon=epsilon)
    single = torch.zeros_like(fooled)
    for view in doubted.views(generator).values():
        single |= doubted.broken(one_step(view, images, labels).images, generator)
    noise = make_attack("noise", epsilon=epsilon)(pipeline, images, labels, generator=generator)
    square = make_attack("square", epsilon=epsilon, squares=BLACK_BOX_SQUARES)
    guessed = square(pipeline, images, labels, generator=generator, on_step=on_step)
    return [
        _missed("a single gradient step", single, fooled),
        _missed("random noise", doubted.broken(noise.images, generator), fooled),
        _missed(
            "a black box attack that uses no gradient",
            doubted.broken(guessed.images, generator),
            fooled,
        ),
    ]


def _unbounded(doubted: Doubted, generator: Generator, on_step: OnStep | None) -> str | None:
    """Whoever may change every pixel at will has to win; else the attack is blind."""
    # A restart behind a random defence goes on until every draw errs, which can be confirmed.
    free = make_attack("pgd", epsilon=1.0, steps=40, restarts=2, loss="margin")
    left = int((~doubted.again(free, generator, on_step)).sum())
    if left == 0:
        return None
    return (
        f"{left} of {len(doubted.images)} images stand even when every pixel may change at will: "
        "the gradients mislead, and the figure may be too high."
    )


def _many_steps(doubted: Doubted, generator: Generator, on_step: OnStep | None) -> str | None:
    """One step is no measure of what many would do within the same size."""
    size = doubted.epsilon or doubted.linf
    if doubted.attack.norm != "linf" or not size:
        return None
    many = make_attack("pgd", epsilon=round(size, 4), steps=20)
    fell = replace(doubted, surrogates=None).again(many, generator, on_step)
    return _missed("20 steps of the same size through every stand-in", fell, doubted.fooled)


def _twice(doubted: Doubted, generator: Generator, on_step: OnStep | None) -> str | None:
    """Twice the steps, and twice the draws, should not find more."""
    standing = (~doubted.fooled).nonzero()[:, 0]
    names = {field.name for field in fields(doubted.attack)}
    if "steps" not in names or len(standing) == 0:
        return None
    left = replace(
        doubted,
        images=doubted.images[standing],
        labels=doubted.labels[standing],
        fooled=doubted.fooled[standing],
        draws=2 * doubted.draws if doubted.draws > 1 else 1,
    )
    longer = {"steps": 2 * getattr(doubted.attack, "steps", 1)}
    if "restarts" in names:
        longer["restarts"] = 1
    fell = int(left.again(replace(doubted.attack, **longer), generator, on_step).sum())
    if fell <= max(1, len(doubted.images) // 40):
        return None
    return (
        f"{fell} of {len(doubted.images)} images more fall when the attack takes twice the steps: "
        "it has not converged."
    )


def _missed(who: str, theirs: Tensor, ours: Tensor) -> str | None:
    missed = int((theirs & ~ours).sum())
    if missed == 0:
        return None
    return f"{missed} of {len(ours)} images fall to {who} {MISSED}"
