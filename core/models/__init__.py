"""``MODELS``: every architecture a checkpoint can name."""

from collections.abc import Mapping

from torch import nn

from core.models.classifiers import ClassifierA, ClassifierB, ClassifierC
from core.models.lq_vae import LqVae

MODELS: Mapping[str, type[nn.Module]] = {
    "a": ClassifierA,
    "b": ClassifierB,
    "c": ClassifierC,
    "lq_vae": LqVae,
}
