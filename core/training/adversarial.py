"""Adversarial training: a classifier learns from attacks on itself.

``fgsm`` is that of Goodfellow, Shlens & Szegedy (2015, arXiv 1412.6572), whose loss is the average
over clean and attacked images; ``pgd`` that of Madry et al. (2018, arXiv 1706.06083), which sees
attacked images alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional
from typing_extensions import override

from core.attacks import make_attack
from core.devices import generator_for
from core.training.losses import Parts, half_mirrored
from core.training.phases import Objective, Phase, adam, warmth

ATTACKS = ("fgsm", "pgd")
WATCHED_STEPS = 20
"""Steps of the PGD that every epoch is judged by."""

REACH = 2.5
"""How many budgets the steps of PGD go together, so that it can turn round on its way."""


@dataclass(frozen=True, kw_only=True)
class AdversarialObjective(Objective):
    """Cross-entropy on images attacked anew in every step.

    Attributes:
        attack: ``fgsm``: one step from the clean image, half of the loss on clean images.
            ``pgd``: ``steps`` steps from a random start, attacked images alone.
        epsilon: Linf budget in [0, 1] pixel units.
        steps: Steps of PGD.
        warm_up: Training steps over which the budget grows from 0: at a wide one from the start
            PGD training can stay at chance.
        mirrored: Half of the images, drawn anew in every step, are seen in the mirror.
    """

    attack: str
    epsilon: float
    steps: int = 10
    warm_up: int = 0
    mirrored: bool = False

    def __post_init__(self) -> None:
        if self.attack not in ATTACKS:
            raise ValueError(f"attack must be one of {ATTACKS}, got {self.attack!r}")

    @override
    def phases(self, model: nn.Module, learning_rate: Tensor | float) -> tuple[Phase, ...]:
        parameters = tuple(model.parameters())
        optimiser = adam(parameters, learning_rate)

        def loss(images: Tensor, labels: Tensor, generator: Generator) -> Parts:
            seen = half_mirrored(images, generator) if self.mirrored else images
            epsilon = self.epsilon * warmth(optimiser, parameters[0], self.warm_up)
            # Dropout would blur the gradient that the attack follows.
            model.eval()
            attacked = self._attacked(model, seen, labels, epsilon, generator)
            model.train()
            logits = model(attacked)
            total = functional.cross_entropy(logits, labels)
            if self.attack == "fgsm":
                total = (total + functional.cross_entropy(model(seen), labels)) / 2
            return {"total": total, "robust": (logits.argmax(1) == labels).float().mean()}

        return (Phase(parameters, optimiser, loss),)

    @override
    def check(self, step: int, values: Mapping[str, float]) -> None:
        """Nothing to watch here: ``watch`` keeps what every epoch is worth."""

    @override
    def watch(self, model: nn.Module, images: Tensor, labels: Tensor) -> Mapping[str, float]:
        """Accuracy on clean images, under one step, and under many, from 0 to 1."""
        found = {"clean": images}
        for name, changes in (("fgsm", {}), ("pgd", {"steps": WATCHED_STEPS})):
            attack = make_attack(name, epsilon=self.epsilon, **changes)
            generator = generator_for(images.device, 0)
            found[name] = attack(model, images, labels, generator=generator).images
        with torch.no_grad():
            return {
                name: round((model(seen).argmax(1) == labels).float().mean().item(), 4)
                for name, seen in found.items()
            }

    def _attacked(
        self,
        model: nn.Module,
        images: Tensor,
        labels: Tensor,
        epsilon: Tensor,
        generator: Generator,
    ) -> Tensor:
        """Images within the budget on which the model errs more."""
        attacked, rate, steps = images, epsilon, 1
        if self.attack == "pgd":
            draws = torch.rand(images.shape, generator=generator, device=images.device)
            attacked = (images + epsilon * (2 * draws - 1)).clamp(0, 1)
            rate, steps = epsilon * (REACH / self.steps), self.steps
        for _ in range(steps):
            leaf = attacked.detach().requires_grad_()
            error = functional.cross_entropy(model(leaf), labels, reduction="sum")
            (gradient,) = torch.autograd.grad(error, leaf)
            moved = leaf.detach() + rate * gradient.sign()
            attacked = (images + (moved - images).clamp(-epsilon, epsilon)).clamp(0, 1)
        return attacked.detach()
