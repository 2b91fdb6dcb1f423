"""What starting makes is left out of the search for garbage; models are not."""

import gc
import subprocess
import sys

import pytest

from service.cli.garbage import kept_for_good

MAX_SEARCHED = 5_000  # objects, of 80,000 with LiteRT and 400,000 with TensorFlow
START = """\
import gc, sys, weakref
from service.cli.hosting import create_trapped_app
from service.telemetry.metrics.block import CounterBlock
from service.inference.models import load_model
from service.settings import Settings

settings = Settings(engine=sys.argv[1])
application = create_trapped_app(settings, None, CounterBlock())
num_searched, is_imported = len(gc.get_objects()), sys.argv[2] in sys.modules

model = load_model(settings.models_dir / "digits/1", sys.argv[1])
engine = weakref.ref(model.engine)
model.batcher.close()
del model
gc.collect()
print(is_imported, gc.isenabled(), engine() is None, num_searched)
"""


class TestKeptForGood:
    """`kept_for_good`."""

    def test_nothing_is_collected_within(self) -> None:
        """What is made within is kept, and only afterwards is garbage looked for again."""
        before = gc.get_freeze_count()
        with kept_for_good():
            is_enabled = gc.isenabled()
            made = [[number] for number in range(10_000)]

        assert not is_enabled
        assert gc.isenabled()
        assert gc.get_freeze_count() - before > len(made)

    def test_after_a_failure(self) -> None:
        """A start that fails does not leave the process without collection."""
        with pytest.raises(ZeroDivisionError), kept_for_good():
            raise ZeroDivisionError

        assert gc.isenabled()


@pytest.mark.parametrize(
    ("engine", "package"),
    [
        ("litert", "ai_edge_litert"),
        pytest.param("tensorflow", "tensorflow", marks=pytest.mark.tensorflow),
    ],
)
def test_of_a_started_service(engine: str, package: str) -> None:
    """Its libraries are never searched, and a model that nobody needs any more is collected."""
    command = [sys.executable, "-c", START, engine, package]

    started = subprocess.run(command, capture_output=True, check=True, text=True)

    *facts, num_searched = started.stdout.split()
    assert facts == ["True", "True", "True"]
    assert int(num_searched) < MAX_SEARCHED
