"""The coordinates of the map as a table to take along."""

import csv
import io

from app.latent_map.points import Points
from app.theme import ROLES
from core.analysis.attacked import Attacked

COLUMNS = ("image", "label", "kind", "x", "y", "classified_as", "outcome", "flipped_bits")


def as_csv(attacked: Attacked, points: Points) -> str:
    """One row a point, of all images and kinds; ``image`` is the place in the split."""
    said = {
        "clean": attacked.said_clean,
        "adversarial": attacked.said_adversarial,
        "purified": attacked.said_purified,
    }
    outcomes, flips = attacked.outcome, attacked.flips
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for kind, places in points.places.items():
        for place, (x, y) in enumerate(places.tolist()):
            writer.writerow(
                (
                    int(attacked.indices[place]),
                    int(attacked.labels[place]),
                    ROLES[kind].title.lower(),
                    f"{x:.6g}",
                    f"{y:.6g}",
                    int(said[kind][place]),
                    str(outcomes[place]),
                    int(flips[place]),
                )
            )
    return text.getvalue()
