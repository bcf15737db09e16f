"""The paper's own attacks on encoder, decoder and both limits of a Gaussian-mixture VAE at once.

Ghosh, Losalka & Black (2019, arXiv 1806.00081): Eq. 10, from an image to a class, with the inverse
of the covariance that its print leaves out; and Eq. 11, from noise to a class.
"""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from core.selective.classifier import GmVaeClassifier, Judgement
from core.types import OnStep, Step
from core.validation import check_classes


@dataclass(frozen=True, eq=False)
class JointResult:
    """What an attack on a selective classifier came to.

    Attributes:
        images: (n, c, h, w) in [0, 1].
        judgement: What the classifier finds out about them.
        success: Accepted as a class that is wrong, or wanted, (n,), bool.
    """

    images: Tensor
    judgement: Judgement
    success: Tensor


@dataclass(frozen=True, kw_only=True)
class PaperJoint:
    """Eq. 10 and 11 by Adam, in [0, 1].

    The image kept is the one with the least change among those that are accepted as the target,
    else the last.

    Attributes:
        a: Exponent of the reconstruction error over its limit, above 1.
        b: Exponent of the squared distance to the target's mean over its limit, above 1.
        steps: Steps of Adam, at least 1.
        rate: Its step size, in pixel values.

    Raises:
        ValueError: A number is out of its range.
    """

    a: float = 2.0
    b: float = 2.0
    steps: int = 300
    rate: float = 0.01

    def __post_init__(self) -> None:
        if self.a <= 1 or self.b <= 1:
            raise ValueError(f"a and b must be above 1, got {self.a} and {self.b}")
        if self.steps < 1 or self.rate <= 0:
            raise ValueError(
                f"steps must be at least 1 and rate above 0, got {self.steps} and {self.rate}"
            )

    def change(
        self,
        classifier: GmVaeClassifier,
        images: Tensor,
        labels: Tensor,
        targets: Tensor,
        *,
        on_step: OnStep | None = None,
    ) -> JointResult:
        """Eq. 10: from images towards target classes, by a small change; success is any error.

        Args:
            classifier: Its limits are the ones to get below.
            images: (n, c, h, w) in [0, 1].
            labels: True classes (n,).
            targets: Wanted classes (n,), none equal to its label.
            on_step: Progress; may raise ``Cancelled``.

        Raises:
            ValueError: An argument is not of that shape or range.
        """
        classes = classifier.model.classes
        check_classes("labels", labels, images, classes)
        check_classes("targets", targets, images, classes)
        if bool((labels == targets).any()):
            raise ValueError("a target must differ from the label of its image")
        return self._found(classifier, images, images, targets, labels, on_step)

    def fool(
        self,
        classifier: GmVaeClassifier,
        targets: Tensor,
        *,
        generator: Generator,
        on_step: OnStep | None = None,
    ) -> JointResult:
        """Eq. 11: from uniform noise to what is accepted as each of these classes (n,).

        Args:
            classifier: Its limits are the ones to get below.
            targets: Wanted classes (n,), int64.
            generator: Draws the noise, on the targets' device.
            on_step: Progress; may raise ``Cancelled``.

        Raises:
            ValueError: A target is no class.
        """
        shape = (len(targets), *classifier.model.image_shape)
        noise = torch.rand(shape, generator=generator, device=targets.device)
        check_classes("targets", targets, noise, classifier.model.classes)
        return self._found(classifier, noise, None, targets, None, on_step)

    def _found(
        self,
        classifier: GmVaeClassifier,
        start: Tensor,
        clean: Tensor | None,
        targets: Tensor,
        labels: Tensor | None,
        on_step: OnStep | None,
    ) -> JointResult:
        classifier.check(start)
        limits = classifier.thresholds
        if not limits.latent or not limits.output:
            raise ValueError("these attacks divide by both thresholds; neither may be 0")
        images = start.detach().clone().requires_grad_()
        optimiser = torch.optim.Adam([images], lr=self.rate)
        kept, least = start.clone(), torch.full_like(start[:, 0, 0, 0], torch.inf)
        for step in range(1, self.steps + 2):
            with torch.enable_grad():
                distances, errors = classifier.measure(images)
                own = distances.gather(1, targets[:, None]).squeeze(1)
                loss = (errors / limits.output) ** self.a + (own / limits.latent) ** self.b
                if clean is not None:
                    loss = loss + (images - clean).square().flatten(1).sum(1)
                # The logarithm has the same minimum, and no steep start that Adam remembers.
                (images.grad,) = torch.autograd.grad(loss.clamp_min(1e-12).log().sum(), images)
            reached = (distances.argmin(1) == targets) & (own <= limits.latent)
            better = reached & (errors <= limits.output) & (loss < least)
            least = torch.where(better, loss, least).detach()
            kept = torch.where(better[:, None, None, None], images, kept).detach()
            if step > self.steps:
                break
            optimiser.step()
            with torch.no_grad():
                images.clamp_(0, 1)
            if on_step is not None:
                on_step(
                    Step(index=step, of=self.steps, values={"loss": float(loss.detach().mean())})
                )
        found = torch.where(least.isinf()[:, None, None, None], images.detach(), kept)
        with torch.no_grad():
            judgement = classifier.judge(found)
        hit = judgement.classes == targets if labels is None else judgement.classes != labels
        return JointResult(found, judgement, judgement.accepted & hit)
