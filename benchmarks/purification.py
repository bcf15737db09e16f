"""How much faster one pass through LQ-VAE is than a latent search with a decoder of its size.

Both run in one process on the same device and the same images. The search is Defense-GAN's shape
(Samangouei et al., 2018, arXiv 1805.06605): R restarts, L gradient steps on the latent of every
image, restarts in one batch. It stands for the cost only; its decoder was not trained for it.

    python benchmarks/purification.py --images 1000 --searched 4
"""

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor

from core import load_dataset, load_defense
from core.defenses import LqVaePurifier
from core.devices import generator_for, pick_device
from core.models.layers import Decoder


def seconds(work: Callable[[], object], repeats: int) -> float:
    """The best of several runs, after one run to warm up."""
    work()
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - started)
    return best


def latent_search(
    decoder: Decoder, images: Tensor, *, latent_size: int, steps: int, restarts: int
) -> Tensor:
    """Gradient descent with momentum on the latent; the best restart's reconstruction counts."""
    generator = generator_for(images.device, 0)
    targets = images.repeat_interleave(restarts, 0)
    latents = torch.randn((len(targets), latent_size), generator=generator, device=images.device)
    velocity = torch.zeros_like(latents)
    for _ in range(steps):
        latents = latents.detach().requires_grad_()
        error = (decoder(latents) - targets).square().flatten(1).mean(1)
        (gradient,) = torch.autograd.grad(error.sum(), latents)
        velocity = 0.7 * velocity + gradient
        latents = latents - 10.0 * velocity
    with torch.no_grad():
        found = decoder(latents)
        error = (found - targets).square().flatten(1).mean(1).view(-1, restarts)
        best = error.argmin(1) + restarts * torch.arange(len(images), device=images.device)
    chosen: Tensor = found[best]
    return chosen


def main() -> None:
    """Measure both and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--searched", type=int, default=4, help="images of the slow side")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--restarts", type=int, default=10)
    arguments = parser.parse_args()
    device = pick_device()
    images = load_dataset("mnist", "validation", count=arguments.images)[0].to(device)
    print(f"device {device}, {torch.get_num_threads()} threads")
    for name in ("lq_vae", "lq_vae_plus"):
        purifier = load_defense("mnist", name)
        assert isinstance(purifier, LqVaePurifier)
        model = purifier.model

        def one_pass(purifier: LqVaePurifier = purifier) -> Tensor:
            with torch.no_grad():
                return purifier(images)

        def search(decoder: Decoder = model.hard_decoder, size: int = model.code_size) -> Tensor:
            return latent_search(
                decoder,
                images[: arguments.searched],
                latent_size=size,
                steps=arguments.steps,
                restarts=arguments.restarts,
            )

        fast = seconds(one_pass, 5) / len(images)
        slow = seconds(search, 1) / arguments.searched
        print(
            f"{name}: {1e3 * fast:.3f} ms an image in one pass ({len(images)} images), "
            f"{1e3 * slow:.0f} ms by search (L={arguments.steps}, R={arguments.restarts}, "
            f"{arguments.searched} images): {slow / fast:,.0f} times faster"
        )


if __name__ == "__main__":
    main()
