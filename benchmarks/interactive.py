"""From a slider to a new picture: one image, PGD-40, every purification, on this machine.

python benchmarks/interactive.py
"""

import statistics
import time

import torch

from core import load_classifier, load_dataset, load_defense
from core.attacks import make_attack
from core.defenses import DEFENSES
from core.devices import generator_for, pick_device


def main() -> None:
    """Print the median of ten runs, each with another epsilon, and its parts."""
    device = pick_device()
    images, labels = (part.to(device) for part in load_dataset("mnist", "validation", count=10))
    print(f"device {device}, {torch.get_num_threads()} threads, one image, median of 10 runs")
    purifiers = {name: load_defense("mnist", name) for name in DEFENSES}
    for classifier_name in ("a", "b", "c"):
        classifier = load_classifier("mnist", classifier_name)
        attack_times, purify_times = [], []
        for index in range(len(images)):
            image, label = images[index : index + 1], labels[index : index + 1]
            started = time.perf_counter()
            attack = make_attack("pgd", epsilon=round(0.1 + 0.02 * index, 4), steps=40)
            result = attack(classifier, image, label, generator=generator_for(device, index))
            attacked = time.perf_counter()
            with torch.no_grad():
                for purifier in purifiers.values():
                    classifier(purifier(result.images, generator=generator_for(device, index)))
            attack_times.append(attacked - started)
            purify_times.append(time.perf_counter() - attacked)
        print(
            f"classifier {classifier_name}: PGD-40 {1e3 * statistics.median(attack_times):.0f} ms, "
            f"{len(purifiers)} purifications {1e3 * statistics.median(purify_times):.0f} ms"
        )


if __name__ == "__main__":
    main()
