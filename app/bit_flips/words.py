"""Sentences and tables of the bit-flip page, each made from the numbers it tells."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from app.runs.settings import RunSettings
from core.analysis.attacked import Attacked, Role
from core.analysis.flips import (
    SLIDE_SHARE,
    SLIDE_WIDTH,
    BitUse,
    flip_histogram,
    share_below,
    wall_distances,
)
from core.analysis.flips_file import StoredFlips
from core.analysis.importance import BitImportance
from core.attacks import ATTACKS
from core.defenses import DEFENSES
from core.evaluation import Accuracy
from core.models import classifier_title

ROWS: Mapping[Role, str] = {
    "adversarial": "Attack",
    "noise": "Random noise of the same size",
    "redrawn": "Fresh latent noise, no attack",
}
SLIDE = {"below": "about 90 %", "first": "12 %", "accuracy": "97 %"}
"""What the authors' slide says of CW on MNIST."""


def percent_words(accuracy: Accuracy) -> str:
    """A share in percent with its 95 % interval, as Markdown."""
    low, high = accuracy.interval
    # Unbreakable spaces keep a number and its interval together.
    return f"**{100 * accuracy.value:.1f}\u00a0%** ({100 * low:.1f}\u2060–\u2060{100 * high:.1f})"


def run_words(attacked: Attacked, run: RunSettings) -> str:
    """What was done to how many images, and what came of it."""
    spec = attacked.spec
    n, size = spec.n, attacked.code_size
    flips = attacked.flips
    bare = Accuracy(correct=int((attacked.said_adversarial == attacked.labels).sum()), n=n)
    defended = Accuracy(correct=int((attacked.said_purified == attacked.labels).sum()), n=n)
    strength = dict(run.parameters).get("epsilon", run.spec().build_attack().epsilon)
    budget = "" if strength is None else f" with epsilon {strength:g}"
    return (
        f"**{ATTACKS[spec.attack].title}**{budget} on classifier "
        f"{classifier_title(spec.classifier)}, seen through **{DEFENSES[spec.defense].title}**, "
        f"{n:,} validation images. It flips "
        f"**{flips.mean():.1f} of {size} bits** on average (median {np.median(flips):g}, at most "
        f"{flips.max()}), with a mean change of L2 {attacked.l2.mean():.2f}. Of the attacked "
        f"images the classifier gets {percent_words(bare)} right, once purified "
        f"{percent_words(defended)}."
    )


def held(bits: int, share: float) -> str:
    """Which numbers of bits lie below a share of them, for example ``0–3 of 64``."""
    exact = Fraction(share).limit_denominator(100_000) * bits
    most = math.ceil(exact) - 1
    return f"{f'0–{most}' if most > 0 else '0'} of {bits}"


def claim_rows(attacked: Attacked) -> list[dict[str, str]]:
    """The slide's three numbers beside what is measured here."""
    size, flips = attacked.code_size, attacked.flips
    right = attacked.said_purified == attacked.labels
    few = share_below(flips, size, SLIDE_SHARE)
    first = flip_histogram(flips, right, size, width=SLIDE_WIDTH)[0]
    share = Accuracy(correct=first.n, n=len(flips))
    return [
        {
            "": f"flip less than 6\u00a0% of the bits ({held(size, SLIDE_SHARE)})",
            "Slide": SLIDE["below"],
            "Here": percent_words(few),
        },
        {
            "": f"flip less than 2\u00a0% ({held(size, SLIDE_WIDTH)}): the first bar",
            "Slide": SLIDE["first"],
            "Here": percent_words(share),
        },
        {
            "": "of those, right once purified",
            "Slide": SLIDE["accuracy"],
            "Here": "–" if first.accuracy is None else percent_words(first.accuracy),
        },
    ]


