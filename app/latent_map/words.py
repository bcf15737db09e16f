"""The sentences around the map."""

from app.latent_map.points import Points
from app.latent_map.settings import VIEWS, MapSettings
from core.analysis.attacked import Attacked
from core.attacks import ATTACKS
from core.data import available_datasets
from core.defenses import DEFENSES
from core.evaluation import Accuracy
from core.evaluation.threats import OBLIVIOUS_NOTE
from core.models import classifier_title


def heading_words(attacked: Attacked) -> str:
    """Which attack is looked at, through which defense, and what it did."""
    spec = attacked.spec
    budget = spec.build_attack().epsilon
    strength = "" if budget is None else f" with epsilon {budget:.4g}"
    right = [
        Accuracy(correct=int((said == attacked.labels).sum()), n=spec.n)
        for said in (attacked.said_adversarial, attacked.said_purified)
    ]
    return (
        f"{available_datasets()[spec.dataset].title}, **{ATTACKS[spec.attack].title}**{strength} "
        f"on classifier {classifier_title(spec.classifier)}, seen through "
        f"**{DEFENSES[spec.defense].title}**. The classifier gets {_share(right[0])} of "
        f"{spec.n:,} attacked images right, and {_share(right[1])} once they are purified. "
        f"{OBLIVIOUS_NOTE}"
    )


def alt_words(attacked: Attacked, settings: MapSettings, points: Points) -> str:
    """The map for those who do not see it."""
    kinds = (
        "original, adversarial and purified" if settings.purified else ("original and adversarial")
    )
    words = (
        f"{VIEWS[settings.view]} of latents: {len(points.shown)} of {attacked.spec.n} images, "
        f"each as {kinds} point"
    )
    if settings.view == "axes":
        words += f", on latents {settings.x} and {settings.y}, with the quantizer's walls"
    if len(points.chosen):
        words += f"; {len(points.chosen)} chosen"
    return f"{words}."


def caption_words(attacked: Attacked, settings: MapSettings, points: Points) -> str:
    """What to see on the map, and what not to conclude."""
    shown = (
        f"{len(points.shown):,} of {attacked.spec.n:,} images are drawn, as many of each class as "
        "of any other. "
        if len(points.shown) < attacked.spec.n
        else f"All {attacked.spec.n:,} images are drawn. "
    )
    together = (
        "original, adversarial and purified" if settings.purified else ("original and adversarial")
    )
    if settings.view == "axes":
        return (
            f"{shown}Two of {_latents(attacked)} latents as they are. The thick lines are the "
            "quantizer's own walls: where a point crosses one, a bit flips. Cells of one shade "
            "have one code on these two axes, written in their corner (first the horizontal "
            "latent; + is +1). Do not conclude that points in one cell have one code: all the "
            "other latents count too."
        )
    grid = (
        "The dotted lines are a grid on the picture: not the quantizer's walls. "
        if settings.grid
        else ""
    )
    if settings.view == "pca":
        about = (
            "Two directions of many: points that lie together here may be far apart along the "
            "others."
        )
    else:
        about = (
            "Neighbours are what to look at. Sizes of groups, gaps between them and long arrows "
            "are not measures of distance."
        )
    return (
        f"{shown}Arrows lead from an original to its adversarial image. All {together} points were "
        f"projected together, so they share one picture. {grid}{about}"
    )


def _latents(attacked: Attacked) -> int:
    return 0 if attacked.latents is None else attacked.latents["clean"].shape[1]


def _share(accuracy: Accuracy) -> str:
    low, high = accuracy.interval
    return f"{100 * accuracy.value:.1f} % (95 % interval {100 * low:.1f} to {100 * high:.1f} %)"
