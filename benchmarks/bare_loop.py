"""Our PGD beside a bare loop of the same steps: what checks, exact gradients and frames cost.

Both run in turn in one process on one thread, and what is told is the median of the ratios of
neighboring runs, so that a busy machine slows both alike.

    python benchmarks/bare_loop.py --steps 40 --repeats 15
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from core import load_classifier, load_dataset
from core.attacks import make_attack
from core.types import Classifier

EPSILON = 0.3
WANTED = 1.05


def bare(classifier: Classifier, images: Tensor, labels: Tensor, steps: int) -> Tensor:
    """PGD as a tutorial writes it: no check, no record, cross-entropy in float32."""
    step = 2.5 * EPSILON / steps
    moved = (images + EPSILON * (2 * torch.rand(images.shape) - 1)).clamp(0, 1)
    for _ in range(steps):
        leaf = moved.detach().requires_grad_()
        loss = functional.cross_entropy(classifier(leaf), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, leaf)
        moved = moved + step * gradient.sign()
        moved = (images + (moved - images).clamp(-EPSILON, EPSILON)).clamp(0, 1)
    with torch.no_grad():
        classifier(moved)
    return moved


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    """Measure and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(1)
    images, labels = load_dataset("mnist", "validation", count=256)
    attack = make_attack("pgd", epsilon=EPSILON, steps=options.steps)
    for name in ("a", "b"):
        classifier = load_classifier("mnist", name)
        for count in (1, 32, 256):
            some, classes = images[:count], labels[:count]
            ratios = []
            for _ in range(options.repeats + 1):
                plain = seconds(partial(bare, classifier, some, classes, options.steps))
                ours = seconds(partial(attack, classifier, some, classes))
                ratios.append(ours / plain)
            # The first of each prepares itself.
            ratio = statistics.median(ratios[1:])
            met = "met" if ratio <= WANTED else "MISSED"
            print(f"classifier {name}, {count:3} images: {ratio:.2f} (wanted {WANTED}): {met}")


if __name__ == "__main__":
    main()
