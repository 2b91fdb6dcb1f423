"""The pulse: a real inference of every model every other second, the way that batches go.

models -> self-test, in the engine's thread -> age of the last success -> readiness, watchdog
       -> a look twice a second -> digits whose time ran out -> 503

A thread that hangs cannot be asked, and whoever asked it would hang too. So nobody asks: the age tells.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from service.inference.models import Models
from service.inference.recognition import Model

INTERVAL_S = 2.0  # between two self-tests of a model; each takes one to two milliseconds
LOOKS = 4  # in an interval, for digits whose time ran out; a timer for each would cost an upload a hundredth
MAX_AGE_S = 5.0  # of the last success; with an older one a model does not count as working

logger = logging.getLogger("digitserve")


def find_failing(models: Models) -> list[str]:
    """Return the names of the models that have not computed anything of late."""
    return [name for name, model in models.by_name.items() if model.self_test_age_s > MAX_AGE_S]


@asynccontextmanager
async def beating(models: Models) -> AsyncGenerator[None]:
    """Test the models once, then while the service runs."""
    pulse = Pulse(models)
    await asyncio.gather(*pulse.beat())
    task = asyncio.create_task(pulse.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class Pulse:
    """Tests models over and over, each for itself, so that one that hangs leaves the others alone.

    Args:
        models: Those that are served, whichever these are at the time.
    """

    def __init__(self, models: Models) -> None:
        self._models = models
        self._running: dict[Model, asyncio.Task[None]] = {}
        self._failed: set[Model] = set()

    async def run(self) -> None:
        """Test them for ever."""
        try:
            while True:
                for _ in range(LOOKS):
                    await asyncio.sleep(INTERVAL_S / LOOKS)
                    self.drop_unwanted()
                self.beat()
        finally:
            for test in self._running.values():
                test.cancel()

    def drop_unwanted(self) -> None:
        """Answer those whose time ran out while they wait for an engine, which may hang."""
        for model in (
            *self._models.by_name.values(),
            *self._models.pinned.values(),
            *self._running,
        ):
            model.batcher.drop_unwanted()

    def beat(self) -> list[asyncio.Task[None]]:
        """Begin a test of every model whose last one is over; return all that run."""
        for model in self._models.by_name.values():
            if model not in self._running:
                self._running[model] = asyncio.create_task(self._test(model))
        return list(self._running.values())

    async def _test(self, model: Model) -> None:
        """Test a model; log a failure once, until a test succeeds."""
        try:
            await model.batcher.run(model.self_test)
        except Exception as error:  # an engine that fails may raise anything
            if model not in self._failed:
                logger.error("self-test of %s failed", model.bundle.manifest.name, exc_info=error)
            self._failed.add(model)
        else:
            self._failed.discard(model)
        finally:
            del self._running[model]
