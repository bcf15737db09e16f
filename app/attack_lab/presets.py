"""Experiments worth seeing, each a few changes of the settings."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.attack_lab.settings import Settings
from app.runs.choices import NO_DEFENSE
from core.analysis import WORST


@dataclass(frozen=True)
class Preset:
    """One experiment.

    Attributes:
        title: Its name on the button.
        lesson: What to look at, in one or two sentences.
        changes: Fields of ``Settings`` it sets; the picture, classifier and defense stay unless
            they are named here.
    """

    title: str
    lesson: str
    changes: Mapping[str, Any]


def _attack(attack: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "attack": attack,
        "parameters": tuple(sorted(parameters.items())),
        "target": None,
        "threat": "oblivious",
        "surrogate": WORST,
    }


PRESETS: Mapping[str, Preset] = {
    "noise": Preset(
        "Noise does nothing",
        "Every pixel moves by 0.15, up or down at random. It looks worse than an attack, "
        "and the classifier does not mind.",
        {**_attack("noise", epsilon=0.15), "section": "code"},
    ),
    "one_step": Preset(
        "One step",
        "The same size as the noise, but each pixel moves where the classifier's gradient "
        "points. Often that is enough; raise epsilon until the answer changes.",
        {**_attack("fgsm", epsilon=0.15), "section": "code"},
    ),
    "forty_steps": Preset(
        "Forty steps",
        "Forty small steps instead of one, with the same budget. Play the steps: "
        "the purifier mostly brings the digit back.",
        {**_attack("pgd", epsilon=0.15), "section": "steps"},
    ),
    "smallest": Preset(
        "The smallest change",
        "This attack has no budget: it stops just past the boundary. "
        "So little was changed that the purifier has an easy task.",
        {**_attack("deepfool"), "section": "code"},
    ),
    "aimed": Preset(
        "Make it a 3",
        "The attack aims at one class of your choice instead of any wrong one.",
        {**_attack("pgd", epsilon=0.2), "target": 3, "section": "steps"},
    ),
    "knowing": Preset(
        "Break the defense",
        "An attacker who knows the defense goes through differentiable stand-ins for it, here "
        "with a larger budget. This is how a defense must be judged.",
        {**_attack("pgd", epsilon=0.25), "threat": "adaptive", "section": "code"},
    ),
}


def apply(preset: Preset, settings: Settings) -> Settings:
    """The settings after a preset; one that needs a defense brings the default one along."""
    changed = replace(settings, **preset.changes)
    if changed.threat == "adaptive" and changed.defense == NO_DEFENSE:
        changed = replace(changed, defense=Settings().defense)
    return changed


def active(settings: Settings) -> str | None:
    """The preset that the settings show at the moment, if any."""
    for name, preset in PRESETS.items():
        wanted = {key: value for key, value in preset.changes.items() if key != "section"}
        if all(getattr(settings, key) == value for key, value in wanted.items()):
            return name
    return None
