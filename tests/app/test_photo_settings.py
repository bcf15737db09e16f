"""The settings of pictures of any size without their page: menus and address."""

import json
from pathlib import Path

import pytest

from app.defenses.photo_settings import (
    ANY_SIZE,
    FIRST_PHOTO,
    SETTINGS,
    PhotoSettings,
    channels_of,
    defense_menu,
    read_photo_settings,
    training_menu,
)
from app.state import LinkReader
from core.defenses import DEFENSES
from tests.fakes import manifest_row


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A manifest with two patch VAEs."""
    monkeypatch.setenv("LQVAE_CHECKPOINTS", str(tmp_path))
    monkeypatch.setenv("LQVAE_DATA", str(tmp_path / "data"))
    rows = [manifest_row("patch_vae", "vae", b"1"), manifest_row("patch_vae_8", "vae", b"2")]
    rows[0]["dataset"] = "cifar10"
    (tmp_path / "manifest.json").write_text(json.dumps({"checkpoints": rows}))
    return tmp_path


def read(**params: str) -> tuple[PhotoSettings, tuple[str, ...]]:
    reader = LinkReader(params)
    return read_photo_settings(reader), reader.finish()


def test_an_address_means_what_it_was_written_from() -> None:
    assert read() == (FIRST_PHOTO, ())
    assert FIRST_PHOTO.params() == {}
    chosen = PhotoSettings(
        picture="flower",
        defense="patch_vae_8",
        dataset="mnist",
        noise=0.125,
        tuned=(("overlap", 75), ("quality", 20)),
    )
    assert chosen.params()["photo_noise"] == "0.125"
    assert read(**chosen.params()) == (chosen, ())


@pytest.mark.parametrize(
    "params",
    [
        {"photo": "mona_lisa"},
        {"photo_defense": "lq_vae"},
        {"photo_defense": "patch_vae_16"},
        {"photo_data": "mnist"},
        {"photo_noise": "loud"},
        {"photo_noise": "0.5"},
        {"photo_overlap": "80"},
        {"photo_overlap": "30"},
        {"photo_size": "4"},
        {"photo_colour": "red"},
    ],
)
def test_what_an_address_cannot_mean_is_said(params: dict[str, str]) -> None:
    settings, notes = read(**params)
    assert len(notes) == 1
    assert settings.noise <= 0.2
    assert settings.params().keys() <= {"photo_noise"}


def test_a_setting_of_the_same_name_means_the_same_in_all_defenses() -> None:
    for name, setting in SETTINGS.items():
        owners = [DEFENSES[one].settings for one in ANY_SIZE if name in DEFENSES[one].settings]
        assert all(owner[name] == setting for owner in owners)


def test_only_what_takes_any_size_is_offered_and_what_is_missing_has_its_command() -> None:
    menu = defense_menu()
    assert {"jpeg", "median", "bit_depth", "patch_vae", "patch_vae_8"} <= menu.titles.keys()
    assert not {"vae", "lq_vae"} & menu.titles.keys()
    assert "python -m core train patch_vae_16" in menu.missing["Patch VAE, 16 pixels"]
    training = training_menu("patch_vae")
    assert dict(training.titles) == {"cifar10": "CIFAR-10 (colour)"}
    assert "train patch_vae --dataset mnist" in training.missing["MNIST (grey)"]


def test_a_network_takes_the_channels_it_was_trained_on() -> None:
    assert channels_of(PhotoSettings(defense="patch_vae", dataset="cifar10")) == 3
    assert channels_of(PhotoSettings(defense="patch_vae_8", dataset="mnist")) == 1
    assert channels_of(PhotoSettings(defense="jpeg")) is None
