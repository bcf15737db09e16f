import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from core.analysis import RunSpec, make_triplet, python_snippet
from core.attacks import ATTACKS
from core.types import Classifier, Purifier

LABEL = 2


@pytest.fixture
def core_of_one_image(
    monkeypatch: pytest.MonkeyPatch, classifier: Classifier, purifier: Purifier, image: Tensor
) -> None:
    """``core`` as a snippet sees it, with one image, one classifier and one defense."""
    fake: Any = ModuleType("core")
    fake.__path__ = sys.modules["core"].__path__
    fake.ATTACKS = ATTACKS
    fake.load_dataset = lambda name, split: (image.unsqueeze(0), torch.tensor([LABEL]))
    fake.load_classifier = lambda dataset, name: classifier
    fake.load_defense = lambda dataset, name: purifier
    monkeypatch.setitem(sys.modules, "core", fake)
    monkeypatch.setenv("LQVAE_DEVICE", "cpu")


@pytest.mark.parametrize(
    "changes",
    [
        {"attack": "fgsm", "parameters": (("epsilon", 0.1),)},
        {"attack": "pgd", "parameters": (("steps", 3),), "seed": 5, "target": 1},
        {"attack": "bim", "threat": "adaptive", "surrogate": "smooth"},
        {"attack": "bim", "defense": None},
        {"attack": "fgsm", "index": None, "picture": "ab"},
    ],
    ids=["plain", "targeted", "adaptive", "bare", "own picture"],
)
@pytest.mark.usefixtures("core_of_one_image")
def test_the_snippet_makes_the_same_pictures(
    changes: dict[str, Any],
    classifier: Classifier,
    purifier: Purifier,
    image: Tensor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names: dict[str, Any] = {"dataset": "mnist", "classifier": "a", "defense": "lq_vae", "index": 0}
    spec = RunSpec(**(names | changes))
    behind = purifier if spec.defense else None
    triplet = make_triplet(classifier, behind, image, LABEL, spec)
    np.savez(tmp_path / "attack_lab.npz", original=image.numpy())
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {}
    source = python_snippet(spec, label=LABEL)
    exec(compile(source, "snippet", "exec"), namespace)
    np.testing.assert_allclose(
        namespace["result"].images[0].numpy(), triplet.adversarial.image, atol=1e-6
    )
    if triplet.purified is not None:
        np.testing.assert_allclose(
            namespace["purified"][0].numpy(), triplet.purified.image, atol=1e-6
        )
