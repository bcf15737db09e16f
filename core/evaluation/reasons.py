"""Why a cell of a table is empty, and what fills it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from core.checkpoints import checkpoint_rows, train_command
from core.evaluation.checking import checkpoints_of
from core.evaluation.commands import command_for, estimated_hours
from core.evaluation.paper_lines import Line
from core.evaluation.paper_matching import NOISE
from core.evaluation.specification import Specification

Kind: TypeAlias = Literal["not measured", "not trained", "no images", "nothing"]

CELEBA = (
    "No CelebA images are part of this project. To measure these cells, put them where "
    "`torchvision.datasets.CelebA` looks for them in the data folder (`python -m core data` says "
    "what is missing), train "
    "`python -m core train a --dataset celeba` and likewise `b`, `c` and `lq_vae`, and measure "
    "with `python -m core evaluate table white-box --dataset celeba`."
)


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Why a cell is empty.

    Attributes:
        kind: In two words, for the cell itself.
        reason: In a sentence, for below the table.
        commands: What to run, in this order.
        hours: How long the measurement takes, by estimate.
    """

    kind: Kind
    reason: str
    commands: tuple[str, ...] = ()
    hours: float | None = None


def why_empty(line: Line, column: str, wanted: Specification | None) -> Missing:
    """Why nothing of ours is in a cell.

    Args:
        line: Its row.
        column: Its column.
        wanted: What would fill it; None where nothing can.
    """
    if line.dataset == "celeba":
        return Missing(kind="no images", reason=CELEBA)
    if column == NOISE and line.attack is None:
        return Missing(kind="nothing", reason="Nothing to compare: these images are clean.")
    if wanted is None and column != NOISE:
        return Missing(
            kind="nothing",
            reason="A substitute trained on answers is measured for the quick defenses alone.",
        )
    if wanted is None:
        return Missing(
            kind="not measured",
            reason="The noise takes its size from the attack, which has not been measured yet.",
        )
    commands = (*(train_command(line.dataset, name) for name in _untrained(wanted)),)
    return Missing(
        kind="not trained" if commands else "not measured",
        reason="Some of its networks are not trained yet." if commands else "Not measured yet.",
        commands=(*commands, command_for(wanted)),
        hours=estimated_hours(wanted),
    )


def _untrained(wanted: Specification) -> list[str]:
    """Checkpoints a measurement needs and the manifest does not have."""
    names = checkpoints_of(wanted)
    there = {found.name for found in checkpoint_rows() if found.dataset == wanted.dataset}
    return [name for name in names if name not in there]
