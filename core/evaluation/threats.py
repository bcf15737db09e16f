"""Threat models: what the attacker knows.

Oblivious: the attacker sees the bare classifier only. Transfer: the attacker has not even that,
but a substitute. Adaptive: the attacker sees the defense too (``core.attacks.adaptive``).
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

Threat: TypeAlias = Literal["oblivious", "transfer", "adaptive"]

THREATS: Mapping[str, str] = {
    "oblivious": "The attacker sees the classifier and does not know that a defense stands in "
    "front of it. The papers call this white box.",
    "transfer": "The attacker sees neither classifier nor defense, attacks a substitute and hopes "
    "that the images fool the other too. The papers call this black box.",
    "adaptive": "The attacker sees everything and attacks through every differentiable stand-in "
    "of the defense; the worst counts, image by image.",
}

WITHOUT_SUBSTITUTE: Mapping[str, str] = {
    name: words for name, words in THREATS.items() if name != "transfer"
}
"""The threat models of pages that load one classifier."""

OBLIVIOUS_NOTE = "This attack does not see the defense."

RESUBMISSIONS = 8
"""Draws of a random defense that every attacked image is judged by, unless told otherwise."""

RANDOM_DRAWS = 8
"""Draws of a random defense that an attacker of ours averages in every gradient, unless told."""
