"""How long a picture of real latents takes in the process that draws them, and how far to trust it.

The points are the LQ-VAE latents of MNIST digits and of their FGSM images (epsilon 0.15). Another
busy program shows in every figure, so the load of the machine is printed too.

    python benchmarks/projection.py --pairs 1000
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from app.projector_timings import Timings
from app.projector_worker import Projector
from core import load_classifier, load_dataset, load_defense
from core.analysis.projections import Floats, Projection, ProjectionSpec
from core.attacks import make_attack
from core.defenses import LqVaePurifier

T = TypeVar("T")


def latents(pairs: int) -> Floats:
    """Latents (2 * pairs, d) of clean images, then of their adversarial ones."""
    images, labels = load_dataset("mnist", "validation", count=pairs)
    attack = make_attack("fgsm", epsilon=0.15)
    adversarial = attack(load_classifier("mnist", "a"), images, labels).images
    purifier = load_defense("mnist", "lq_vae")
    assert isinstance(purifier, LqVaePurifier)
    with torch.no_grad():
        both = torch.cat([purifier.latents(images), purifier.latents(adversarial)])
    return both.numpy().astype(np.float32)


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What the work gives, and its seconds."""
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


def main() -> None:
    """Draw each picture twice; the second one finds everything loaded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=1000)
    arguments = parser.parse_args()
    points = latents(arguments.pairs)
    load = ", ".join(f"{part:.1f}" for part in os.getloadavg())
    print(f"{len(points)} points, {points.shape[1]} axes; {os.cpu_count()} cores, load {load}")
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        projector = Projector(Timings(Path(folder) / "projections.json"))

        def draw(method: str, seed: int) -> Projection:
            spec = ProjectionSpec(method=method, seed=seed)
            return projector.project(points, spec, lambda step: None)

        for method in ("tsne", "umap", "pca"):
            first = timed(lambda method=method: draw(method, 0))[1]  # type: ignore[misc]
            picture, warm = timed(lambda method=method: draw(method, 1))  # type: ignore[misc]
            seconds[method] = warm
            print(f"{method}: {warm:.2f} s warm, {first:.2f} s first, trust {picture.trust:.3f}")
        projector.close()
    for name in ("umap", "pca"):
        print(f"t-SNE takes {seconds['tsne'] / seconds[name]:.2f} of the time of {name}")


if __name__ == "__main__":
    main()
