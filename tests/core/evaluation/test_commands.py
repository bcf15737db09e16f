import argparse
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.evaluating import add_arguments, plain_parameters, whole_settings
from core.evaluation import Specification, estimated_hours, store_results
from core.evaluation.commands import _timed, command_for
from tests.core.evaluation.invented import invent

PGD = Specification(
    dataset="mnist",
    classifier="a",
    defense="lq_vae",
    attack="pgd",
    parameters=(("epsilon", 0.1), ("steps", 80)),
    threat="adaptive",
)


@pytest.fixture
def stored(checkpoint_copy: Path) -> Iterator[None]:
    """One PGD of 80 steps that took a second an image."""
    store_results("mnist-adaptive", [replace(invent(PGD), attack_ms=1000.0)])
    _timed.cache_clear()
    yield
    _timed.cache_clear()


@pytest.mark.usefixtures("stored")
def test_hours_grow_with_images_steps_and_draws() -> None:
    assert estimated_hours(replace(PGD, n=3600)) == pytest.approx(1.0)
    assert estimated_hours(replace(PGD, n=1800, draws=4)) == pytest.approx(2.0)
    # Forty steps are the default, which no specification has to write out.
    default = replace(PGD, n=3600, parameters=(("epsilon", 0.1),))
    assert estimated_hours(default) == pytest.approx(0.5)


@pytest.mark.usefixtures("stored")
def test_what_was_never_measured_has_no_estimate() -> None:
    assert estimated_hours(replace(PGD, attack="cw", parameters=())) is None


@pytest.mark.usefixtures("stored")
def test_what_a_gpu_took_is_no_estimate_here(checkpoint_copy: Path) -> None:
    fast = replace(invent(PGD), attack_ms=1.0, device="cuda")
    store_results("mnist-adaptive", [fast, replace(invent(replace(PGD, n=7)), attack_ms=1000.0)])
    _timed.cache_clear()
    assert estimated_hours(replace(PGD, n=3600)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"checked": False, "draws": 4},
        {"surrogates": ("identity", "bare classifier"), "seed": 3},
        {"defense": "jpeg", "settings": (("quality", 20),), "split": "validation"},
    ],
)
def test_a_command_asks_for_its_cell(change: dict[str, Any]) -> None:
    spec = replace(PGD, **change)
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    words = shlex.split(command_for(spec))
    assert words[:4] == ["python", "-m", "core", "evaluate"]
    read = parser.parse_args(words[4:])
    surrogates = read.surrogates and tuple(read.surrogates.split(","))
    assert (read.defense, whole_settings(read.settings)) == (spec.defense, spec.settings)
    assert plain_parameters(read.set) == spec.parameters
    assert (read.threat, read.draws, not read.no_checks) == ("adaptive", spec.draws, spec.checked)
    assert (surrogates, read.split, read.n) == (spec.surrogates, spec.split, spec.n)
    assert read.seed == spec.seed
