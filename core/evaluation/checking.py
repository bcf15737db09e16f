"""What an evaluation refuses, before anything is loaded or computed."""

from core.attacks import ATTACKS, make_attack
from core.checkpoints import find_row
from core.data import dataset_state
from core.defenses import DEFENSES
from core.evaluation.specification import Specification
from core.types import LabError

PAPERNOT = "papernot"
"""The substitute that is trained from the defended classifier's own answers."""

PAPERNOT_IMAGES = 150
"""Images of the split, behind the evaluated ones, that the substitute grows from."""


def check(specification: Specification) -> None:
    """Hold a specification to what there is.

    Raises:
        LabError: An unknown name, an impossible parameter, or more images than the split has.
    """
    spec = specification
    _check_defense(spec)
    if spec.attack is not None:
        if spec.attack not in ATTACKS:
            raise LabError(f"unknown attack {spec.attack!r}; choose from {', '.join(ATTACKS)}")
        make_attack(spec.attack, **dict(spec.parameters))
    find_row(spec.dataset, spec.classifier)
    kept_back = 0
    if spec.substitute == PAPERNOT:
        kept_back = PAPERNOT_IMAGES
    elif spec.substitute is not None:
        find_row(spec.dataset, spec.substitute)
    state = dataset_state(spec.dataset)
    there = state.readable.get(spec.split)
    if there is None:
        readable = ", ".join(state.readable) or "none"
        raise LabError(
            f"the {spec.split!r} split of {spec.dataset} cannot be read here (there is: "
            f"{readable}); `python -m core data` says what is missing"
        )
    if spec.n + kept_back > there:
        behind = f" and the {kept_back} its substitute needs" if kept_back else ""
        raise LabError(
            f"{spec.n:,} images{behind} are more than the {there:,} of the {spec.split} split; "
            "lower n"
        )


def _check_defense(spec: Specification) -> None:
    """Hold a defense and its settings to ``DEFENSES``."""
    if spec.defense is not None and spec.defense not in DEFENSES:
        raise LabError(f"unknown defense {spec.defense!r}; choose from {', '.join(DEFENSES)}")
    known = DEFENSES[spec.defense].settings if spec.defense is not None else {}
    for name, value in spec.settings:
        if name not in known:
            choices = ", ".join(known) or "none"
            raise LabError(f"{spec.defense} has no setting {name!r}; choose from {choices}")
        if not known[name].low <= value <= known[name].high:
            raise LabError(
                f"{name} of {spec.defense} must be {known[name].low} to {known[name].high}, "
                f"got {value}"
            )


def checkpoints_of(specification: Specification) -> tuple[str, ...]:
    """Names of the checkpoints that an evaluation depends on."""
    names = [specification.classifier]
    if specification.defense is not None:
        checkpoint = DEFENSES[specification.defense].checkpoint
        names += [checkpoint] if checkpoint else []
    if specification.substitute not in (None, PAPERNOT):
        names.append(str(specification.substitute))
    return tuple(dict.fromkeys(names))


def hashes_of(specification: Specification) -> dict[str, str]:
    """sha256 of those checkpoints, by name.

    Raises:
        CheckpointError: One of them is missing.
    """
    return {
        name: find_row(specification.dataset, name).sha256 for name in checkpoints_of(specification)
    }
