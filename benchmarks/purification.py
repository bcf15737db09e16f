"""How much faster one pass through LQ-VAE is than Defense-GAN's search, and what each saves.

Both run in one process on the same device and the same images, attacked by FGSM that sees the
bare classifier. The search is that of the paper (Samangouei et al., 2018, arXiv 1805.06605):
200 steps from 10 starts, all starts of all images in one batch.

    python benchmarks/purification.py --images 1000 --searched 32
"""

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor

from core import load_classifier, load_dataset, load_defense
from core.attacks import make_attack
from core.devices import generator_for, in_batches, pick_device
from core.evaluation.cells import JUDGED_EPSILON
from core.types import Purifier


def timed(work: Callable[[], Tensor], repeats: int) -> tuple[float, Tensor]:
    """The best time of several runs in seconds, and what the last one gave."""
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        result = work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - started)
    return best, result


def purified(purifier: Purifier, images: Tensor) -> Tensor:
    """Purified images, a batch at a time."""
    generator = generator_for(images.device, 0)
    with torch.no_grad():
        return in_batches(lambda part: purifier(part, generator=generator), images)


def main() -> None:
    """Measure both and print the ratio, with accuracy beside it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="mnist", choices=("mnist", "fashion_mnist"))
    parser.add_argument("--images", type=int, default=1000, help="images of the quick side")
    parser.add_argument("--searched", type=int, default=32, help="images of the slow side")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--starts", type=int, default=10)
    arguments = parser.parse_args()
    device = pick_device()
    images, labels = load_dataset(arguments.dataset, "validation", count=arguments.images)
    images, labels = images.to(device), labels.to(device)
    classifier = load_classifier(arguments.dataset, "a")
    epsilon = JUDGED_EPSILON[arguments.dataset]
    attacked = make_attack("fgsm", epsilon=epsilon)(classifier, images, labels).images
    print(f"device {device}, {torch.get_num_threads()} threads, FGSM at Linf {epsilon:g} on A")
    searched = arguments.searched

    def told(name: str, seconds: float, result: Tensor) -> float:
        with torch.no_grad():
            right = int((classifier(result[:searched]).argmax(1) == labels[:searched]).sum())
        each = seconds / len(result)
        print(f"{name:12} {1e3 * each:9.3f} ms an image, {right} of the first {searched} right")
        return each

    search = load_defense(
        arguments.dataset,
        "defense_gan",
        search_steps=arguments.steps,
        search_starts=arguments.starts,
    )
    slow = told("Defense-GAN", *timed(lambda: purified(search, attacked[:searched]), 1))
    for name in ("lq_vae", "lq_vae_plus"):
        one_pass = load_defense(arguments.dataset, name)
        purified(one_pass, attacked)  # the first pass prepares itself
        fast = told(name, *timed(lambda: purified(one_pass, attacked), 5))  # noqa: B023
        print(f"  {slow / fast:,.0f} times as fast as L={arguments.steps}, R={arguments.starts}")


if __name__ == "__main__":
    main()
