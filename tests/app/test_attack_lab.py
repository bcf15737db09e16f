"""The lab without its page: settings and addresses, presets, the words of a verdict."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.attack_lab.export import as_npz
from app.attack_lab.presets import PRESETS, active, apply
from app.attack_lab.settings import Settings, read_settings
from app.attack_lab.words import badge, threat_words, verdict
from app.controls import Menu
from app.runs.choices import NO_DEFENSE, Offer
from app.runs.parameters import only_changed
from core.analysis import Reading, RunSpec, Triplet
from core.attacks import ATTACKS, controls

DATASETS = Menu({"mnist": "MNIST"})
OFFERS = {
    "mnist": Offer(
        name="mnist",
        classes=tuple("0123456789"),
        image_shape=(1, 28, 28),
        ink_box=20,
        count=100,
        classifiers=Menu({"a": "A", "b": "B"}),
        defenses=Menu({"lq_vae_plus": "LQ-VAE plus", "bit_depth": "Bits", NO_DEFENSE: "None"}),
    )
}


def read(**params: str) -> tuple[Settings, tuple[str, ...]]:
    return read_settings(params, DATASETS, OFFERS)


def test_an_empty_address_is_the_start() -> None:
    assert read() == (Settings(), ())


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_survives_the_way_through_the_address(name: str) -> None:
    values: dict[str, Any] = {}
    for field in controls(ATTACKS[name]):
        limits = field.metadata
        if limits["choices"]:
            values[field.name] = limits["choices"][-1]
        elif isinstance(field.default, bool):
            values[field.name] = not field.default
        elif isinstance(field.default, int):
            values[field.name] = int(limits["high"])
        else:
            values[field.name] = round(float(limits["high"]) / 2, 4)
    settings = Settings(attack=name, parameters=only_changed(name, values))
    assert read(**settings.params()) == (settings, ())


@pytest.mark.parametrize(
    "settings",
    [
        Settings(index=99, classifier="b", defense="bit_depth", seed=12, gain=10, section="code"),
        Settings(target=3),
        Settings(threat="adaptive", surrogate="identity"),
        Settings(defense=NO_DEFENSE, own=True),
        *(apply(preset, Settings()) for preset in PRESETS.values()),
    ],
)
def test_settings_survive_the_way_through_the_address(settings: Settings) -> None:
    assert read(**settings.params()) == (settings, ())


def test_no_parameter_of_an_attack_hides_a_setting() -> None:
    own = set(
        Settings(own=True, target=1, threat="adaptive", seed=1, gain=2, section="code").params()
    )
    for attack in ATTACKS.values():
        names = {field.name for field in controls(attack)} - {"epsilon"}
        assert not names & own


@pytest.mark.parametrize(
    ("epsilon", "text"), [(0.1234, "0.1234"), (8 / 255, "8/255"), (0.123456, "0.123456")]
)
def test_epsilon_comes_back_exactly_from_the_address(epsilon: float, text: str) -> None:
    settings = Settings(parameters=(("epsilon", epsilon),))
    assert settings.params()["epsilon"] == text
    assert read(epsilon=text)[0].parameters == (("epsilon", epsilon),)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"index": "100000"}, "is above 99; 99 is used"),
        ({"index": "-1"}, "is below 0"),
        ({"epsilon": "abc"}, "is no number; 0.15 is used"),
        ({"attack": "fgsm", "epsilon": "77"}, "is above 0.5; 0.5 is used"),
        ({"attack": "deepfool", "epsilon": "0.1"}, "`epsilon` is no setting here"),
        ({"attack": "<script>"}, "not one of the choices; pgd is used"),
        ({"attack": "noise", "target": "3"}, "cannot aim"),
        ({"target": "12"}, "is above 9"),
        ({"defense": "none", "threat": "adaptive"}, "needs a defense"),
        ({"surrogate": "a b"}, "is no name"),
        ({"gain": "7"}, "not one of the choices; 5 is used"),
        ({"steps": "1000"}, "is above 200; 200 is used"),
        ({"random_start": "maybe"}, "not one of the choices"),
        ({"hello": "world"}, "`hello` is no setting here"),
    ],
)
def test_odd_addresses_are_mended_and_said(params: dict[str, str], said: str) -> None:
    settings, ignored = read(**params)
    assert any(said in sentence for sentence in ignored)
    settings.run().build_attack()


def test_another_attack_keeps_a_budget_of_the_same_norm() -> None:
    settings = Settings(parameters=(("epsilon", 0.11), ("steps", 3)))
    assert settings.with_attack("fgsm").parameters == (("epsilon", 0.11),)
    assert settings.with_attack("pgd_l2").parameters == ()
    assert settings.with_attack("deepfool").parameters == ()


def test_each_preset_is_recognised_and_keeps_the_picture() -> None:
    start = Settings(index=42, classifier="b", defense="bit_depth")
    for name, preset in PRESETS.items():
        changed = apply(preset, start)
        assert active(changed) == name
        assert (changed.index, changed.classifier, changed.defense) == (42, "b", "bit_depth")
        changed.run().build_attack()


def test_a_preset_that_needs_a_defense_brings_one() -> None:
    changed = apply(PRESETS["knowing"], Settings(defense=NO_DEFENSE))
    assert changed.defense == Settings().defense


def reading(prediction: int) -> Reading:
    probabilities = np.full(10, 0.01, np.float32)
    probabilities[prediction] = 0.91
    return Reading(np.zeros((1, 28, 28), np.float32), probabilities)


def triplet(original: int, adversarial: int, purified: int | None, **changes: Any) -> Triplet:  # noqa: ANN401
    return Triplet(
        **(
            {
                "label": 7,
                "target": None,
                "original": reading(original),
                "adversarial": reading(adversarial),
                "purified": None if purified is None else reading(purified),
                "purified_original": None if purified is None else reading(7),
                "noise": reading(7),
                "noise_fooled": 0,
                "code": None,
                "l0": 400,
                "l2": 2.5,
                "linf": 0.15,
                "trajectory": None,
                "surrogate": None,
                "attack_seconds": 0.1,
                "purify_seconds": 0.01,
            }
            | changes
        )
    )


SPEC = RunSpec(dataset="mnist", classifier="a", defense="lq_vae", index=0, attack="pgd")


@pytest.mark.parametrize(
    ("run", "title", "said"),
    [
        (
            triplet(7, 3, 7),
            "Fooled, then repaired",
            "The attack turned 7 into 3 with a change of at most 0.15 per pixel. "
            "The purifier turned it back into 7.",
        ),
        (triplet(7, 3, 5), "Fooled, not repaired", "The purifier did not help: 5 is not 7."),
        (triplet(7, 7, 7), "Not fooled", "the attack failed. After the purifier it is 7 as well"),
        (triplet(7, 7, 2), "Broken by the purifier", "here the defense does harm"),
        (triplet(7, 3, None), "Fooled", "The attack turned 7 into 3"),
        (triplet(1, 1, 1), "Wrong before the attack", "takes this 7 for 1 before any attack"),
        (triplet(7, 3, 7, target=5), "Fooled, then repaired", "It aimed at 5 and missed."),
        (triplet(7, 7, 2, surrogate="identity"), "Defense broken", "aimed at the purifier"),
        (triplet(7, 3, 2, surrogate="identity"), "Defense broken", "did not help"),
        (
            triplet(7, 3, 5, purified_original=reading(4)),
            "Fooled, not repaired",
            "Even without an attack it makes 4 of this picture.",
        ),
    ],
)
def test_the_verdict_says_what_happened(run: Triplet, title: str, said: str) -> None:
    assert badge(run).text == title
    assert said in verdict(run, SPEC, tuple("0123456789"))


def test_the_size_is_told_in_the_norm_of_the_attack() -> None:
    classes = tuple("0123456789")
    assert "Euclidean size 2.5" in verdict(triplet(7, 3, 7), replace(SPEC, attack="cw"), classes)
    assert "400 of 784 pixels" in verdict(triplet(7, 3, 7), replace(SPEC, attack="jsma"), classes)


def test_what_the_attacker_knew_is_told() -> None:
    assert threat_words(triplet(7, 3, 7), SPEC).startswith("This attack does not see the defense.")
    adaptive = replace(SPEC, threat="adaptive")
    tried = {"surrogate": "identity", "tried": ("soft_quantizer", "flips, identity")}
    told = threat_words(triplet(7, 3, 7, **tried), adaptive)
    assert "did not get through. Tried: soft quantizer and flips, identity. Left out here" in told
    everything = replace(adaptive, attack="adaptive", parameters=())
    assert "Left out" not in threat_words(triplet(7, 3, 7, **tried), everything)
    assert "soft quantizer" in threat_words(triplet(7, 3, 2, surrogate="soft_quantizer"), adaptive)
    assert "no defense" in threat_words(triplet(7, 3, None), replace(SPEC, defense=None))


def test_the_npz_holds_the_pictures_and_the_settings(tmp_path: Any) -> None:  # noqa: ANN401
    path = tmp_path / "lab.npz"
    path.write_bytes(as_npz(triplet(7, 3, 7), SPEC))
    with np.load(path, allow_pickle=False) as arrays:
        assert arrays["original"].shape == (1, 28, 28)
        assert int(arrays["label"]) == 7
        assert '"attack": "pgd"' in str(arrays["settings"])
