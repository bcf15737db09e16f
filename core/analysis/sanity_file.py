"""Stored checks: what the quantizer page shows at once, written and read."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from core.analysis.attack_checks import Point
from core.analysis.attacked_spec import AttackedSpec
from core.analysis.checks import Check
from core.analysis.lipschitz import Penalty, penalty_of
from core.analysis.sanity import Pipeline, check_quantizer
from core.analysis.sanity_report import CodeFigures, Sanity, SoftCurve
from core.analysis.storage import damaged, find, keep, replace_file, shipped_folder
from core.checkpoints import find_row, load_classifier
from core.defenses import DEFENSES, load_defense
from core.evaluation import Accuracy
from core.types import OnStep

FORMAT = 1
"""Counts up whenever the checks mean something else; older results are then made again."""

DEFAULT = AttackedSpec(
    dataset="mnist",
    classifier="a",
    defense="lq_vae",
    attack="pgd",
    parameters=(("steps", 10),),
    n=200,
)
"""What is checked where nobody has asked for anything else."""

KIND = "sanity"


def load_pipeline(spec: AttackedSpec) -> Pipeline:
    """The models of a specification, on the chosen device.

    Raises:
        LabError: One of them is missing or damaged; the message says how to mend it.
    """
    return Pipeline(
        classifier=load_classifier(spec.dataset, spec.classifier),
        purifier=load_defense(spec.dataset, spec.defense),
        penalty=trained_penalty(spec),
    )


def trained_penalty(spec: AttackedSpec) -> Penalty | None:
    """The gradient penalty of a defense's training; None for one without weights."""
    checkpoint = DEFENSES[spec.defense].checkpoint
    return None if checkpoint is None else penalty_of(find_row(spec.dataset, checkpoint))


def make_sanity(
    spec: AttackedSpec,
    pipeline: Pipeline,
    images: Tensor,
    labels: Tensor,
    on_step: OnStep | None = None,
) -> Sanity:
    """Run the checks as ``check_quantizer`` does, and keep them: nothing is checked twice."""
    made = check_quantizer(spec, pipeline, images, labels, on_step)
    keep(KIND, _name(spec), lambda path: write_sanity(made, path))
    return made


def find_sanity(spec: AttackedSpec) -> Sanity | None:
    """Stored checks of exactly this, on the present checkpoints; shipped or made here.

    Raises:
        LabError: The shipped file is damaged.
    """
    shipped = stored_file(spec)
    if shipped.exists():
        stored = read_sanity(shipped)
        if stored.spec == spec and stored.hashes == spec.hashes():
            return stored
    return find(KIND, _name(spec), read_sanity)


def stored_file(spec: AttackedSpec) -> Path:
    """Where the checks of a pipeline lie that ship with the repository."""
    return shipped_folder() / f"sanity-{spec.dataset}-{spec.classifier}-{spec.defense}.json"


def write_sanity(made: Sanity, path: Path) -> None:
    """Write checks as JSON, whole or not at all."""
    document = {"format": FORMAT, **asdict(made), "spec": made.spec.as_dict()}
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False) + "\n"
    replace_file(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def read_sanity(path: Path) -> Sanity:
    """The checks of ``write_sanity``.

    Raises:
        LabError: The file is missing, damaged, or of another version.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ValueError(f"format {document['format']!r} instead of {FORMAT}")
        return Sanity(
            spec=AttackedSpec.from_dict(document["spec"]),
            checks=tuple(Check(**row) for row in document["checks"]),
            points=tuple(_point(row) for row in document["points"]),
            code=None if document["code"] is None else _code(document["code"]),
            hashes=dict(document["hashes"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(path, error) from error


def _name(spec: AttackedSpec) -> str:
    return f"{FORMAT}-{spec.fingerprint()}.json"


def _point(row: Mapping[str, Any]) -> Point:
    return Point(
        epsilon=float(row["epsilon"]),
        bare=_accuracy(row["bare"]),
        defended=_accuracy(row["defended"]),
        largest=float(row["largest"]),
    )


def _accuracy(row: Mapping[str, Any]) -> Accuracy:
    accuracy = Accuracy(correct=int(row["correct"]), n=int(row["n"]))
    _ = accuracy.interval  # refuses impossible counts
    return accuracy


def _code(row: Mapping[str, Any]) -> CodeFigures:
    curve = row["curve"]
    lists = ("walls", "kept", "plus", "gradients", "adversarial", "noise")
    return CodeFigures(
        curve=SoftCurve(
            latents=tuple(curve["latents"]),
            hard=tuple(tuple(line) for line in curve["hard"]),
            soft=tuple(tuple(line) for line in curve["soft"]),
        ),
        penalty=Penalty(**row["penalty"]),
        **{name: tuple(row[name]) for name in lists},
    )
