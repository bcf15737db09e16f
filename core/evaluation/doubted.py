"""An evaluation that is to be doubted, and who of its images falls to something else.

Behind a random defence an attack is judged by few draws, try after try, and luck in one of them is
enough. That is in the attacker's favour; but who falls to another attack by luck is no reason to
doubt the first, so here they are confirmed by more draws.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor

from core.attacks import Attack
from core.evaluation.threats import (
    BARE,
    attack_adaptively,
    defended,
    judged_draws,
    share_of_errors,
    views_of,
)
from core.types import Classifier, OnStep, Purifier

CONFIRMING = 64
"""Further draws of a random defence that confirm who fell."""


@dataclass(frozen=True, kw_only=True)
class Doubted:
    """An adaptive evaluation that is to be doubted.

    Attributes:
        attack: What was run.
        classifier: The bare classifier.
        purifier: The defence in front of it, or None.
        images: The clean images (n, c, h, w).
        labels: Their labels (n,).
        fooled: Which of them the attack broke, bool (n,).
        surrogates: The views it went through; None for all.
        draws: Draws of a random defence it averaged.
        linf: Mean Linf size of its changes, the budget to compare an attack with that has none.
    """

    attack: Attack
    classifier: Classifier
    purifier: Purifier | None
    images: Tensor
    labels: Tensor
    fooled: Tensor
    surrogates: tuple[str, ...] | None = None
    draws: int = 1
    linf: float | None = None

    def first(self, count: int) -> "Doubted":
        """The same for the first images."""
        return replace(
            self,
            images=self.images[:count],
            labels=self.labels[:count],
            fooled=self.fooled[:count],
        )

    @property
    def epsilon(self) -> float | None:
        """The Linf budget; None for other norms, which skips the checks that need one."""
        return self.attack.epsilon if self.attack.norm == "linf" else None

    def pipeline(self, generator: Generator) -> Classifier:
        """The defended classifier."""
        return defended(self.classifier, self.purifier, generator)

    def broken(self, images: Tensor, generator: Generator) -> Tensor:
        """Whether the defended classifier errs on some images; on most draws, if it draws."""
        pipeline, draws = self.pipeline(generator), judged_draws(self.purifier)
        fell = share_of_errors(pipeline, images, self.labels, draws) > 0.5
        return self._confirmed(fell, images, generator)

    def _confirmed(self, fell: Tensor, images: Tensor, generator: Generator) -> Tensor:
        """Who of them still errs on most of many draws, if the defence draws at all."""
        which = fell.nonzero()[:, 0]
        if self.purifier is None or not self.purifier.random or not len(which):
            return fell
        pipeline, labels = self.pipeline(generator), self.labels[which]
        confirmed = torch.zeros_like(fell)
        confirmed[which] = share_of_errors(pipeline, images[which], labels, CONFIRMING) > 0.5
        return confirmed

    def views(self, generator: Generator) -> Mapping[str, Classifier]:
        """Everything an attacker could have attacked, whatever this one did."""
        if self.purifier is None:
            return {BARE: self.classifier}
        return views_of(self.classifier, self.purifier, generator, draws=self.draws)

    def again(self, attack: Attack, generator: Generator, on_step: OnStep | None) -> Tensor:
        """Who falls to another attack run in the same way, bool (n,)."""
        if self.purifier is None:
            result = attack(
                self.classifier, self.images, self.labels, generator=generator, on_step=on_step
            )
            return self.broken(result.images, generator)
        found = attack_adaptively(
            attack,
            self.classifier,
            self.purifier,
            self.images,
            self.labels,
            generator=generator,
            surrogates=self.surrogates,
            draws=self.draws,
            on_step=on_step,
        )
        return self._confirmed(found.fooled, found.images, generator)
