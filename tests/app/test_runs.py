"""What the pages that attack many images share: settings, addresses, estimates."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.controls import Menu
from app.runs.choices import NO_DEFENSE, Offer, offer_for
from app.runs.estimate import UNITS, duration_words, units_of
from app.runs.parameters import kept_budget
from app.runs.settings import RunSettings, most_images, purifiers, read_run
from app.runs.words import sentence
from app.state import LinkReader
from core.attacks import ATTACKS
from core.types import LabError

DATASETS = Menu({"mnist": "MNIST", "cifar10": "CIFAR-10"})


def offer(name: str, count: int) -> Offer:
    return Offer(
        name=name,
        classes=tuple("0123456789"),
        image_shape=(1, 28, 28),
        ink_box=20,
        count=count,
        classifiers=Menu({"a": "A", "b": "B"}),
        defenses=Menu(
            {"lq_vae": "LQ-VAE", "bit_depth": "Bits", NO_DEFENSE: "None"},
            {"LQ-VAE, 16 bits": "not trained yet"},
        ),
    )


OFFERS = {"mnist": offer("mnist", 5000), "cifar10": offer("cifar10", 300)}


def read(
    params: dict[str, str], start: RunSettings | None = None
) -> tuple[RunSettings, tuple[str, ...]]:
    reader = LinkReader(params)
    return read_run(reader, DATASETS, OFFERS, start or RunSettings()), reader.finish()


def test_an_empty_address_is_the_start() -> None:
    assert read({}) == (RunSettings(), ())
    other = RunSettings(attack="fgsm", parameters=(("epsilon", 0.1),), n=50)
    assert read({}, other) == (other, ())


@pytest.mark.parametrize(
    "settings",
    [
        RunSettings(),
        RunSettings(classifier="b", defense="bit_depth", attack="fgsm", n=10, seed=7),
        RunSettings(attack="pgd", parameters=(("epsilon", 0.1234), ("steps", 5))),
        RunSettings(dataset="cifar10", attack="noise", n=300),
        *(RunSettings(attack=name) for name in ATTACKS),
    ],
)
def test_a_run_survives_the_way_through_the_address(settings: RunSettings) -> None:
    assert read(settings.params()) == (settings, ())
    assert settings.spec().parameters == settings.parameters


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"n": "0"}, "is below 10; 10 is used"),
        ({"n": "5000"}, "is above 1000; 1000 is used"),
        ({"n": "1000", "dataset": "cifar10"}, "is above 300; 300 is used"),
        ({"n": "50.5"}, "is no whole number"),
        ({"defense": NO_DEFENSE}, "not one of the choices; lq_vae is used"),
        ({"defense": "lq_vae_16"}, "not one of the choices"),
        ({"attack": "fgsm", "epsilon": "9"}, "is above 0.5"),
        ({"attack": "cw", "epsilon": "0.1"}, "`epsilon` is no setting here"),
        ({"seed": "-3"}, "is below 0"),
        ({"dataset": "<b>"}, "not one of the choices; mnist is used"),
    ],
)
def test_odd_addresses_are_mended_and_said(params: dict[str, str], said: str) -> None:
    settings, ignored = read(params)
    assert any(said in one for one in ignored)
    settings.spec()


def test_an_attack_in_the_address_begins_with_its_own_defaults() -> None:
    start = RunSettings(attack="fgsm", parameters=(("epsilon", 0.1),))
    assert read({"attack": "fgsm"}, start)[0].parameters == ()


def test_the_menu_of_purifiers_has_no_bare_classifier_and_keeps_the_reasons() -> None:
    menu = purifiers(OFFERS["mnist"])
    assert list(menu.titles) == ["lq_vae", "bit_depth"]
    assert menu.missing == {"LQ-VAE, 16 bits": "not trained yet"}


def test_a_run_has_no_more_images_than_there_are() -> None:
    assert [most_images(one) for one in OFFERS.values()] == [1000, 300]


@pytest.mark.parametrize(
    ("old", "new", "parameters", "kept"),
    [
        ("pgd", "pgd", {"steps": 3}, {"steps": 3}),
        ("pgd", "fgsm", {"epsilon": 0.1, "steps": 3}, {"epsilon": 0.1}),
        ("pgd", "fgsm", {"epsilon": 0.3, "steps": 3}, {}),
        ("pgd", "pgd_l2", {"epsilon": 0.1}, {}),
        ("pgd", "cw", {"epsilon": 0.1}, {}),
    ],
)
def test_another_attack_keeps_a_budget_of_the_same_norm(
    old: str, new: str, parameters: dict[str, Any], kept: dict[str, Any]
) -> None:
    assert dict(kept_budget(old, new, tuple(sorted(parameters.items())))) == kept


def test_every_attack_has_an_estimate() -> None:
    assert UNITS.keys() == ATTACKS.keys()


def test_the_estimate_grows_with_the_work_and_not_with_the_budget() -> None:
    pgd = RunSettings(attack="pgd")
    more = replace(pgd, parameters=(("steps", 80),))
    most = replace(pgd, parameters=(("restarts", 2), ("steps", 80)))
    stronger = replace(pgd, parameters=(("epsilon", 0.1),))
    assert units_of(pgd) < units_of(more) < units_of(most)
    assert units_of(stronger) == units_of(pgd)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "a time that is not known here"),
        (3.0, "a few seconds"),
        (44.0, "about 40 s"),
        (600.0, "about 10 min"),
        (7200.0, "about 2.0 hours"),
    ],
)
def test_a_length_of_time_in_words(seconds: float | None, words: str) -> None:
    assert duration_words(seconds) == words


def test_an_error_is_said_as_a_sentence() -> None:
    assert sentence(LabError("the file is missing")) == "The file is missing."
    assert sentence(LabError("Run it again.")) == "Run it again."


def test_a_defense_without_a_recipe_names_no_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LQVAE_CHECKPOINTS", str(tmp_path))
    missing = offer_for("fashion_mnist").defenses.missing
    assert "python -m core train lq_vae --dataset fashion_mnist" in missing["LQ-VAE"]
    assert missing["LQ-VAE, 16 bits"] == "there is no recipe to train it on Fashion-MNIST."
