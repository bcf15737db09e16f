from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.evaluation import Specification, estimated_hours, store_results
from core.evaluation.commands import _timed
from tests.core.evaluation.invented import invent

PGD = Specification(
    dataset="mnist",
    classifier="a",
    defence="lq_vae",
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
