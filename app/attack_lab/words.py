"""What happened, in sentences: the verdict, its badge, and the notes that belong to it."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

from app.runs.words import BADGES, Badge
from core.analysis import NOISE_DRAWS, WORST, RunSpec, Triplet
from core.attacks import ATTACKS
from core.evaluation.threats import BARE, OBLIVIOUS_NOTE

Tone: TypeAlias = Literal["good", "bad", "plain"]


BROKEN = Badge("Defence broken", "adversarial", ":material/broken_image:")


def badge(triplet: Triplet) -> Badge:
    """The verdict in two or three words."""
    return BROKEN if _broken(triplet) else BADGES[triplet.outcome]


def _broken(triplet: Triplet) -> bool:
    """Whether an attacker who knows the defence got through it."""
    return triplet.surrogate is not None and triplet.outcome in ("spoiled", "not repaired")


def size_words(triplet: Triplet, norm: str, pixels: int) -> str:
    """How large the change is, in the attack's own norm."""
    if norm == "linf":
        return f"a change of at most {triplet.linf:.4g} per pixel"
    if norm == "l2":
        return f"a change of Euclidean size {triplet.l2:.3g}"
    return f"a change of {triplet.l0} of {pixels} pixels"


def verdict(triplet: Triplet, spec: RunSpec, classes: Sequence[str]) -> str:
    """What the attack and the purifier did, in one to three sentences."""
    right = classes[triplet.label]
    before = classes[triplet.original.prediction]
    after = classes[triplet.adversarial.prediction]
    size = size_words(triplet, ATTACKS[spec.attack].norm, triplet.original.image[0].size)
    if triplet.outcome == "wrong before":
        return (
            f"The classifier takes this {right} for {before} before any attack, "
            f"so there is nothing to attack."
        )
    if triplet.outcome == "spoiled" and _broken(triplet) and triplet.purified is not None:
        return (
            f"The attack made {size}, aimed at the purifier: without it the classifier still "
            f"says {after}, behind it {classes[triplet.purified.prediction]}."
        )
    if triplet.outcome in ("not fooled", "spoiled"):
        told = f"The classifier still says {after} after {size}: the attack failed."
    else:
        told = f"The attack turned {right} into {after} with {size}."
        if triplet.target is not None and triplet.adversarial.prediction != triplet.target:
            told += f" It aimed at {classes[triplet.target]} and missed."
    return " ".join([told, *_purifier_words(triplet, classes)])


def _purifier_words(triplet: Triplet, classes: Sequence[str]) -> list[str]:
    if triplet.purified is None:
        return []
    right, last = classes[triplet.label], classes[triplet.purified.prediction]
    if triplet.outcome == "repaired":
        return [f"The purifier turned it back into {last}."]
    if triplet.outcome == "not fooled":
        return [f"After the purifier it is {last} as well."]
    words = {
        "spoiled": f"But the purifier made {last} of it, not {right}: here the defence does harm.",
        "not repaired": f"The purifier did not help: {last} is not {right}.",
    }[triplet.outcome]
    told = [words]
    clean = triplet.purified_original
    if clean is not None and clean.prediction != triplet.label:
        told.append(f"Even without an attack it makes {classes[clean.prediction]} of this picture.")
    return told


def control_words(triplet: Triplet) -> str:
    """What random noise of the same size does."""
    return f"{triplet.noise_fooled} of {NOISE_DRAWS} such noises fool it"


def threat_words(triplet: Triplet, spec: RunSpec) -> str:
    """What the attacker knew, and what that means for the result."""
    if spec.defense is None:
        return "There is no defence: the attacker sees all there is."
    if triplet.surrogate is None:
        return f"{OBLIVIOUS_NOTE} An attacker who knows the defence does better."
    tried = "every stand-in" if spec.surrogate == WORST else "one stand-in"
    if not _broken(triplet):
        return f"The attacker knew the defence, tried {tried} for it, and did not get through."
    if triplet.surrogate == BARE:
        return "The attacker knew the defence, and attacking the bare classifier was enough."
    name = triplet.surrogate.replace("_", " ")
    return f"The attacker knew the defence and got through it by its stand-in “{name}”."
