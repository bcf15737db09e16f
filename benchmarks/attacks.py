"""Our PGD, DeepFool and Carlini-Wagner beside torchattacks' on the same model and images.

Everything runs in one process on the same device, ours and theirs in turn, so that a busy machine
slows both alike. A clock runs until it is known which images are fooled: our attacks tell, and
theirs leave it to one more pass through the model. Told are ratios of time, with success and mean
Euclidean size beside them. Where one fools more images than the other, the time of a fooled image
is what can be compared, and the sizes on the images that both fool.
torchattacks' DeepFool takes one image at a time, so that its time may be measured on a few of the
images and scaled to all of them.

    python benchmarks/attacks.py --images 200 --deepfool 20 --cw 32
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torchattacks
from torch import Tensor

from core import load_classifier, load_dataset
from core.attacks import make_attack
from core.devices import generator_for, pick_device
from core.types import Classifier

Work = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""Images and labels to adversarial images, and which of them are misread (n,)."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Measured:
    """One attack on some images.

    Attributes:
        seconds: Time an image.
        fooled: Which images are misread (n,).
        l2: Euclidean size of the changes (n,).
    """

    seconds: float
    fooled: Tensor
    l2: Tensor

    @property
    def success(self) -> float:
        """Share of the images that are misread."""
        return float(self.fooled.float().mean())

    def __str__(self) -> str:
        return (
            f"{1e3 * self.seconds:8.1f} ms an image, {self.success:6.1%} fooled, "
            f"mean L2 of those {self.l2[self.fooled].mean():.3f} ({len(self.l2)} images)"
        )


def measured(
    works: tuple[Work, ...], images: Tensor, labels: Tensor, repeats: int
) -> list[Measured]:
    """The best time of some repeats of each, taken in turn, and what the last one gave."""
    best = [float("inf")] * len(works)
    results = [(images, labels)] * len(works)
    for _ in range(repeats):
        for place, work in enumerate(works):
            started = time.perf_counter()
            results[place] = work(images, labels)
            if images.is_cuda:
                torch.cuda.synchronize()
            best[place] = min(best[place], time.perf_counter() - started)
    found = []
    for seconds, (result, fooled) in zip(best, results, strict=True):
        size = (result - images).flatten(1).norm(dim=1)
        found.append(Measured(seconds=seconds / len(images), fooled=fooled, l2=size))
    return found


def ours(classifier: Classifier, name: str, **parameters: object) -> Work:
    """One of our attacks with a seed of its own."""
    attack = make_attack(name, **parameters)

    def work(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        found = attack(classifier, images, labels, generator=generator_for(images.device, 0))
        return found.images, found.success

    return work


def theirs(classifier: Classifier, attack: torchattacks.attack.Attack) -> Work:
    """One of torchattacks', whose global randomness is put back."""

    def work(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            result: Tensor = attack(images, labels).detach()
        with torch.no_grad():
            return result, classifier(result).argmax(1) != labels

    return work


def tell(title: str, wanted: float, our: Measured, their: Measured) -> None:
    """Both, the ratio of their times, and whether the target is met."""
    print(f"{title}\n  ours   {our}\n  theirs {their}")
    ratio = their.seconds / our.seconds
    shared = min(len(our.l2), len(their.l2))  # both began with the first image
    fooled, their_fooled = our.fooled[:shared], their.fooled[:shared]
    success, their_success = float(fooled.float().mean()), their.success
    each = ratio * success / their_success if their_success else float("inf")
    both = fooled & their_fooled
    size = float(our.l2[:shared][both].mean() / their.l2[both].mean()) if both.any() else 0.0
    met = each >= wanted and success >= their_success
    print(
        f"  {ratio:.2f} times as fast an image, {each:.2f} a fooled image (wanted {wanted:g}), "
        f"success {'no lower' if success >= their_success else 'LOWER'}: "
        f"{'met' if met else 'MISSED'}; mean L2 on the {int(both.sum())} images both fool "
        f"{size:.3f} times theirs"
    )


def main() -> None:
    """Measure all three and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--classifier", default="a")
    parser.add_argument("--images", type=int, default=200, help="for PGD and our DeepFool")
    parser.add_argument(
        "--deepfool", type=int, default=20, help="images for their DeepFool, its time scaled"
    )
    parser.add_argument("--cw", type=int, default=32, help="images for Carlini-Wagner")
    parser.add_argument("--steps", type=int, default=200, help="of Carlini-Wagner")
    parser.add_argument("--repeats", type=int, default=3, help="the best time of each counts")
    options = parser.parse_args()
    device = pick_device()
    most = max(options.images, options.deepfool, options.cw)
    images, labels = load_dataset(options.dataset, "validation", count=most)
    images, labels = images.to(device), labels.to(device)
    classifier = load_classifier(options.dataset, options.classifier)
    with torch.no_grad():
        classifier(images[:2])
    print(
        f"{options.dataset}, classifier {options.classifier}, validation images; "
        f"device {device}, {torch.get_num_threads()} threads"
    )

    def both(our: Work, their: Work, n: int) -> list[Measured]:
        return measured((our, their), images[:n], labels[:n], options.repeats)

    step = 2.5 * 0.3 / 40
    pgd = ours(classifier, "pgd", epsilon=0.3, steps=40, step_size=step)
    their_pgd = theirs(classifier, torchattacks.PGD(classifier, eps=0.3, alpha=step, steps=40))
    tell("PGD, 40 steps, epsilon 0.3", 1, *both(pgd, their_pgd, options.images))

    deepfool = ours(classifier, "deepfool", steps=50, overshoot=0.02)
    their_deepfool = theirs(classifier, torchattacks.DeepFool(classifier, steps=50, overshoot=0.02))
    few = min(options.deepfool, options.images)
    _, their_few = both(deepfool, their_deepfool, few)
    (ours_many,) = measured(
        (deepfool,), images[: options.images], labels[: options.images], options.repeats
    )
    tell("DeepFool, 50 steps, overshoot 0.02", 10, ours_many, their_few)
    if few < options.images:
        print(
            f"  theirs takes one image at a time: {few} images were timed, which makes "
            f"{their_few.seconds * options.images:.0f} s for {options.images}"
        )

    # Theirs has one c and no search; 1 is their default, and 10 fools about as many as a search.
    for c in (1, 10):
        one = ours(classifier, "cw", searches=1, initial_c=float(c), steps=options.steps)
        their_cw = theirs(
            classifier, torchattacks.CW(classifier, c=c, steps=options.steps, lr=0.01)
        )
        title = f"Carlini-Wagner, c = {c}, {options.steps} steps, one search"
        tell(title, 1, *both(one, their_cw, options.cw))
    searched = ours(classifier, "cw", steps=options.steps)
    (found,) = measured((searched,), images[: options.cw], labels[: options.cw], options.repeats)
    print(
        f"Carlini-Wagner, 5 searches x {options.steps} steps, which theirs has not\n"
        f"  ours   {found}"
    )


if __name__ == "__main__":
    main()
