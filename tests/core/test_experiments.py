from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core import experiments
from core.experiments import Causes, store_causes
from core.models.lq_vae import LqVae
from core.training import RECIPES


@pytest.fixture
def causes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Causes:
    """The real models on twenty images under a quick attack."""
    monkeypatch.setenv("LQVAE_CACHE", str(tmp_path / "cache"))
    found = Causes(20, tmp_path / "runs")
    found.spec = replace(found.spec, attack="fgsm", parameters=(("epsilon", 0.1),))
    return found


def test_noise_flips_bits_without_any_attack(causes: Causes) -> None:
    quiet, noisy, floor = causes.noise()
    assert quiet.bits == 64
    assert floor.mean_l2 == 0
    assert 0 < floor.mean_flips <= noisy.mean_flips
    assert quiet.mean_flips < noisy.mean_flips, "the code of the mean is quieter"
    assert 0 <= quiet.first_bar_share <= quiet.share_below_6 <= 1


def test_a_larger_change_flips_more_bits(causes: Causes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiments, "REPLICA", {"searches": 1, "steps": 1, "initial_c": 100.0})
    causes.spec = replace(causes.spec, attack="cw", parameters=(("searches", 1), ("steps", 20)))
    rows = causes.strength()
    stretched = rows[: 1 + len(experiments.STRETCHES)]
    lengths = [row.mean_l2 for row in stretched]
    assert lengths == sorted(lengths)
    assert stretched[0].mean_flips < stretched[-1].mean_flips
    assert len(rows) == len(stretched) + 2


def test_lengths_come_from_one_training(causes: Causes, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = replace(
        RECIPES["mnist", "lq_vae"],
        arguments={"latent_size": 8, "widths": [2, 2], "hidden": 8},
        batch_size=4,
    )
    monkeypatch.setattr(experiments, "RECIPES", {("mnist", "lq_vae"): recipe})
    monkeypatch.setattr(experiments, "LENGTHS", (50, 100))

    def few(*_: object, **__: object) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.rand(8, 1, 28, 28), torch.zeros(8, dtype=torch.int64)

    monkeypatch.setattr(experiments, "load_dataset", few)
    causes.model = LqVae(**recipe.arguments).eval()
    rows = causes.length()
    assert [row.setting for row in rows] == ["50 steps", "100 steps", "20,000 steps"]
    assert {row.bits for row in rows} == {8}
    short, longer = causes._trained()
    weights = (model.mean_head.weight for model in (short, longer))
    assert not torch.equal(*weights), "each length has weights of its own"


def test_causes_are_stored_as_plain_rows(causes: Causes, checkpoint_copy: Path) -> None:
    path = store_causes(causes.noise())
    assert path == checkpoint_copy / "results" / "latent_lab" / "causes.json"
    assert '"group": "Latent noise"' in path.read_text()