def control_rows(attacked: Attacked) -> list[dict[str, str]]:
    """Flips by the attack beside flips that come without one."""
    size = attacked.code_size
    rows = []
    for role, title in ROWS.items():
        flips = attacked.flips_of(role)
        row = {
            "": title,
            "Mean flips": f"**{flips.mean():.2f}** of {size}",
            "Below 6 %": percent_words(share_below(flips, size, SLIDE_SHARE)),
        }
        if attacked.bits_per_latent > 1:
            row["Mean level steps"] = f"{attacked.level_steps(role).mean():.2f}"
        rows.append(row)
    return rows


def is_slide_setting(attacked: Attacked) -> bool:
    """Whether this run is what the slide is about: CW on MNIST, a 64-bit LQ-VAE."""
    spec = attacked.spec
    return spec.dataset == "mnist" and spec.attack == "cw" and attacked.code_size == 64


def bit_words(
    attacked: Attacked, row: int, bit: int, use: BitUse, importance: BitImportance | None
) -> str:
    """What is known of one bit, over all images and in one of them."""
    assert attacked.latents is not None
    latents = attacked.latents["clean"][row], attacked.latents["adversarial"][row]
    before, after = (float(one[bit // attacked.bits_per_latent]) for one in latents)
    distance = float(wall_distances(np.array([[before]]), attacked.walls)[0, 0])
    told = [
        f"**Bit {bit}** is +1 in {use.plus_share[bit]:.1%} of the {use.n:,} clean images"
        f"{' (a dead bit: it hardly ever changes)' if use.dead[bit] else ''}, and the attack flips "
        f"it in {use.flip_rate[bit]:.1%} of them.",
        f"In this image its latent goes from {before:.3f} to {after:.3f}; before the attack the "
        f"nearest wall was {distance:.3f} away.",
    ]
    if importance is not None:
        told.insert(
            1,
            f"Flipped alone, it costs {100 * importance.drop[bit]:.2f} points of accuracy.",
        )
    return " ".join(told)


def cause_groups(causes: Sequence[Mapping[str, object]]) -> dict[str, list[dict[str, str]]]:
    """Stored experiments as one table a possible cause."""
    groups: dict[str, list[dict[str, str]]] = {}
    for cause in causes:
        first = cause["first_bar_accuracy"]
        groups.setdefault(str(cause["group"]), []).append(
            {
                "Setting": str(cause["setting"]),
                "Images": f"{cause['n']:,}",
                "Mean L2": f"{cause['mean_l2']:.2f}",
                "Mean flips": f"**{cause['mean_flips']:.2f}** of {cause['bits']}",
                "Below 6 %": f"**{cause['share_below_6']:.1%}**",
                "First bar": f"{cause['first_bar_share']:.1%}",
                "Right in it": "–" if first is None else f"{first:.1%}",
                "Right in all": f"{cause['accuracy']:.1%}",
            }
        )
    return groups


def run_rows(runs: Sequence[StoredFlips]) -> list[dict[str, str]]:
    """Stored runs as one table, the attacks in the order they are stored."""
    rows = []
    for run in runs:
        first = flip_histogram(run.flips, run.right, run.bits, width=SLIDE_WIDTH)[0]
        epsilon = run.spec.build_attack().epsilon
        share = Accuracy(correct=first.n, n=run.spec.n)
        rows.append(
            {
                "Attack": ATTACKS[run.spec.attack].title
                + ("" if epsilon is None else f" {epsilon:g}"),
                "Classifier": classifier_title(run.spec.classifier),
                "Images": f"{run.spec.n:,}",
                "Mean L2": f"{run.mean_l2:.2f}",
                "Mean flips": f"**{run.flips.mean():.2f}** of {run.bits}",
                "Below 6 %": percent_words(share_below(run.flips, run.bits, SLIDE_SHARE)),
                "First bar": percent_words(share),
                "Right in it": "–" if first.accuracy is None else percent_words(first.accuracy),
                "Right in all": percent_words(Accuracy(correct=int(run.right.sum()), n=run.spec.n)),
            }
        )
    return rows
