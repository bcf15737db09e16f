"""What a slider of the page of levels computes, and what all of the page's live part does.

python -m core benchmark levels
python -m core benchmark levels --dataset fashion_mnist
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch

from core import load_classifier, load_dataset, load_defense
from core.analysis.levels import LevelSpec, levels_alone, through_levels
from core.defenses import MlvgmPurifier
from core.devices import pick_device

RUNS = 10
DRAWS, ALONE = 6, 5
"""Pictures of the sliders, and of each row of one level alone, as on the page."""


def main() -> None:
    """Print the median of ten runs of each, in wall-clock and in processor time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="mnist")
    dataset = parser.parse_args().dataset
    device = pick_device()
    image = load_dataset(dataset, "validation", count=1)[0][0].to(device)
    classifier = load_classifier(dataset, "a")
    purifier = load_defense(dataset, "mlvgm")
    assert isinstance(purifier, MlvgmPurifier)
    model = purifier.model
    spec = LevelSpec(shares=purifier.shares, contrast=purifier.contrast, draws=DRAWS)
    print(f"device {device}, {torch.get_num_threads()} threads, one {dataset} image")
    work: dict[str, Callable[[], object]] = {
        f"a slider: {DRAWS} draws and their average": lambda: through_levels(
            classifier, model, image, spec
        ),
        f"each of {len(spec.shares)} levels alone, {ALONE} draws": lambda: levels_alone(
            classifier, model, image, LevelSpec(shares=(), draws=ALONE)
        ),
    }
    for name, one in work.items():
        one()
        walls, used = [], []
        for _ in range(RUNS):
            wall, cpu = time.perf_counter(), time.process_time()
            one()
            walls.append(time.perf_counter() - wall)
            used.append(time.process_time() - cpu)
        print(
            f"{name:44} {1e3 * statistics.median(walls):6.0f} ms, "
            f"{1e3 * statistics.median(used):6.0f} ms of a processor"
        )


if __name__ == "__main__":
    main()
