"""Small stand-ins for what the shipped folders hold."""

import hashlib
import json
from pathlib import Path
from typing import Any

from torch import full

from core.evaluation import Accuracy
from core.evaluation.showcase_file import (
    Example,
    Panel,
    Showcase,
    ShowcaseSpecification,
    write_showcase,
)
from core.images import to_png

CLASSES = tuple("0123456789")
FIGURES = {
    "clean": Accuracy(correct=50, n=50),
    "adversarial": Accuracy(correct=0, n=50),
    "purified": Accuracy(correct=47, n=50),
    "clean_purified": Accuracy(correct=49, n=50),
}


def panel(prediction: int, confidence: float = 0.91) -> Panel:
    """A grey picture that is classified so."""
    rest = (1 - confidence) / (len(CLASSES) - 1)
    probabilities = [rest] * len(CLASSES)
    probabilities[prediction] = confidence
    return Panel(to_png(full((1, 28, 28), 0.5)), tuple(probabilities))


def example(label: int, wrong: int, *, repaired: bool = True) -> Example:
    """An image that is fooled, and repaired or not."""
    return Example(
        index=10 * label,
        label=label,
        clean=panel(label),
        adversarial=panel(wrong),
        purified=panel(label if repaired else wrong),
    )


def showcase() -> Showcase:
    """Two repaired examples and one that is not."""
    return Showcase(
        specification=ShowcaseSpecification(n=50, shown=3),
        classes=CLASSES,
        examples=(example(7, 3), example(4, 9), example(5, 6, repaired=False)),
        figures=FIGURES,
        hashes={"a": "ab" * 32, "lq_vae_plus": "cd" * 32},
        created="2025-01-01T00:00:00+00:00",
    )


def write_checkpoints(folder: Path, **broken: str) -> None:
    """A checkpoint folder with a showcase and the rows ``a`` and ``lq_vae``.

    Args:
        folder: Where to write.
        broken: By name, ``missing`` or ``truncated``; the others have the promised size, but no
            weights in them.
    """
    rows = []
    for name, model in (("a", "a"), ("lq_vae", "lq_vae")):
        content = name.encode() * 100
        rows.append(manifest_row(name, model, content))
        if broken.get(name) == "truncated":
            content = content[:10]
        if broken.get(name) != "missing":
            (folder / f"mnist-{name}.safetensors").write_bytes(content)
    (folder / "manifest.json").write_text(json.dumps({"checkpoints": rows}))
    write_showcase(showcase(), folder / "results" / "showcase.json")


def manifest_row(name: str, model: str, content: bytes) -> dict[str, Any]:
    """A row of the manifest."""
    accuracy = Accuracy(correct=992, n=1000).as_dict()
    figures: dict[str, Any] = {"split": "test", "n": 1000}
    if model == "lq_vae":
        figures |= {"bits": 64, "dead_bits": 2, "mean_squared_error": 0.0123}
        figures |= {"clean_accuracy": {"a": accuracy}}
    else:
        figures |= {"accuracy": accuracy}
    return {
        "dataset": "mnist",
        "name": name,
        "model": model,
        "file": f"mnist-{name}.safetensors",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "training": {
            "recipe": {"steps": 2000, "batch_size": 64, "seed": 3},
            "images": 55000,
            "seconds": 120,
            "device": "cpu",
        },
        "figures": figures,
    }
