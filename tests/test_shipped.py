"""The shipped checkpoints do on the bundled images what the dashboard says they do."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from core import load_classifier, load_dataset, load_defense, load_selective
from core.attacks import make_attack
from core.attacks.adaptive import attack_adaptively
from core.checkpoints import (
    LARGEST_FILE,
    checkpoint_folder,
    checkpoint_rows,
    find_row,
    load_model,
    verify_checkpoint,
)
from core.data import dataset_state
from core.defenses import DEFENSES, CodedPurifier
from core.evaluation import SUITES, stored_results
from core.evaluation.results import is_outdated
from core.evaluation.selected import Selected
from core.measuring import SEARCHED
from core.models.gan import Gan
from core.models.lq_vae import LqVae
from core.system import defended
from core.training import RECIPES

COUNT = 200
SHIPPED = ("mnist", "fashion_mnist")
"""Data sets with tables of the papers."""

TRAINED = {"mnist": 55_000, "fashion_mnist": 54_000, "cifar10": 27_000}
"""Training images of all data sets with checkpoints."""

ELSEWHERE = ("celeba", "svhn", "coil100")
"""Data sets whose checkpoints are for those who have the images."""

TESTED = {"mnist": 10_000, "fashion_mnist": 10_000, "cifar10": 1_000}


@pytest.fixture(scope="module")
def digits() -> tuple[Tensor, Tensor]:
    return load_dataset("mnist", "validation", count=COUNT)


def accuracy(logits: Tensor, labels: Tensor) -> float:
    return (logits.argmax(1) == labels).float().mean().item()


def test_all_is_sound_and_small_enough() -> None:
    rows = checkpoint_rows()
    names = {(row.dataset, row.name) for row in rows}
    assert names == {key for key in RECIPES if key[0] not in ELSEWHERE}
    assert [verify_checkpoint(row) for row in rows] == [None] * len(rows)
    assert max(row.size for row in rows) <= LARGEST_FILE
    files = [file for file in checkpoint_folder().rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) <= 100e6
    weights = {file.name for file in files if file.suffix == ".safetensors"}
    assert weights == {row.file for row in rows}, "no file without a row"


def test_every_row_says_how_it_was_made_and_measured() -> None:
    for row in checkpoint_rows():
        recipe = json.loads(json.dumps(RECIPES[row.dataset, row.name].as_dict()))
        assert row.training["recipe"] == recipe
        assert row.training["images"] == TRAINED[row.dataset]
        searched = isinstance(load_model(row.dataset, row.name), Gan)
        assert row.figures["n"] == (SEARCHED if searched else TESTED[row.dataset])
        assert row.figures["split"] == "test"
        assert row.note


@pytest.mark.parametrize(
    ("dataset", "name", "least"),
    [
        *(("mnist", name, least) for name, least in (("a", 0.991), ("b", 0.991), ("c", 0.981))),
        # The slides have 92.76, 91.17 and 89.06: B is half a point below, though trained as long.
        *(
            ("fashion_mnist", name, least)
            for name, least in (("a", 0.9276), ("b", 0.905), ("c", 0.8906))
        ),
        ("cifar10", "resnet", 0.88),
    ],
)
def test_classifiers_reach_their_papers(dataset: str, name: str, least: float) -> None:
    row = find_row(dataset, name)
    assert row.figures["accuracy"]["value"] >= least


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_the_stored_accuracy_is_that_of_the_stored_weights(
    name: str, digits: tuple[Tensor, Tensor]
) -> None:
    images, labels = digits
    right = accuracy(load_classifier("mnist", name)(images), labels)
    low = find_row("mnist", name).figures["accuracy"]["low"]
    assert right >= low - 0.02


@pytest.mark.parametrize("name", ["lq_vae", "lq_vae_plus"])
def test_the_code_is_alive(name: str, digits: tuple[Tensor, Tensor]) -> None:
    purifier = load_defense("mnist", name)
    assert isinstance(purifier, CodedPurifier)
    with torch.no_grad():
        plus = (purifier.code(digits[0]) > 0).float().mean(0)
    assert 0.1 < plus.mean() < 0.9
    assert ((plus > 0.01) & (plus < 0.99)).float().mean() > 0.9, "hardly a bit is constant"


def test_a_digit_is_fooled_purified_and_right_again(digits: tuple[Tensor, Tensor]) -> None:
    images, labels = digits
    classifier = load_classifier("mnist", "a")
    purifier = load_defense("mnist", "lq_vae_plus")
    result = make_attack("pgd", epsilon=0.2, steps=20)(classifier, images, labels)
    assert result.success.float().mean() > 0.8
    with torch.no_grad():
        assert accuracy(classifier(purifier(images)), labels) > 0.95
        assert accuracy(classifier(purifier(result.images)), labels) > 0.85


def test_random_noise_of_the_same_norm_fools_hardly_anything(
    digits: tuple[Tensor, Tensor],
) -> None:
    images, labels = digits
    classifier = load_classifier("mnist", "a")
    assert (
        make_attack("noise", epsilon=0.2)(classifier, images, labels).success.float().mean() < 0.1
    )


def test_who_sees_the_defense_breaks_more(digits: tuple[Tensor, Tensor]) -> None:
    images, labels = digits[0][:40], digits[1][:40]
    classifier = load_classifier("mnist", "a")
    purifier = load_defense("mnist", "lq_vae")
    attack = make_attack("pgd", epsilon=0.2, steps=15)
    generator = torch.Generator().manual_seed(0)
    oblivious = attack(classifier, images, labels, generator=generator)
    with torch.no_grad():
        pipeline = defended(classifier, purifier)
        survived = accuracy(pipeline(oblivious.images), labels)
    broken = attack_adaptively(attack, classifier, purifier, images, labels, generator=generator)
    assert 1 - broken.fooled.float().mean().item() < survived


def test_the_noisy_path_shares_the_weights() -> None:
    assert DEFENSES["lq_vae_noisy"].checkpoint == DEFENSES["lq_vae"].checkpoint == "lq_vae"
    model = load_model("mnist", "lq_vae")
    assert isinstance(model, LqVae)
    assert model.latent_size == 64, "the paper's 64 bits"


@pytest.mark.parametrize("name", ["fgsm", "pgd", "pgd_l2", "deepfool"])
def test_eight_threads_on_one_model_get_what_one_gets(
    name: str, digits: tuple[Tensor, Tensor]
) -> None:
    images, labels = digits[0][:3], digits[1][:3]
    classifier = load_classifier("mnist", "b")
    purifier = load_defense("mnist", "lq_vae_plus")
    attack = make_attack(name, **({"steps": 4} if name.startswith("pgd") else {}))

    def work(seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        result = attack(classifier, images, labels, generator=generator)
        with torch.no_grad():
            return torch.stack([result.images, purifier(result.images)])

    serial = [work(seed) for seed in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert all(map(torch.equal, serial, pool.map(work, range(8))))


WAITING = {
    (dataset, suite)
    for dataset in SHIPPED
    for suite in (
        *("white-box", "black-box", "adaptive", "curves", "convergence", "searching"),
        *("search-time", "robust", "levels", "attenuation"),
    )
} | {("fashion_mnist", "bpda"), ("mnist", "coarseness"), ("mnist", "distortion")}
"""Suites that have cells on earlier weights: these say so wherever they are shown, and the list
only ever gets shorter."""

PARTLY = {(dataset, "headline") for dataset in SHIPPED}
"""Suites of which some cells are not measured yet."""


def test_stored_results_say_when_they_are_of_earlier_weights() -> None:
    stored = {
        (dataset, suite): stored_results(f"{dataset}-{suite}")
        for dataset in SHIPPED
        for suite in (*SUITES, "break")
    }
    for dataset in SHIPPED:
        assert stored[dataset, "headline"]
        assert stored[dataset, "white-box"]
    waiting = set()
    for (dataset, suite), evaluations in stored.items():
        for evaluation in evaluations:
            old = [
                checkpoint
                for checkpoint, sha256 in evaluation.hashes.items()
                if find_row(dataset, checkpoint).sha256 != sha256
            ]
            assert bool(old) == is_outdated(evaluation), (dataset, suite, old)
            if old:
                waiting.add((dataset, suite))
    assert waiting == WAITING


@pytest.mark.parametrize("dataset", SHIPPED)
def test_stored_suites_are_what_the_command_measures(dataset: str) -> None:
    for suite, cells in SUITES.items():
        stored = [evaluation.specification for evaluation in stored_results(f"{dataset}-{suite}")]
        wanted = list(cells(dataset))
        if (dataset, suite) in PARTLY:
            wanted = [specification for specification in wanted if specification in stored]
        assert not stored or stored == wanted, suite


def test_manifest_and_tables_agree_to_the_image() -> None:
    for dataset in SHIPPED:
        for evaluation in stored_results(f"{dataset}-clean"):
            spec = evaluation.specification
            accuracy = find_row(dataset, spec.classifier).figures["accuracy"]
            assert evaluation.clean.correct == accuracy["correct"], spec
            if spec.defense in ("lq_vae", "lq_vae_plus"):
                known = find_row(dataset, spec.defense).figures["clean_accuracy"]
                assert evaluation.clean_defended is not None
                assert evaluation.clean_defended.correct == known[spec.classifier]["correct"], spec


def test_clothes_are_fooled_and_purified() -> None:
    """On images that were in no training; they are not bundled, so they may be missing."""
    if "validation" not in dataset_state("fashion_mnist").readable:
        pytest.skip("Fashion-MNIST is not on this machine: python -m core data fetch fashion_mnist")
    images, labels = load_dataset("fashion_mnist", "validation", count=COUNT)
    classifier = load_classifier("fashion_mnist", "a")
    attack = make_attack("deepfool")
    result = attack(classifier, images[:60], labels[:60])
    assert accuracy(classifier(images), labels) > 0.88
    assert result.success.float().mean() > 0.95
    for name in ("lq_vae", "lq_vae_plus"):
        purifier = load_defense("fashion_mnist", name)
        with torch.no_grad():
            assert accuracy(classifier(purifier(images)), labels) > 0.7
            assert accuracy(classifier(purifier(result.images)), labels[:60]) > 0.65


@pytest.mark.parametrize(
    ("name", "least"), [("gm_vae", 0.993), ("gm_vae_semi", 0.985), ("gm_vae_variable", 0.985)]
)
def test_mixtures_reach_their_paper(name: str, least: float, digits: tuple[Tensor, Tensor]) -> None:
    images, labels = digits
    figures = find_row("mnist", name).figures
    assert figures["accuracy"]["value"] >= least
    selected = Selected.from_dict(figures["selected"])
    assert selected.error.value <= 0.005
    found = load_selective("mnist", name)(images)
    assert found.accepted.float().mean() >= selected.accuracy.value - 0.03
    assert accuracy(found.logits[found.accepted], labels[found.accepted]) >= 0.99
    noise = load_selective("mnist", name)(torch.rand(images.shape))
    assert not noise.accepted.any(), "rubbish is rejected"
