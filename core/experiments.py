"""Why do fewer, or more, bits flip than the authors report? One change at a time, measured.

The slides of LQ-VAE (arXiv 1903.09940) do not print the size of their Carlini-Wagner attack, the
latent noise left on or how long they trained, so each of these is varied here on its own.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from core.analysis.attacked_spec import AttackedSpec
from core.analysis.crafting import crafted_images
from core.checkpoints import load_classifier, load_model
from core.data import load_dataset
from core.defenses import LqVaePurifier, NoisyLqVaePurifier
from core.devices import generator_for, in_batches, pick_device
from core.evaluation import results_folder
from core.models.lq_vae import LqVae
from core.training import RECIPES
from core.training.loop import Training
from core.types import Classifier, LabError, OnStep, Step

LENGTHS = (500, 1_250, 5_000)
"""Steps of the trainings compared, multiples of 50; the shipped ``lq_vae`` has more."""

STRETCHES = (1.5, 2.0, 3.0)
"""Factors by which a found perturbation is made larger."""

REPLICA: Mapping[str, float] = {"searches": 1, "steps": 100, "initial_c": 100.0}
"""Carlini-Wagner as Defense-GAN's code sets it, but for the learning rate."""

FIRST_BAR, FEW = 0.02, 0.06
"""The slide's first bar, and the share of the bits it calls few."""


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One setting of one possible cause, and what it does to the flips.

    Attributes:
        group: What is varied.
        setting: To what.
        n: Images.
        mean_l2: Mean length of the perturbations; 0.0 for none.
        mean_flips: Mean number of flipped bits of an image.
        bits: Bits of the code.
        share_below_6: Share of the images with less than 6 % of their bits flipped.
        first_bar_share: Share with less than 2 %.
        first_bar_accuracy: Share of those that are right after the purifier; None when empty.
        accuracy: Share of all that are right after the purifier.
    """

    group: str
    setting: str
    n: int
    mean_l2: float
    mean_flips: float
    bits: int
    share_below_6: float
    first_bar_share: float
    first_bar_accuracy: float | None
    accuracy: float


class Causes:
    """The images, the classifier and the authors' recipe that all settings share.

    Args:
        n: Images from the start of MNIST's validation split.
        runs: Folder for the state of the trainings.
        on_step: Progress of whatever is under way.
    """

    def __init__(self, n: int, runs: Path, on_step: OnStep | None = None) -> None:
        self.device = pick_device()
        images, labels = load_dataset("mnist", "validation", count=n)
        self.images, self.labels = images.to(self.device), labels.to(self.device)
        self.classifier: Classifier = load_classifier("mnist", "a")
        self.runs = runs
        self.on_step = on_step
        self.spec = AttackedSpec(
            dataset="mnist", classifier="a", defense="lq_vae", attack="cw", n=n
        )
        self.model = self._shipped()

    def measure(self) -> tuple[Cause, ...]:
        """Every setting of every cause."""
        return (*self.strength(), *self.noise(), *self.length())

    def strength(self) -> tuple[Cause, ...]:
        """The same attack made larger, and Defense-GAN's settings of it."""
        group, purifier = "Attack strength", LqVaePurifier(self.model)
        found = self._crafted(self.spec)
        rows = [self._cause(group, "as here: the smallest change that fools", purifier, found)]
        for factor in STRETCHES:
            larger = (self.images + factor * (found - self.images)).clamp(0, 1)
            rows.append(
                self._cause(group, f"that change {factor:g} times as large", purifier, larger)
            )
        for rate in (0.1, 10.0):
            settings = {**REPLICA, "learning_rate": rate}
            few = replace(self.spec, parameters=tuple(settings.items()), n=min(self.spec.n, 100))
            title = f"one search with c = 100, 100 steps, learning rate {rate:g}"
            rows.append(self._cause(group, title, purifier, self._crafted(few)))
        return tuple(rows)

    def noise(self) -> tuple[Cause, ...]:
        """The code of the mean against codes with fresh latent noise, as in the authors' script."""
        group, found = "Latent noise", self._crafted(self.spec)
        quiet, noisy = LqVaePurifier(self.model), NoisyLqVaePurifier(self.model)
        return (
            self._cause(group, "none: the code of the mean", quiet, found),
            self._cause(
                group, "fresh noise in both codes, as in the authors' script", noisy, found
            ),
            self._cause(group, "fresh noise in both codes, and no attack", noisy, self.images),
        )

    def length(self) -> tuple[Cause, ...]:
        """The same recipe trained for fewer steps."""
        group, found = "Training length", self._crafted(self.spec)
        shipped = RECIPES["mnist", "lq_vae"].steps
        models = [*zip(LENGTHS, self._trained(), strict=True), (shipped, self.model)]
        return tuple(
            self._cause(group, f"{steps:,} steps", LqVaePurifier(model), found)
            for steps, model in models
        )

    def _cause(
        self, group: str, setting: str, purifier: LqVaePurifier, adversarial: Tensor
    ) -> Cause:
        n = len(adversarial)
        images, labels = self.images[:n], self.labels[:n]
        # Each draw has a seed of its own: the authors' script draws anew for every code.
        first, second, third = (generator_for(self.device, seed) for seed in (1, 2, 3))
        with torch.no_grad():
            clean = self._batched(lambda x: purifier.code(x, generator=first), images)
            attacked = self._batched(lambda x: purifier.code(x, generator=second), adversarial)
            purified = self._batched(lambda x: purifier(x, generator=third), adversarial)
            right = self._batched(self.classifier, purified).argmax(1) == labels
        flips = (clean != attacked).sum(1)
        share = flips / clean.shape[1]
        first_bar = share < FIRST_BAR
        lengths = (adversarial - images).flatten(1).norm(dim=1)
        return Cause(
            group=group,
            setting=setting,
            n=n,
            mean_l2=round(lengths.mean().item(), 3),
            mean_flips=round(flips.float().mean().item(), 2),
            bits=clean.shape[1],
            share_below_6=round((share < FEW).float().mean().item(), 4),
            first_bar_share=round(first_bar.float().mean().item(), 4),
            first_bar_accuracy=round(right[first_bar].float().mean().item(), 4)
            if first_bar.any()
            else None,
            accuracy=round(right.float().mean().item(), 4),
        )

    def _crafted(self, spec: AttackedSpec) -> Tensor:
        images, labels = self.images[: spec.n], self.labels[: spec.n]
        return crafted_images(spec, self.classifier, images, labels, self.on_step)

    @staticmethod
    def _batched(function: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
        return in_batches(function, images, batch_size=250)

    def _shipped(self) -> LqVae:
        model = load_model("mnist", "lq_vae")
        assert isinstance(model, LqVae)
        return model

    def _trained(self) -> tuple[LqVae, ...]:
        """The recipe's weights after each of ``LENGTHS``; a finished training is read again."""
        from safetensors.torch import load_file, save_file

        recipe = replace(RECIPES["mnist", "lq_vae"], steps=max(LENGTHS))
        if recipe.schedule != "staircase":
            raise LabError("only a schedule that does not know its end can be cut short")
        files = {steps: self.runs / f"lq_vae-{steps}.safetensors" for steps in LENGTHS}
        if not all(file.exists() for file in files.values()):
            images, labels = load_dataset("mnist", "train")
            state_file = self.runs / "lq_vae.pt"
            training = Training(recipe, images, labels, device=self.device, state_file=state_file)

            def keep(step: Step) -> None:
                if step.index in files:
                    save_file(training.model.state_dict(), files[step.index])
                if self.on_step is not None:
                    self.on_step(step)

            self.runs.mkdir(parents=True, exist_ok=True)
            training.run(keep)
        models = []
        for file in files.values():
            model = LqVae(**recipe.arguments)
            model.load_state_dict(load_file(file))
            models.append(model.to(self.device).eval().requires_grad_(False))
        return tuple(models)


def causes_file() -> Path:
    """Where the shipped causes lie."""
    return results_folder() / "latent_lab" / "causes.json"


def store_causes(causes: Sequence[Cause]) -> Path:
    """Write causes for the bit-flip page."""
    path = causes_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [asdict(cause) for cause in causes]
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({"causes": rows}, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)
    return path
