"""What tests of the service share: a model whose engine the test turns."""

import pytest
from hypothesis import settings

from service.inference.recognition import Model
from tests.service.in_process import FakeEngine, load_model

# A machine that stands still for a moment says nothing of the code: no example is timed.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture
def engine() -> FakeEngine:
    """An engine that says 7 to everything, and may come to fail."""
    return FakeEngine()


@pytest.fixture
def model(engine: FakeEngine) -> Model:
    """The embedded bundle on that engine."""
    return load_model(engine)
