"""A linear classifier that can be attacked."""

import pytest
import torch
from torch import Tensor

from core.types import Classifier


@pytest.fixture
def classifier(images: Tensor) -> Classifier:
    """Logit of class k: how much of image k's pattern there is; right on every clean image."""
    patterns = images[:4].flatten(1) - images[:4].flatten(1).mean(1, keepdim=True)

    def logits(batch: Tensor) -> Tensor:
        return batch.flatten(1) @ patterns.T

    return logits


@pytest.fixture
def four(images: Tensor) -> tuple[Tensor, Tensor]:
    return images[:4], torch.arange(4)
