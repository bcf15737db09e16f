"""An evaluation that is to be examined, and who of its images falls to something else.

Behind a random defense an attack is judged by few draws, try after try, and luck in one of them is
enough. That is in the attacker's favour; but who falls to another attack by luck is no reason to
distrust the first, so here they are confirmed by more draws.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor

from core.attacks import Attack
from core.attacks.adaptive import attack_adaptively
from core.system import System
from core.types import Classifier, OnStep, Purifier

CONFIRMING = 64
"""Further draws of a random defense that confirm who fell."""


@dataclass(frozen=True, kw_only=True)
class Examined:
    """An adaptive evaluation that is to be examined.

    Attributes:
        attack: What was run.
        classifier: The bare classifier.
        purifier: The defense in front of it, or None.
        images: The clean images (n, c, h, w).
        labels: Their labels (n,).
        fooled: Which of them the attack broke, bool (n,).
        surrogates: The views it went through; None for all.
        draws: Draws of a random defense it averaged.
        mean: Mean size of its changes in its own norm: what to compare an attack with that has no
            budget.
    """

    attack: Attack
    classifier: Classifier
    purifier: Purifier | None
    images: Tensor
    labels: Tensor
    fooled: Tensor
    surrogates: tuple[str, ...] | None = None
    draws: int = 1
    mean: float | None = None

    def first(self, count: int) -> "Examined":
        """The same for the first images."""
        return replace(
            self,
            images=self.images[:count],
            labels=self.labels[:count],
            fooled=self.fooled[:count],
        )

    @property
    def size(self) -> float | None:
        """The budget, or the mean size of an attack without one; None where pixels are counted."""
        if self.attack.norm == "l0":
            return None
        return self.mean if self.attack.epsilon is None else self.attack.epsilon

    def pipeline(self, generator: Generator) -> Classifier:
        """The defended classifier."""
        return self.system.as_classifier(generator)

    @property
    def system(self) -> System:
        """Classifier and purifier as one."""
        return System(self.classifier, self.purifier)

    def broken(self, images: Tensor, generator: Generator) -> Tensor:
        """Whether the defended classifier errs on some images; on most draws, if it draws."""
        fell = self.system.share_of_errors(images, self.labels, generator) > 0.5
        return self._confirmed(fell, images, generator)

    def _confirmed(self, fell: Tensor, images: Tensor, generator: Generator) -> Tensor:
        """Who of them still errs on most of many draws, if the defense draws at all."""
        which = fell.nonzero()[:, 0]
        if not self.system.random or not len(which):
            return fell
        share = self.system.share_of_errors(
            images[which], self.labels[which], generator, draws=CONFIRMING
        )
        confirmed = torch.zeros_like(fell)
        confirmed[which] = share > 0.5
        return confirmed

    def views(self, generator: Generator) -> Mapping[str, Classifier]:
        """Everything an attacker could have attacked, whatever this one did."""
        return self.system.surrogates(generator, draws=self.draws)

    def again(self, attack: Attack, generator: Generator, on_step: OnStep | None) -> Tensor:
        """Who falls to another attack run in the same way, bool (n,)."""
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
