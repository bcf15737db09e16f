"""All defenses on one image: each beside one answer of the classifier, in one run.

Those that search for every image are told, and left out of the sum.

python -m core benchmark defenses
python -m core benchmark defenses --dataset cifar10
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from core import load_classifier, load_dataset, load_defense
from core.checkpoints import CheckpointError
from core.defenses import DEFENSES
from core.devices import generator_for, pick_device
from core.evaluation.cells import CLASSIFIERS, SEARCHING

RUNS = 10


def seconds(work: Callable[[], object]) -> float:
    """The median of several runs, after one to warm up."""
    work()
    found = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return statistics.median(found)


def main() -> None:
    """Print the time of every defense, as milliseconds and as answers of the classifier."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="mnist")
    dataset = parser.parse_args().dataset
    device = pick_device()
    image = load_dataset(dataset, "validation", count=1)[0].to(device)
    name = CLASSIFIERS[dataset][0]
    classifier = load_classifier(dataset, name)
    print(f"device {device}, {torch.get_num_threads()} threads, one {dataset} image")
    with torch.no_grad():
        unit = seconds(lambda: classifier(image))
        print(f"{'classifier ' + name:24} {1e3 * unit:7.2f} ms")
        total = 0.0
        for row, defense in DEFENSES.items():
            try:
                purifier = load_defense(dataset, row)
            except CheckpointError:
                continue

            def purify() -> Tensor:
                return purifier(image, generator=generator_for(device, 0))  # noqa: B023

            spent = seconds(purify)
            searches = row in SEARCHING[dataset]
            total += 0.0 if searches else spent
            left_out = ", a search" if searches else ""
            print(f"{defense.title:24} {1e3 * spent:7.2f} ms {spent / unit:7.1f} answers{left_out}")
    print(f"{'all that do not search':24} {1e3 * total:7.2f} ms {total / unit:7.1f} answers")


if __name__ == "__main__":
    main()
