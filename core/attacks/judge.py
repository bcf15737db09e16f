"""``Judge``: how near each image is to breaking the whole system, asked of the system itself."""

from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor

from core.attacks.problem import differentiable, error_of, loss_slope
from core.system import System
from core.types import Classifier


@dataclass(frozen=True, eq=False)
class Verdict:
    """How near some images are to breaking a system.

    Attributes:
        broken: Whether the goal is reached (n,), bool; behind a random defense on most draws.
        score: Grows as an image gets nearer (n,): the margin of the goal in logits, behind a random
            defense first of all the share of draws that reach it.
        sure: Whether every draw reaches the goal (n,), bool.
    """

    broken: Tensor
    score: Tensor
    sure: Tensor


@dataclass(frozen=True, eq=False, kw_only=True)
class Judge:
    """A system, the truth about some images, and what an attacker wants of them.

    Attributes:
        system: What is attacked.
        labels: True classes (n,).
        target: Wanted classes (n,); None for any but the label.
        generator: Draws for a random defense.
    """

    system: System
    labels: Tensor
    target: Tensor | None
    generator: Generator = field(repr=False)

    def only(self, chosen: Tensor) -> "Judge":
        """The same for some of the images, by their indices or a mask."""
        target = None if self.target is None else self.target[chosen]
        return Judge(
            system=self.system,
            labels=self.labels[chosen],
            target=target,
            generator=self.generator,
        )

    def __call__(self, images: Tensor) -> Verdict:
        """Ask the system about images (n, c, h, w)."""
        margins, hits = [], []
        with torch.no_grad():
            for _ in range(self.system.judged_draws):
                logits = self.system.logits(images, self.generator)
                if self.target is None:
                    margins.append(error_of(logits, self.labels, "margin"))
                    hits.append(logits.argmax(1) != self.labels)
                else:
                    margins.append(-error_of(logits, self.target, "margin"))
                    hits.append(logits.argmax(1) == self.target)
        # An answer that is no number is nobody's success.
        margin = torch.stack(margins).nan_to_num(-torch.inf, -torch.inf, -torch.inf).mean(0)
        hit = torch.stack(hits) & torch.stack(margins).isfinite()
        if len(hits) == 1:
            return Verdict(hit[0], margin, hit[0])
        share = hit.float().mean(0)
        # The margin only orders images of the same share.
        return Verdict(share > 0.5, share - 0.5 + 1e-3 * (margin / 10).tanh(), hit.all(0))

    def gradient(
        self, surrogate: Classifier, images: Tensor, loss: str, aim: Tensor | None = None
    ) -> Tensor:
        """Where images (n, c, h, w) have to go to reach the goal, as a surrogate sees it.

        Args:
            surrogate: A differentiable classifier.
            images: For exactly the images judged here.
            loss: One of ``LOSSES``; towards an aim it is the margin to it.
            aim: A class for each image (n,) to go towards; None goes away from the label, or
                towards the target.
        """
        leaf, logits = differentiable(surrogate, images)
        if aim is not None:
            slope = torch.zeros_like(logits).scatter_(1, aim.unsqueeze(1), 1.0)
            slope = slope.scatter_(1, self.labels.unsqueeze(1), -1.0)
        elif self.target is not None:
            slope = -loss_slope(logits.detach(), self.target, loss)
        else:
            slope = loss_slope(logits.detach(), self.labels, loss)
        (gradient,) = torch.autograd.grad(logits, leaf, slope)
        return gradient
