"""The comparison of codes as plain rows: what was stored, joined by defense."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.quantizer.settings import against_key
from core.analysis.coarseness import Coarseness
from core.defenses import DEFENSES
from core.evaluation import Accuracy, Evaluation
from core.evaluation.curve_suites import CODES

APART = ("lq_vae_levels4", "lq_vae_plus")
"""Codes that differ in more than their number of bits; no line joins them with the others."""


@dataclass(frozen=True, kw_only=True)
class Code:
    """One code and everything stored of it.

    Attributes:
        defense: A row of ``DEFENSES``.
        bits: Bits of the code; None where it was not measured.
        clean: Clean images through the purifier.
        robust: Accuracy behind the purifier, by oblivious attack.
        bare: Accuracy of the bare classifier under the same attacks.
        adaptive: Accuracy under an attack that knows the defense.
        adaptive_title: That attack, in words.
        warnings: Reasons not to trust these numbers.
        kept: What the code keeps of picture and attack.
    """

    defense: str
    bits: int | None = None
    clean: Accuracy | None = None
    robust: Mapping[str, Accuracy] = field(default_factory=dict)
    bare: Mapping[str, Accuracy] = field(default_factory=dict)
    adaptive: Accuracy | None = None
    adaptive_title: str = ""
    warnings: tuple[str, ...] = ()
    kept: Coarseness | None = None

    @property
    def apart(self) -> bool:
        """Whether the code differs from the others in more than its bits."""
        return self.defense in APART

    @property
    def place(self) -> str:
        """Its place on the axis of bits, in words."""
        bits = "?" if self.bits is None else str(self.bits)
        extra = {"lq_vae_levels4": "four<br>levels", "lq_vae_plus": "plus"}.get(self.defense)
        return bits if extra is None else f"{bits},<br>{extra}"


def join(
    evaluations: Sequence[Evaluation],
    rows: Sequence[Coarseness],
    bits: Mapping[str, int],
) -> tuple[Code, ...]:
    """One row a code of which anything is stored: first those in line by bits, then the others.

    Args:
        evaluations: Stored cells of the coarseness suite.
        rows: Stored figures of the codes.
        bits: Bits of every trained code, by defense.
    """
    kept = {row.defense: row for row in rows}
    measured = {str(one.specification.defense) for one in evaluations} | kept.keys()
    codes = [
        _code(name, [one for one in evaluations if one.specification.defense == name], kept, bits)
        for name in CODES
        if name in measured and name in DEFENSES
    ]
    return tuple(sorted(codes, key=lambda code: (code.apart, code.bits or 0)))


def _code(
    name: str,
    cells: Sequence[Evaluation],
    kept: Mapping[str, Coarseness],
    bits: Mapping[str, int],
) -> Code:
    row = kept.get(name)
    oblivious = [
        one for one in cells if one.specification.attack and one.specification.threat == "oblivious"
    ]
    adaptive = next((one for one in cells if one.specification.threat == "adaptive"), None)
    clean = [one.clean_defended for one in cells if one.clean_defended is not None]
    return Code(
        defense=name,
        bits=row.bits if row is not None else bits.get(name),
        # Of several measurements the one over most images.
        clean=max(clean, key=lambda accuracy: accuracy.n, default=None),
        robust={against_key(e.specification): e.robust for e in oblivious if e.robust is not None},
        bare={
            against_key(e.specification): e.attacked for e in oblivious if e.attacked is not None
        },
        adaptive=None if adaptive is None else adaptive.robust,
        adaptive_title="" if adaptive is None else _title(adaptive),
        warnings=tuple(dict.fromkeys(warning for one in cells for warning in one.warnings)),
        kept=row,
    )


def _title(evaluation: Evaluation) -> str:
    parameters = dict(evaluation.specification.parameters)
    return f"PGD-{parameters.get('steps', 40)} at {parameters.get('epsilon', 0.3):g}"
