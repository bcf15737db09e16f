"""The searches of a second look while an attack moves the images under them."""

import torch
from torch import Tensor

from core.contrast import contrasted
from core.selective.classifier import GmVaeClassifier
from core.selective.reclassify import RATE, Search
from core.selective.thresholds import reconstruction_errors


class Searches:
    """The searches of some images, from the mean of every class, as they settle step by step.

    Args:
        classifier: Its decoder is searched.
        search: What they go by.
        n: How many images.
    """

    def __init__(self, classifier: GmVaeClassifier, search: Search, n: int) -> None:
        self.classifier, self.search, self.n = classifier, search, n
        model = classifier.model
        self.means = model.means.repeat(n, 1)  # (n k, d), an image's starts together
        with torch.no_grad():
            self.pictures: Tensor = model.decoder(model.means)  # (k, c, h, w), of the means
        self.latents = self.means.clone().requires_grad_()
        self.optimiser = torch.optim.Adam([self.latents], lr=RATE)

    def settle(self, images: Tensor, steps: int) -> None:
        """Let every search take some steps towards images (n, c, h, w) in [0, 1]."""
        k = len(self.pictures)
        wanted = contrasted(images.detach(), self.search.contrast).repeat_interleave(k, 0)
        for _ in range(steps):
            with torch.enable_grad():
                made = self.classifier.model.decoder(self.latents)
                costs = reconstruction_errors(made, wanted) + self._toll(self.latents)
                (self.latents.grad,) = torch.autograd.grad(costs.sum(), self.latents)
            self.optimiser.step()

    def lead(self, images: Tensor, labels: Tensor) -> Tensor:
        """How much nearer the right class comes than the next one, (n,), with a gradient."""
        seen = contrasted(images, self.search.contrast)
        own = self._nearest(seen, labels, right=True)[0]
        return self._nearest(seen, labels, right=False)[0] - own

    def wrong_picture(self, images: Tensor, labels: Tensor) -> Tensor:
        """The nearest decoded picture of another class than the right one, (n, c, h, w)."""
        with torch.no_grad():
            seen = contrasted(images, self.search.contrast)
            return self._nearest(seen, labels, right=False)[1]

    def _nearest(self, seen: Tensor, labels: Tensor, *, right: bool) -> tuple[Tensor, Tensor]:
        """What it costs to come near from the right class, or another, and the picture, (n, ...).

        A search belongs to the class whose mean its latents are nearest to by now. Where all have
        left a class, its mean stands for it: what comes near to that is likely to be called so.
        """
        n, k = self.n, len(self.pictures)
        with torch.no_grad():
            made = self.classifier.model.decoder(self.latents).view(n, k, *seen.shape[1:])
            toll = self._toll(self.latents).view(n, k)
            classes = self.classifier.distances(self.latents).argmin(1).view(n, k)
        costs = (made - seen[:, None]).square().flatten(2).sum(2) + toll
        costs = torch.where((classes == labels[:, None]) == right, costs, torch.inf)
        means = (self.pictures - seen[:, None]).square().flatten(2).sum(2)
        its = torch.arange(k, device=labels.device) == labels[:, None]
        means = torch.where(its == right, means, torch.inf)
        least, place = costs.min(1)
        spare, other = means.min(1)
        gone = least.isinf()
        found = made[torch.arange(n, device=labels.device), place]
        picture = torch.where(gone[:, None, None, None], self.pictures[other], found)
        return torch.where(gone, spare, least), picture

    def _toll(self, latents: Tensor) -> Tensor:
        apart = (latents - self.means).square().sum(1)
        return apart * self.search.prior / self.classifier.statistics.variance
