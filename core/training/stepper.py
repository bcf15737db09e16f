"""One training step, eager on the CPU and captured as a graph on CUDA."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Generator, Tensor

from core.devices import has_fast_bfloat16
from core.training.phases import Phase
from core.training.recipe import Recipe

WARM_UP_STEPS = 3


class Stepper:
    """Runs one training step on given image indices; on CUDA, replays it from a captured graph.

    Args:
        phases: The updates of a step, in order.
        data: All images (n, c, h, w) and labels (n,), on the device.
        recipe: Batch size and precision.
        generator: Everything random but dropout draws from it.
    """

    def __init__(
        self,
        phases: tuple[Phase, ...],
        data: tuple[Tensor, Tensor],
        recipe: Recipe,
        generator: Generator,
    ) -> None:
        self.phases = phases
        self.all_images, self.all_labels = data
        self.device = self.all_images.device
        self.mixed = recipe.precision == "bfloat16" and has_fast_bfloat16(self.device)
        self.generator = generator
        self.captures = self.device.type == "cuda"
        self.graph: torch.cuda.CUDAGraph | None = None
        self.parts: Mapping[str, Tensor] = {}
        self.calls = 0
        if self.captures:
            self.images = torch.empty_like(self.all_images[: recipe.batch_size])
            self.labels = torch.empty_like(self.all_labels[: recipe.batch_size])

    def __call__(self, indices: Tensor) -> Mapping[str, Tensor]:
        """Update on the images at ``indices`` (b,); returns the named parts of the losses."""
        indices = indices.to(self.device)
        images, labels = self.all_images[indices], self.all_labels[indices]
        if not self.captures:
            return self._update(images, labels)
        self.images.copy_(images)
        self.labels.copy_(labels)
        self.calls += 1
        if self.calls <= WARM_UP_STEPS:
            return self._on_side_stream(lambda: self._update(self.images, self.labels))
        if self.graph is None:
            self.graph = torch.cuda.CUDAGraph()
            self.graph.register_generator_state(self.generator)
            with torch.cuda.graph(self.graph):
                self.parts = self._update(self.images, self.labels)
        self.graph.replay()
        return self.parts

    @staticmethod
    def _on_side_stream(work: Callable[[], Mapping[str, Tensor]]) -> Mapping[str, Tensor]:
        """Capture needs a few eager steps on another stream first; these are real steps."""
        stream: torch.cuda.Stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            parts = work()
        torch.cuda.current_stream().wait_stream(stream)
        return parts

    def _update(self, images: Tensor, labels: Tensor) -> Mapping[str, Tensor]:
        parts: dict[str, Tensor] = {}
        for phase in self.phases:
            parts |= self._phase(phase, images, labels)
        return parts

    def _phase(self, phase: Phase, images: Tensor, labels: Tensor) -> Mapping[str, Tensor]:
        # A cached cast would live outside the captured graph, so capture does without the cache.
        with torch.autocast(
            self.device.type, torch.bfloat16, enabled=self.mixed, cache_enabled=not self.captures
        ):
            parts = phase.loss(images, labels, self.generator)
        gradients: Sequence[Tensor | None] = torch.autograd.grad(
            parts["total"], phase.parameters, allow_unused=True
        )
        for parameter, gradient in zip(phase.parameters, gradients, strict=True):
            # Fused optimisers want gradients laid out in memory as their parameters are.
            parameter.grad = None if gradient is None else gradient.contiguous()
        phase.optimiser.step()
        return {name: part.detach() for name, part in parts.items()}
