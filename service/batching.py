"""Dynamic batching: digits that arrive while the engine is busy form its next batch.

    digit -> queue -> batch, filled up to a known size -> engine, in one thread -> each its own row

For engines whose call costs much the same for one digit and for many, as TensorFlow's does; LiteRT's
gains nothing from it. An idle engine takes a digit at once: nothing waits for company. A digit alone is
computed on the event loop, where a hop to the thread would cost it more than company could save.
Knows nothing of pictures: what cannot be decoded never comes here.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.errors import OverloadedError

# A batch is filled up to one of these, so that the engine meets no shape that it has not met before.
SIZES = (1, 2, 4, 8, 16, 32)
MAX_WAITING = 512  # digits; at 0.2 ms each a tenth of a second

Digits = npt.NDArray[np.uint8]
Probabilities = npt.NDArray[np.float32]


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

    def __init__(
        self, predict: Callable[[Digits], Probabilities], *, max_waiting: int = MAX_WAITING
    ) -> None:
        self.max_waiting = max_waiting
        self._predict = predict
        self._thread = ThreadPoolExecutor(1, "batcher")
        self._waiting: deque[_Waiting] = deque()
        self._runner: asyncio.Task[None] | None = None

    def warm_up(self) -> None:
        """Call the engine with every size, so that no client waits for a first time."""
        for size in SIZES:
            self._thread.submit(self._predict, np.zeros((size, 28, 28), np.uint8)).result()

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
        waiting = _Waiting(digit, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        return await waiting.answer

    async def _run(self) -> None:
        """Run batches until nobody waits."""
        while batch := self._take():
            await self._answer(batch)

    def _take(self) -> list[_Waiting]:
        """Take the next batch from the queue, without those whose clients have gone."""
        batch: list[_Waiting] = []
        while self._waiting and len(batch) < SIZES[-1]:
            waiting = self._waiting.popleft()
            if not waiting.answer.done():
                batch.append(waiting)
        return batch

    async def _answer(self, batch: list[_Waiting]) -> None:
        """Run one batch and hand each its row; a failure is that of everyone in it."""
        digits = np.zeros((_size_for(len(batch)), 28, 28), np.uint8)
        for place, waiting in enumerate(batch):
            digits[place] = waiting.digit
        try:
            rows = await self._call(digits)
            answers = [rows[place] for place in range(len(batch))]
        except Exception as error:  # an engine may raise anything, and the next batch goes on
            for waiting in batch:
                if not waiting.answer.done():
                    waiting.answer.set_exception(error)
        else:
            for waiting, answer in zip(batch, answers, strict=True):
                if not waiting.answer.done():
                    waiting.answer.set_result(answer)

    async def _call(self, digits: Digits) -> Probabilities:
        """Call the engine: for one digit at once, for more in the thread."""
        if len(digits) == 1:
            return self._predict(digits)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._predict, digits)


def _size_for(num_digits: int) -> int:
    """Return the smallest known size that holds so many."""
    return next(size for size in SIZES if size >= num_digits)
