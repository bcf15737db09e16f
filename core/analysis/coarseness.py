"""How coarse should a code be? What codes of different size keep of a picture and of an attack."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from core.analysis.attacked import Attacked
from core.analysis.encoding import purified_images
from core.analysis.storage import damaged, replace_file, shipped_folder
from core.data import load_dataset
from core.defenses import load_defense
from core.devices import pick_device
from core.types import Purifier

COMMAND = "python -m core latent_lab coarseness"
SUITE_COMMAND = "python -m core evaluate table coarseness"


@dataclass(frozen=True, kw_only=True)
class Coarseness:
    """One code, and what it lets through.

    Attributes:
        defense: A row of ``DEFENSES``.
        attack: The attack that flips the bits, a row of ``ATTACKS``.
        bits: Bits D of the code.
        bits_per_latent: How many of them one latent gives.
        n: Images.
        mean_squared_error: Of clean images and their purified versions, pixels in [0, 1].
        mean_flips: Bits that the attack flips in a code.
        mean_level_steps: Walls the latents cross, which tells a far jump from a near one.
        share_flipped: ``mean_flips`` of all bits.
        share_flipped_by_noise: The same for random noise of the attack's size.
    """

    defense: str
    attack: str
    bits: int
    bits_per_latent: int
    n: int
    mean_squared_error: float
    mean_flips: float
    mean_level_steps: float
    share_flipped: float
    share_flipped_by_noise: float


def measure_coarseness(
    dataset: str,
    defenses: Sequence[str],
    attacked_of: Callable[[str], Attacked],
) -> tuple[Coarseness, ...]:
    """Measure the codes of some defenses on the images of one attack.

    Args:
        dataset: A row of ``DATASETS``.
        defenses: Rows of ``DEFENSES`` with a code.
        attacked_of: The finished run of a defense; all of the same attack and images.

    Raises:
        LabError: Data or a checkpoint is missing.
        ValueError: A defense has no code.
    """
    return tuple(coarseness_of(attacked_of(name), load_defense(dataset, name)) for name in defenses)


def coarseness_of(attacked: Attacked, purifier: Purifier) -> Coarseness:
    """One code, measured on a finished run.

    Raises:
        ValueError: The purifier has no code.
    """
    spec = attacked.spec
    flips, noise = attacked.flips_of("adversarial"), attacked.flips_of("noise")
    images, _ = load_dataset(spec.dataset, spec.split, count=spec.n)
    images = images.to(pick_device())
    with torch.no_grad():
        error = (purified_images(purifier, images, spec.seed) - images).square().mean().item()
    bits = attacked.code_size
    return Coarseness(
        defense=spec.defense,
        attack=spec.attack,
        bits=bits,
        bits_per_latent=attacked.bits_per_latent,
        n=spec.n,
        mean_squared_error=round(error, 6),
        mean_flips=round(float(flips.mean()), 4),
        mean_level_steps=round(float(attacked.level_steps("adversarial").mean()), 4),
        share_flipped=round(float(flips.mean()) / bits, 6),
        share_flipped_by_noise=round(float(noise.mean()) / bits, 6),
    )


def coarseness_file() -> Path:
    """Where the shipped rows lie."""
    return shipped_folder() / "coarseness.json"


def store_coarseness(rows: Sequence[Coarseness]) -> Path:
    """Write rows for the quantizer page, whole or not at all."""
    text = json.dumps({"codes": [asdict(row) for row in rows]}, indent=1) + "\n"
    replace_file(coarseness_file(), lambda path: path.write_text(text, encoding="utf-8"))
    return coarseness_file()


def stored_coarseness() -> tuple[Coarseness, ...]:
    """The stored rows; none when nothing is stored.

    Raises:
        LabError: The file is damaged.
    """
    path = coarseness_file()
    if not path.exists():
        return ()
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["codes"]
        return tuple(_checked(Coarseness(**row)) for row in rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(path, error) from error


def _checked(row: Coarseness) -> Coarseness:
    """Refuse rows that no measurement can give.

    Raises:
        ValueError: A count is not above zero, or a share is not in [0, 1].
    """
    if not (row.bits > 0 and row.n > 0 and 0 <= row.share_flipped <= 1):
        raise ValueError(f"{row.bits} bits, {row.n} images, a share of {row.share_flipped}")
    return row
