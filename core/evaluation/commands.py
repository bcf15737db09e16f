"""The shell command that measures a cell, and about how long it takes here."""

import json
import shlex
from collections.abc import Iterable
from functools import cache

from core.attacks import make_attack
from core.data import DATASETS
from core.devices import pick_device
from core.evaluation.results import stored_results
from core.evaluation.specification import Evaluation, Specification
from core.evaluation.suites import SUITES
from core.types import LabError


def command_for(specification: Specification) -> str:
    """The command that measures a cell; ready to paste."""
    spec = specification
    words = ["python -m core evaluate", f"--dataset {spec.dataset}"]
    words.append(f"--classifier {spec.classifier}")
    if spec.defense is not None:
        words.append(f"--defense {spec.defense}")
    if spec.settings:
        words.append("--settings " + " ".join(f"{name}={value}" for name, value in spec.settings))
    if spec.attack is not None:
        words.append(f"--attack {spec.attack}")
    if spec.parameters:
        pairs = " ".join(f"{name}={_plain(value)}" for name, value in spec.parameters)
        words.append(f"--set {pairs}")
    if spec.threat != "oblivious":
        words.append(f"--threat {spec.threat}")
    if spec.substitute is not None:
        words.append(f"--substitute {spec.substitute}")
    words += _adaptive_words(spec)
    words += [f"--split {spec.split}", f"--n {spec.n}"]
    if spec.seed:
        words.append(f"--seed {spec.seed}")
    return " ".join(words)


def _adaptive_words(spec: Specification) -> list[str]:
    """What only an adaptive attacker chooses."""
    words = []
    if spec.surrogates is not None:
        words.append("--surrogates " + shlex.quote(",".join(spec.surrogates)))
    if spec.draws != 1:
        words.append(f"--draws {spec.draws}")
    if not spec.checked:
        words.append("--no-checks")
    return words


def table_command(suite: str, dataset: str) -> str:
    """The command that measures and stores a whole suite."""
    return f"python -m core evaluate table {suite} --dataset {dataset}"


def estimated_hours(specification: Specification) -> float | None:
    """Hours a cell takes, by the stored times of the cells most like it; None without any.

    The same attack under the same threat counts; the same classifier and defense count more.
    """
    best: tuple[int, float] | None = None
    for evaluation in _timed():
        spec = evaluation.specification
        if (spec.attack, spec.threat) != (specification.attack, specification.threat):
            continue
        likeness = 2 * (spec.classifier == specification.classifier)
        likeness += spec.defense == specification.defense
        milliseconds = (evaluation.attack_ms or 0.0) * _effort(specification) / _effort(spec)
        if best is None or likeness > best[0]:
            best = (likeness, milliseconds)
    return None if best is None else best[1] * specification.n / 3_600_000


def _effort(specification: Specification) -> float:
    """What the time grows with, besides the images; parameters left out are their defaults."""
    effort = float(specification.draws)
    if specification.attack is not None:
        attack = make_attack(specification.attack, **dict(specification.parameters))
        for name in ("steps", "restarts", "searches", "squares"):
            effort *= float(getattr(attack, name, 1))
    return effort


@cache
def _timed() -> tuple[Evaluation, ...]:
    # What a GPU took says nothing about a machine without one.
    here = pick_device().type
    return tuple(e for e in _all_stored() if e.attack_ms and e.device.startswith(here))


def _all_stored() -> Iterable[Evaluation]:
    for dataset in DATASETS:
        for suite in SUITES:
            try:
                yield from stored_results(f"{dataset}-{suite}")
            except LabError:
                continue


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
