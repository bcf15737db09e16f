"""Doubts: signs that an attack was too weak for its number to mean robustness.

After Athalye et al. (2018, arXiv 1802.00420) and Carlini et al. (2019, arXiv 1902.06705).
"""

import torch
from torch import Generator, Tensor
from torch.nn import functional

from core.attacks import make_attack
from core.evaluation.accuracy import Accuracy
from core.evaluation.specification import Specification
from core.evaluation.threats import defended, through
from core.types import Classifier, Purifier

SAMPLE = 100
"""Images the doubts are computed on; enough to see a tenth of them misbehave."""

BLACK_BOX_SQUARES = 300
"""Tries of the black box attack; a sound gradient attack leaves it nothing even so."""


WEAKEST_OTHERS = 0.05

SLIDES_FGSM = {
    ("mnist", "a"): 0.2016,
    ("mnist", "b"): 0.1317,
    ("mnist", "c"): 0.0566,
    ("fashion_mnist", "a"): 0.1150,
    ("fashion_mnist", "b"): 0.1014,
    ("fashion_mnist", "c"): 0.1160,
}
"""Accuracy of the bare classifiers under FGSM in the LQ-VAE authors' slides."""


def find_doubts(  # noqa: PLR0913  an evaluation has this many parts
    classifier: Classifier,
    purifier: Purifier | None,
    images: Tensor,
    labels: Tensor,
    *,
    fooled: Tensor,
    epsilon: float | None,
    generator: Generator,
) -> tuple[str, ...]:
    """Plain sentences on what should keep a reader from trusting a robustness number.

    Args:
        classifier: The bare classifier.
        purifier: The defence in front of it, or None.
        images: The clean images (n, c, h, w).
        labels: Their labels (n,).
        fooled: Which of them the attack in doubt broke, bool (n,).
        epsilon: Its Linf budget; None for other norms, which skips the checks that need one.
        generator: For the checks that draw.
    """
    images, labels, fooled = images[:SAMPLE], labels[:SAMPLE], fooled[:SAMPLE]
    pipeline = defended(classifier, purifier, generator)
    found = [_random_outputs(pipeline, images)]
    surrogates = purifier.surrogates if purifier is not None else {}
    views = [through(classifier, s, generator) for s in surrogates.values()] or [classifier]
    found.append(_zero_gradients(views, images, labels))
    if epsilon:
        one_step = make_attack("fgsm", epsilon=epsilon)
        single = torch.zeros_like(fooled)
        for view in views:
            single |= _broken(pipeline, one_step(view, images, labels).images, labels)
        found.append(_missed("a single gradient step", single, fooled))
        noise = make_attack("noise", epsilon=epsilon)(pipeline, images, labels, generator=generator)
        found.append(_missed("random noise", _broken(pipeline, noise.images, labels), fooled))
        square = make_attack("square", epsilon=epsilon, squares=BLACK_BOX_SQUARES)
        guessed = square(pipeline, images, labels, generator=generator)
        black_box = _broken(pipeline, guessed.images, labels)
        found.append(_missed("a black box attack that uses no gradient", black_box, fooled))
    return tuple(sentence for sentence in found if sentence)


def too_weak(specification: Specification, attacked: Accuracy) -> str | None:
    """Whether an oblivious attack leaves the bare classifier too much to say anything.

    Every attack has to bring it to 5 % or less; FGSM, which takes one step, only to the figure of
    the LQ-VAE slides and ten points more.
    """
    limit = WEAKEST_OTHERS
    if specification.attack == "fgsm":
        key = (specification.dataset, specification.classifier)
        limit = SLIDES_FGSM.get(key, 0.0) + 0.1
    if attacked.value <= limit:
        return None
    return (
        f"The attack leaves the bare classifier at {attacked.value:.1%}, above {limit:.1%}: "
        "too weak to compare defences by."
    )


def _broken(pipeline: Classifier, images: Tensor, labels: Tensor) -> Tensor:
    with torch.no_grad():
        return pipeline(images).argmax(1) != labels


def _random_outputs(pipeline: Classifier, images: Tensor) -> str | None:
    with torch.no_grad():
        if torch.equal(pipeline(images), pipeline(images)):
            return None
    return "The outputs are random: an attack that averages over the randomness may do better."


def _zero_gradients(views: list[Classifier], images: Tensor, labels: Tensor) -> str | None:
    """The share of images whose gradient is zero through every view an attacker has."""
    dead = torch.ones(len(images), dtype=torch.bool, device=images.device)
    for view in views:
        seen = images.clone().requires_grad_()
        loss = functional.cross_entropy(view(seen), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, seen)
        dead &= gradient.flatten(1).abs().amax(1) == 0
    if not dead.any():
        return None
    return (
        f"{int(dead.sum())} of {len(images)} images have a zero gradient: "
        "gradient attacks are blind there."
    )


def _missed(who: str, theirs: Tensor, ours: Tensor) -> str | None:
    missed = int((theirs & ~ours).sum())
    if missed == 0:
        return None
    return f"{missed} of {len(ours)} images fall to {who} but not to this attack."
