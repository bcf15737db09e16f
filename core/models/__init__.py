"""``MODELS``: every architecture a checkpoint can name."""

from collections.abc import Mapping

from torch import nn

from core.models.classifiers import (
    ClassifierA,
    ClassifierB,
    ClassifierC,
    ClassifierD,
    ClassifierE,
    ClassifierF,
)
from core.models.gan import Gan
from core.models.gm_vae import GmVae
from core.models.hierarchical_vae import HierarchicalVae
from core.models.lq_vae import LqVae
from core.models.resnet import ResNet
from core.models.vae import Vae

MODELS: Mapping[str, type[nn.Module]] = {
    "a": ClassifierA,
    "b": ClassifierB,
    "c": ClassifierC,
    "d": ClassifierD,
    "e": ClassifierE,
    "f": ClassifierF,
    "resnet": ResNet,
    "lq_vae": LqVae,
    "vae": Vae,
    "gan": Gan,
    "hierarchical_vae": HierarchicalVae,
    "gm_vae": GmVae,
}


MIXTURES = {
    "gm_vae": "GM-VAE",
    "gm_vae_semi": "GM-VAE, few labels",
    "gm_vae_variable": "GM-VAE, variable entropy",
}


def classifier_title(name: str) -> str:
    """A classifier as the screen calls it: ``A``, ``ResNet``, ``A, PGD-trained`` for ``a_pgd``."""
    if name in MIXTURES:
        return MIXTURES[name]
    base, _, attack = name.partition("_")
    title = {"resnet": "ResNet"}.get(base, base.upper())
    return f"{title}, {attack.upper()}-trained" if attack else title
