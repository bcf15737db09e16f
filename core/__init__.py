"""LQ-VAE Lab's core: attacks, purifiers and what is needed to measure them.

The names below load on first use, so that ``import core`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.attacks import ATTACKS
    from core.checkpoints import load_classifier
    from core.data import DATASETS, load_dataset
    from core.defenses import DEFENSES, load_defense
    from core.evaluation import Specification, evaluate
    from core.models import MODELS
    from core.selective import load_selective

_HOMES = {
    "ATTACKS": "core.attacks",
    "DATASETS": "core.data",
    "DEFENSES": "core.defenses",
    "MODELS": "core.models",
    "Specification": "core.evaluation",
    "evaluate": "core.evaluation",
    "load_classifier": "core.checkpoints",
    "load_dataset": "core.data",
    "load_defense": "core.defenses",
    "load_selective": "core.selective",
}

__all__ = [
    "ATTACKS",
    "DATASETS",
    "DEFENSES",
    "MODELS",
    "Specification",
    "evaluate",
    "load_classifier",
    "load_dataset",
    "load_defense",
    "load_selective",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  a module attribute can be anything
    if name not in _HOMES:
        raise AttributeError(f"module 'core' has no attribute {name!r}; it has {sorted(_HOMES)}")
    return getattr(import_module(_HOMES[name]), name)
