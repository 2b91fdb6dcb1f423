"""Models that are tested while they serve."""

import asyncio
import logging
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from service.engines import Digits, Probabilities
from service.errors import DeadlineError
from service.inference import pulse
from service.inference.models import Models
from service.inference.pulse import Pulse, beating, find_failing
from service.inference.recognition import Model
from service.intake.admission import Gate
from tests.service.in_process import FakeEngine, load_model


class _HangingEngine(FakeEngine):
    """Hangs while it is told to.

    Attributes:
        is_free: While it is cleared, calls do not return.
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_free = threading.Event()
        self.is_free.set()

    def predict(self, images: Digits) -> Probabilities:
        """Answer, once it is free."""
        assert self.is_free.wait(30)
        return super().predict(images)


@pytest.fixture
def engine() -> _HangingEngine:
    """An engine that may come to hang or fail."""
    return _HangingEngine()


@pytest.fixture
def models(engine: _HangingEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Models]:
    """One model with that engine, and another one that works."""
    monkeypatch.setattr(pulse, "INTERVAL_S", 0.01)
    monkeypatch.setattr(pulse, "MAX_AGE_S", 0.3)
    models = Models({"digits": load_model(engine), "textbook": load_model(FakeEngine())}, "digits")
    yield models
    engine.is_free.set()
    models.close()


async def _until_failing(models: Models, failing: list[str]) -> None:
    """Wait until exactly these models are failing."""
    async with asyncio.timeout(20):
        while find_failing(models) != failing:
            await asyncio.sleep(0.01)


class TestPulse:
    """`Pulse`, while it beats."""

    def test_hang(self, engine: _HangingEngine, models: Models) -> None:
        """An engine that hangs is failing soon, alone, and works again when it has come back."""

        async def hang() -> None:
            async with beating(models):
                engine.is_free.clear()
                await _until_failing(models, ["digits"])
                engine.is_free.set()
                await _until_failing(models, [])

        asyncio.run(hang())

    def test_deadlines_while_it_hangs(self, engine: _HangingEngine, models: Models) -> None:
        """Digits that wait for an engine that hangs are answered when their time has run out."""
        place = Gate(1).enter(0.1)

        async def hang() -> None:
            async with beating(models):
                engine.is_free.clear()
                digit, batcher = np.zeros((28, 28), np.uint8), models.find(None).batcher
                waiting = [batcher.predict(digit, place.check) for _ in range(2)]
                answers = asyncio.gather(*waiting, return_exceptions=True)
                outcomes = await asyncio.wait_for(answers, 10)
                assert [type(outcome) for outcome in outcomes] == [DeadlineError] * 2

        asyncio.run(hang())

    def test_end_while_it_hangs(self, engine: _HangingEngine, models: Models) -> None:
        """The service can end its pulse while a test hangs."""

        async def hang() -> None:
            async with beating(models):
                engine.is_free.clear()
                await asyncio.sleep(0.05)

        asyncio.run(hang())

        assert not engine.is_free.is_set()

    @pytest.mark.parametrize("kind", ["raises", "nan"])
    def test_failure(
        self, kind: str, engine: _HangingEngine, models: Models, caplog: pytest.LogCaptureFixture
    ) -> None:
        """An engine that fails is failing until it works again; the log has the cause, once for each time."""

        async def fail() -> None:
            async with beating(models):
                for number in (1, 2):
                    if kind == "raises":
                        engine.failure = RuntimeError("the device is gone")
                    else:
                        engine.probabilities = np.full(10, np.nan, np.float32)
                    await _until_failing(models, ["digits"])
                    async with asyncio.timeout(20):
                        while len(caplog.messages) < number:
                            await asyncio.sleep(0.01)
                    engine.failure = None
                    engine.probabilities = np.eye(10, dtype=np.float32)[7]
                    await _until_failing(models, [])

        with caplog.at_level(logging.ERROR, logger="digitserve"):
            asyncio.run(fail())

        assert caplog.messages == ["self-test of digits failed"] * 2
        assert all(record.exc_info for record in caplog.records)

    def test_runs_beside_the_loop(self, models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
        """Tests run in the threads of the engines."""
        threads: dict[Model, threading.Thread] = {}

        def note_thread(model: Model) -> None:  # of every model: other tests may have a service run
            threads[model] = threading.current_thread()

        monkeypatch.setattr(Model, "self_test", note_thread)

        async def beat() -> None:
            await asyncio.gather(*Pulse(models).beat())

        asyncio.run(beat())

        assert threads.keys() >= set(models.by_name.values())
        assert threading.main_thread() not in threads.values()
