"""Many images, attacked and purified: what the latent map and the bit-flip page look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from core.analysis.attacked_spec import AttackedSpec
from core.analysis.triplets import Outcome

Pictures: TypeAlias = NDArray[np.uint8]
Classes: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float32]
Bits: TypeAlias = NDArray[np.int8]

Array = TypeVar("Array")

Role: TypeAlias = Literal["clean", "adversarial", "purified", "noise", "redrawn"]
ROLES: tuple[Role, ...] = get_args(Role)
"""What is encoded. ``purified`` is the purified adversarial image, encoded once more. ``noise`` is
the clean image with random noise as large as its perturbation, in the attack's norm. ``redrawn``
is the clean image with a fresh draw of the model's latent noise: how far bits flip by themselves.
"""


@dataclass(frozen=True, eq=False, kw_only=True)
class Attacked:
    """One attack on n images and what became of each.

    A purifier without a code (of ours: ``bit_depth``) has no latents, no bits and no walls.

    Attributes:
        spec: What was done.
        indices: Place of each image in the split (n,): its lasting name.
        labels: Classes (n,).
        clean: Pictures as attacked, uint8 (n, c, h, w), for showing only.
        adversarial: After the attack.
        purified: The adversarial images after the purifier.
        purified_clean: The clean images after the purifier.
        said_clean: The bare classifier's answers to the clean images (n,).
        said_adversarial: Its answers to the adversarial ones.
        said_purified: Its answers to the purified ones.
        said_purified_clean: Its answers to the purified clean ones.
        l2: Euclidean size of each perturbation (n,), in [0, 1] pixel units.
        linf: Largest change of one value (n,), in the same units.
        latents: Real latents (n, d) by role, before the quantizer; None without a code.
        bits: Their bits in {-1, +1} (n, d * b) by role, bit j of latent i at i * b + j; or None.
        bits_per_latent: b; 0 without a code.
        walls: The latent values at which a bit changes, ascending.
        codewords: The bits of every cell between them, lowest first: one more than walls.
        hashes: sha256 of the checkpoints used, by name.
    """

    spec: AttackedSpec
    indices: Classes
    labels: Classes
    clean: Pictures
    adversarial: Pictures
    purified: Pictures
    purified_clean: Pictures
    said_clean: Classes
    said_adversarial: Classes
    said_purified: Classes
    said_purified_clean: Classes
    l2: Floats
    linf: Floats
    latents: Mapping[Role, Floats] | None
    bits: Mapping[Role, Bits] | None
    bits_per_latent: int
    walls: tuple[float, ...]
    codewords: tuple[tuple[int, ...], ...]
    hashes: Mapping[str, str]

    @property
    def code_size(self) -> int:
        """Number of bits D of the code; 0 without one."""
        return 0 if self.bits is None else self.bits["clean"].shape[1]

    @property
    def flips(self) -> Classes:
        """How many bits the attack flipped in each code (n,).

        Raises:
            ValueError: The purifier has no code.
        """
        return self.flips_of("adversarial")

    def flips_of(self, role: Role) -> Classes:
        """How many bits of each code (n,) differ from the clean image's."""
        bits = _there(self.bits, self.spec)
        flips: Classes = np.not_equal(bits["clean"], bits[role]).sum(1, dtype=np.int64)
        return flips

    def level_steps(self, role: Role) -> Classes:
        """How many walls lie between each clean latent and that role's, summed by image (n,).

        With a code of one band this counts a jump from below to above it as two steps, although
        it flips no bit.
        """
        latents = _there(self.latents, self.spec)
        crossed = np.abs(self._cells(latents[role]) - self._cells(latents["clean"]))
        steps: Classes = crossed.sum(1, dtype=np.int64)
        return steps

    @property
    def outcome(self) -> NDArray[np.str_]:
        """What happened to each image, in the words of ``Outcome`` (n,)."""
        right_before = self.said_clean == self.labels
        fooled = self.said_adversarial != self.labels
        right_after = self.said_purified == self.labels
        words: list[Outcome] = ["wrong before", "repaired", "not repaired", "not fooled"]
        return np.select(
            [~right_before, fooled & right_after, fooled & ~right_after, ~fooled & right_after],
            words,
            default="spoiled",
        )

    def _cells(self, latents: Floats) -> Classes:
        """The cell of each latent (n, d), as ``Quantizer.cells`` counts it."""
        cells = np.zeros(latents.shape, np.int64)
        for wall, below, above in zip(self.walls, self.codewords, self.codewords[1:], strict=False):
            cells += latents >= wall if sum(above) > sum(below) else latents > wall
        return cells


def _there(arrays: Mapping[Role, Array] | None, spec: AttackedSpec) -> Mapping[Role, Array]:
    if arrays is None:
        raise ValueError(f"{spec.defense} has no code, so there are no bits to compare")
    return arrays
