"""What happened, in sentences: the verdict, its badge, and the notes that belong to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from app.runs.words import BADGES, Badge, listed
from core.analysis import NOISE_DRAWS, RunSpec, Triplet
from core.attacks import ATTACKS, epsilon_text
from core.evaluation.adaptive_column import EVERYTHING, AdaptiveFigure
from core.evaluation.threats import OBLIVIOUS_NOTE
from core.system import BARE

Tone: TypeAlias = Literal["good", "bad", "plain"]


STORED_RESTARTS = 2
"""Restarts that the stored figures take at least."""

BROKEN = Badge("Defense broken", "adversarial", ":material/broken_image:")


def badge(triplet: Triplet) -> Badge:
    """The verdict in two or three words."""
    return BROKEN if _broken(triplet) else BADGES[triplet.outcome]


def _broken(triplet: Triplet) -> bool:
    """Whether an attacker who knows the defense got through it."""
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
        "spoiled": f"But the purifier made {last} of it, not {right}: here the defense does harm.",
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
        return "There is no defense: the attacker sees all there is."
    if triplet.surrogate is None:
        return f"{OBLIVIOUS_NOTE} An attacker who knows the defense does better."
    if not _broken(triplet):
        tried = listed([_way(name) for name in triplet.tried]) or "one way through it"
        return (
            f"The attacker knew the defense and did not get through. Tried: {tried}. "
            f"{left_out(spec)}"
        ).strip()
    if triplet.surrogate == BARE:
        return "The attacker knew the defense, and attacking the bare classifier was enough."
    return (
        f"The attacker knew the defense and got through it by way of “{_way(triplet.surrogate)}”."
    )


def _way(name: str) -> str:
    """One way of an adaptive attack as it is told."""
    return name.replace("_", " ")


def left_out(spec: RunSpec) -> str:
    """What this attack leaves out that the stored figures have; empty for one with everything."""
    if spec.attack in EVERYTHING:
        return ""
    restarts = getattr(spec.build_attack(), "restarts", 1)
    more = "more restarts, " if restarts < STORED_RESTARTS else ""
    return (
        f"Left out here, and part of the stored figures: {more}aims at every class, and surrogates "
        "that sharpen on the way; the attack called Adaptive has them."
    )


def stored_words(spec: RunSpec, figures: Sequence[AdaptiveFigure]) -> str:
    """What the strongest stored attack leaves of this defense at the nearest budget."""
    norm, epsilon = ATTACKS[spec.attack].norm, spec.build_attack().epsilon
    mine = [
        one
        for one in figures
        if (one.classifier, one.defense, one.norm) == (spec.classifier, spec.defense, norm)
    ]
    if epsilon is None or not mine:
        return ""
    one = min(mine, key=lambda figure: abs(figure.epsilon - epsilon))
    low, high = one.accuracy.interval
    title = "Linf" if norm == "linf" else norm.upper()
    return (
        f"The strongest stored attack leaves {one.accuracy.value:.1%} of the first "
        f"{one.accuracy.n:,} test images right at {title} {epsilon_text(one.epsilon)} "
        f"(95 % interval {low:.1%} to {high:.1%})."
    )


@dataclass(frozen=True)
class Check:
    """The gradient check as a badge: its text, its color, and what stands behind it."""

    text: str
    color: Literal["green", "orange"]
    help: str


def gradient_check(triplet: Triplet, spec: RunSpec) -> Check | None:
    """What the gradients of the attack were worth; None for one that takes none."""
    if ATTACKS[spec.attack].gradient_free:
        return None
    if triplet.warnings:
        return Check("Gradient check: warning", "orange", " ".join(triplet.warnings))
    return Check(
        "Gradient check: passed",
        "green",
        "Every gradient was a finite number, and not zero at every step. An attack without one is "
        "blind, and its failure would prove nothing.",
    )
