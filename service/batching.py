"""Dynamic batching: digits that arrive while the engine is busy form its next batch.

    digit -> queue -> batch, filled up to a known size -> engine, in one thread -> each its own row

A batch computes in a thread, on a core of its own, while the event loop reads and decodes the uploads
that come next; one hop to the thread is paid by all in it. TensorFlow gains once more, since its call
costs much the same for one digit and for many. An idle engine takes a digit at once: nothing waits for
company. A digit alone is computed on the event loop, where the hop would cost more than it could save.
Knows nothing of pictures: what cannot be decoded never comes here.
"""

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from service.engines import Digits, Engine, Probabilities
from service.errors import OverloadedError

MAX_WAITING = 512  # digits; at 0.2 ms each a tenth of a second


@dataclass(frozen=True, eq=False)
class _Waiting:
    """A digit uint8 [28, 28] and where its answer goes."""

    digit: Digits
    answer: asyncio.Future[Probabilities]


class Batcher:
    """Calls an engine with all that waits at that moment, one call at a time.

    To be used from one event loop at a time.

    Attributes:
        max_waiting: Most digits that wait for the next batch.
    """

    def __init__(self, engine: Engine, *, max_waiting: int = MAX_WAITING) -> None:
        self.max_waiting = max_waiting
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, "batcher")
        self._waiting: deque[_Waiting] = deque()
        self._is_running = False
        self._runner: asyncio.Task[None] | None = None  # kept: the loop holds tasks weakly

    def warm_up(self) -> None:
        """Call the engine with every size, so that no client waits for a first time."""
        for size in self._engine.batch_sizes:
            self._thread.submit(self._engine.predict, np.zeros((size, 28, 28), np.uint8)).result()

    def close(self) -> None:
        """End the thread, once the batch that runs is done."""
        self._thread.shutdown()

    async def predict(self, digit: Digits) -> Probabilities:
        """Return the engine's answer float32 [10] to a digit uint8 [28, 28].

        Raises:
            OverloadedError: If too many digits wait already.
            Exception: Whatever the engine raised for the batch that the digit was in.
        """
        if len(self._waiting) >= self.max_waiting:
            raise OverloadedError(
                f"{self.max_waiting} digits wait for the engine, the most that may. Send it again in a second."
            )
        loop = asyncio.get_running_loop()
        waiting = _Waiting(digit, loop.create_future())
        self._waiting.append(waiting)
        if not self._is_running:
            self._is_running = True
            loop.call_soon(self._start)
        return await waiting.answer

    def _start(self) -> None:
        """Run what waits, after the requests that the loop had read have added their digits."""
        batch = self._take()
        if len(batch) > 1 or self._waiting:
            self._runner = asyncio.create_task(self._run(batch))
        else:  # without a task, which would cost an idle request a tenth more
            self._is_running = False
            if batch:
                _hand_out(batch, self._compute(batch))

    async def _run(self, batch: list[_Waiting]) -> None:
        """Run this batch and the next ones, until nobody waits."""
        loop = asyncio.get_running_loop()
        while batch:
            if len(batch) == 1:
                outcome = self._compute(batch)
            else:
                outcome = await loop.run_in_executor(self._thread, self._compute, batch)
            _hand_out(batch, outcome)
            batch = self._take()
        self._is_running = False

    def _take(self) -> list[_Waiting]:
        """Take the next batch from the queue, without those whose clients have gone."""
        batch: list[_Waiting] = []
        while self._waiting and len(batch) < self._engine.batch_sizes[-1]:
            waiting = self._waiting.popleft()
            if not waiting.answer.done():
                batch.append(waiting)
        return batch

    def _compute(self, batch: list[_Waiting]) -> list[Probabilities] | Exception:
        """Call the engine for a batch; return each its row, or the failure of all."""
        size = next(size for size in self._engine.batch_sizes if size >= len(batch))
        digits = np.zeros((size, 28, 28), np.uint8)
        for place, waiting in enumerate(batch):
            digits[place] = waiting.digit
        try:
            rows = self._engine.predict(digits)
            return [rows[place] for place in range(len(batch))]
        except Exception as error:  # an engine may raise anything, and the next batch goes on
            return error


def _hand_out(batch: list[_Waiting], outcome: list[Probabilities] | Exception) -> None:
    """Give everyone in a batch who still waits the answer, or the failure."""
    for place, waiting in enumerate(batch):
        if waiting.answer.done():
            continue
        if isinstance(outcome, Exception):
            waiting.answer.set_exception(outcome)
        else:
            waiting.answer.set_result(outcome[place])
