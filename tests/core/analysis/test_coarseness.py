"""What codes of different size keep: counted from one run each, stored, read again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

from core.analysis import coarseness as module
from core.analysis.attacked import Attacked
from core.analysis.attacking import make_attacked
from core.analysis.coarseness import (
    Coarseness,
    coarseness_file,
    coarseness_of,
    measure_coarseness,
    store_coarseness,
    stored_coarseness,
)
from core.analysis.sanity import Pipeline
from core.defenses import BitDepth
from core.models.quantizers import UniformQuantizer
from core.types import LabError
from tests.core.analysis.broken import SPEC, images, labels, pipeline

ROW = Coarseness(
    defense="lq_vae",
    attack="cw",
    bits=64,
    bits_per_latent=1,
    n=100,
    mean_squared_error=0.01,
    mean_flips=3.2,
    mean_level_steps=3.3,
    share_flipped=0.05,
    share_flipped_by_noise=0.02,
)


@pytest.fixture(autouse=True)
def own_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Tiny images instead of a data set, and folders of the test's own."""

    def load(dataset: str, split: str, *, count: int) -> tuple[Tensor, Tensor]:
        return images()[:count], labels()[:count]

    monkeypatch.setattr(module, "load_dataset", load)
    monkeypatch.setenv("LQVAE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LQVAE_CHECKPOINTS", str(tmp_path))
    monkeypatch.setenv("LQVAE_DEVICE", "cpu")
    return tmp_path


def attacked(subject: Pipeline) -> Attacked:
    return make_attacked(
        SPEC, subject.classifier, subject.purifier, images()[: SPEC.n], labels()[: SPEC.n]
    )


def test_flips_and_errors_are_counted() -> None:
    subject = pipeline()
    run = attacked(subject)
    assert run.bits is not None
    row = coarseness_of(run, subject.purifier)
    differing = int((run.bits["clean"] != run.bits["adversarial"]).sum())
    assert differing > 0
    assert row.mean_flips == pytest.approx(differing / SPEC.n, abs=1e-4)
    assert row.share_flipped == pytest.approx(differing / (6 * SPEC.n), abs=1e-6)
    assert (row.bits, row.bits_per_latent, row.n) == (6, 1, SPEC.n)
    clean = images()[: SPEC.n]
    error = (subject.purifier(clean) - clean).square().mean().item()
    assert row.mean_squared_error == pytest.approx(error, abs=1e-6)


def test_steps_tell_a_far_jump_from_a_near_one() -> None:
    run = attacked(pipeline())
    assert run.latents is not None
    levels = UniformQuantizer(bits_each=2)
    moved = {role: np.zeros((SPEC.n, 3), np.float32) - 0.2 for role in run.latents}
    moved["adversarial"] = moved["adversarial"] + np.float32(0.4)  # from the lowest to the highest
    bits = {role: np.full((SPEC.n, 6), -1, np.int8) for role in run.latents}
    bits["adversarial"][:, ::2] = 1  # their Gray codes differ in one bit
    far = replace(
        run,
        latents=moved,
        bits=bits,
        bits_per_latent=2,
        walls=levels.walls,
        codewords=levels.codewords,
    )
    row = coarseness_of(far, pipeline().purifier)
    assert (row.mean_flips, row.mean_level_steps, row.bits) == (3, 9, 6)


def test_every_defense_is_measured_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = pipeline()
    run = attacked(subject)
    monkeypatch.setattr(module, "load_defense", lambda dataset, name: subject.purifier)
    rows = measure_coarseness(
        "mnist",
        ("lq_vae_16", "lq_vae"),
        lambda name: replace(run, spec=replace(SPEC, defense=name)),
    )
    assert [row.defense for row in rows] == ["lq_vae_16", "lq_vae"]


def test_a_purifier_without_a_code_is_refused() -> None:
    run = attacked(replace(pipeline(), purifier=BitDepth(bits=1)))
    with pytest.raises(ValueError, match="code"):
        coarseness_of(run, BitDepth(bits=1))


def test_stored_rows_come_back_or_say_that_they_are_damaged() -> None:
    assert stored_coarseness() == ()
    rows = (ROW, replace(ROW, defense="lq_vae_16", bits=16))
    store_coarseness(rows)
    assert stored_coarseness() == rows
    for damage in (
        '"bits": 64|"bits": 0',
        '"share_flipped": 0.05|"share_flipped": 5',
        "codes|code",
    ):
        store_coarseness(rows)
        old, new = damage.split("|")
        text = coarseness_file().read_text()
        assert old in text
        coarseness_file().write_text(text.replace(old, new))
        with pytest.raises(LabError, match=r"coarseness\.json is missing or damaged"):
            stored_coarseness()
