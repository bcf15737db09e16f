"""The parts of ``python -m core latent_lab`` that look at several runs."""

from dataclasses import replace
from pathlib import Path

import pytest
from torch import Tensor

from core import latent_lab_summaries as command
from core.analysis import coarseness as measuring
from core.analysis.coarseness import stored_coarseness
from core.analysis.sanity_file import read_sanity, stored_file
from core.latent_lab_summaries import SUMMARIES
from core.types import LabError
from tests.core.analysis.broken import SPEC, images, labels, pipeline
from tests.fakes import write_checkpoints


@pytest.fixture(autouse=True)
def own_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny images and models instead of the shipped ones, and folders of the test's own."""

    def load(dataset: str, split: str, *, count: int) -> tuple[Tensor, Tensor]:
        return images()[:count], labels()[:count]

    for module in (command, measuring):
        monkeypatch.setattr(module, "load_dataset", load)
        monkeypatch.setattr(module, "load_defense", lambda *_: pipeline().purifier)
    monkeypatch.setattr(command, "load_classifier", lambda *_: pipeline().classifier)
    monkeypatch.setattr(command, "load_pipeline", lambda _: pipeline())
    monkeypatch.setenv("LQVAE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LQVAE_CHECKPOINTS", str(tmp_path))
    monkeypatch.setenv("LQVAE_DEVICE", "cpu")
    write_checkpoints(tmp_path)


def test_codes_are_measured_where_they_are_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "CODES", ("lq_vae_16", "lq_vae"))
    told = list(SUMMARIES["coarseness"](SPEC))
    assert "lq_vae_16 is not trained yet and is left out" in told
    (row,) = stored_coarseness()
    assert (row.defense, row.attack, row.n) == ("lq_vae", "fgsm", SPEC.n)


def test_the_map_needs_a_stored_run() -> None:
    with pytest.raises(LabError, match="latent_lab attacked"):
        list(SUMMARIES["map"](SPEC))


def test_checks_are_told_and_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "DEFAULT", SPEC)
    told = list(SUMMARIES["sanity"](replace(SPEC, attack="cw", n=50)))
    assert told[0] == "holds     Codes hold only −1 and +1: 0 other values"
    assert read_sanity(stored_file(SPEC)).spec == SPEC
