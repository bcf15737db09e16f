"""The tiny classifier, trained once."""

import pytest

from tests.core.attacks.tiny import Tiny, make_tiny


@pytest.fixture(scope="session")
def tiny() -> Tiny:
    return make_tiny()
