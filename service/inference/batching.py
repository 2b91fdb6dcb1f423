"""Dynamic batching: digits that arrive while the engine is busy form its next batch.

    digit -> queue -> batch, filled up to a known size -> engine, in one thread -> each its own row

A batch computes in a thread, on a core of its own, while the event loop reads and decodes the uploads
that come next; one hop to the thread is paid by all in it. TensorFlow gains once more, since its call
costs much the same for one digit and for many. An idle engine takes a digit at once: nothing waits for
company. A digit alone is computed on the event loop, where the hop would cost more than it could save,
unless the engine is slow: while the loop waits for it, what comes meanwhile is neither seen nor refused.
Where it is known to be alone it is so at once, else at the loop's next turn, when others may have come.
Knows nothing of pictures: what cannot be decoded never comes here.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from service.engines import Digits, Engine, Probabilities
from service.telemetry.request_record import RequestRecord

MAX_INLINE_S = 0.001  # of one digit; a hop to the thread takes a tenth of it
HANGS_S = 1.0  # of a batch; the slowest that works, TensorFlow's first, takes a third of it
NUM_TRIALS = 10  # on a busy machine most are interrupted, and one that is quick suffices

Check = Callable[[], None]
"""Raises if a digit is not wanted any more."""


@dataclass(frozen=True, eq=False)
class _Waiting:
    """A digit uint8 [28, 28], where its answer goes, whether it is still wanted, and since when it waits."""

    digit: Digits
    answer: asyncio.Future[Probabilities]
    check: Check
    record: RequestRecord
    since: float


class Batcher:
    """Calls an engine with all that waits at that moment, one call at a time.

    To be used from one event loop at a time. How many digits may wait is for the caller to bound.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, "batcher")
        self._waiting: deque[_Waiting] = deque()
        # The batch that the thread has, or will have in its turn, and since when, by `perf_counter`.
        self._in_thread: list[_Waiting] = []
        self._in_thread_since = 0.0
        self._is_running = False
        self._is_quick = True
        self._runner: asyncio.Task[None] | None = None  # kept: the loop holds tasks weakly

    def warm_up(self) -> None:
        """Call the engine with every size, so that no client waits for a first time."""
        for size in self._engine.batch_sizes:
            self._thread.submit(self._time_call, size).result()
        size = self._engine.batch_sizes[0]
        trials = (self._thread.submit(self._time_call, size).result() for _ in range(NUM_TRIALS))
        self._is_quick = any(seconds <= MAX_INLINE_S for seconds in trials)

    def _time_call(self, size: int) -> float:
        """Call the engine with so many digits; return how long it took, in seconds."""
        started = time.perf_counter()
        self._engine.predict(np.zeros((size, 28, 28), np.uint8))
        return time.perf_counter() - started

    def close(self) -> None:
        """End the thread, once the batch that runs is done."""
        self._thread.shutdown()

    async def run(self, work: Callable[[], None]) -> None:
        """Do some work in the engine's thread, between two batches.

        Raises:
            Exception: What the work raised.
        """
        await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def drop_unwanted(self) -> None:
        """Fail the digits that are not wanted any more, those of a batch too that does not come back.

        Every digit is checked when its turn comes; where the engine hangs, it never does.
        """
        hangs = time.perf_counter() - self._in_thread_since > HANGS_S
        for waiting in (*(self._in_thread if hangs else ()), *self._waiting):
            _is_wanted(waiting)

    async def predict(
        self,
        digit: Digits,
        check: Check = lambda: None,
        record: RequestRecord | None = None,
        *,
        is_alone: bool = False,
    ) -> Probabilities:
        """Return the engine's answer float32 [10] to a digit uint8 [28, 28].

        Args:
            digit: What to recognise.
            check: Called when its turn comes; where it raises, the digit is not computed.
            record: Where to note how long it waited, how long the engine took, and for how many.
            is_alone: Whether no other digit can come in this turn of the event loop. It is then computed at once,
                if the engine is idle and quick: the turn would cost more than company could save.

        Raises:
            Exception: What `check` raised.
            Exception: Whatever the engine raised for the batch that the digit was in.
        """
        record = record or RequestRecord()
        if is_alone and self._is_quick and not self._is_running:
            check()
            return self._compute_alone(digit, record)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Probabilities] = loop.create_future()
        self._waiting.append(_Waiting(digit, answer, check, record, time.perf_counter()))
        if not self._is_running:
            self._is_running = True
            loop.call_soon(self._start)
        return await answer

    def _start(self) -> None:
        """Run what waits, after the requests that the loop had read have added their digits."""
        batch = self._take()
        if self._needs_thread(batch):
            self._runner = asyncio.create_task(self._run(batch))
        else:  # without a task, which would cost an idle request a tenth more
            self._is_running = False
            if batch:
                _hand_out(batch, self._compute(batch))

    async def _run(self, batch: list[_Waiting]) -> None:
        """Run this batch and the next ones, until nobody waits."""
        loop = asyncio.get_running_loop()
        while batch:
            if self._needs_thread(batch):
                self._in_thread, self._in_thread_since = batch, time.perf_counter()
                outcome = await loop.run_in_executor(self._thread, self._compute, batch)
                self._in_thread = []
            else:
                outcome = self._compute(batch)
            _hand_out(batch, outcome)
            batch = self._take()
        self._is_running = False

    def _needs_thread(self, batch: list[_Waiting]) -> bool:
        """Tell whether the event loop has better things to do than this batch."""
        return len(batch) > 1 or bool(self._waiting) or bool(batch and not self._is_quick)

    def _take(self) -> list[_Waiting]:
        """Take the next batch from the queue, without those who are not wanted any more."""
        batch: list[_Waiting] = []
        while self._waiting and len(batch) < self._engine.batch_sizes[-1]:
            waiting = self._waiting.popleft()
            if _is_wanted(waiting):
                batch.append(waiting)
        return batch

    def _compute(self, batch: list[_Waiting]) -> list[Probabilities] | Exception:
        """Call the engine for a batch; return each its row, or the failure of all."""
        started = time.perf_counter()
        try:
            answers = self._call([waiting.digit for waiting in batch])
        except Exception as error:  # an engine may raise anything, and the next batch goes on
            return error
        ended = time.perf_counter()
        batch[0].record.batch_size = len(batch)
        for waiting in batch:
            _note(waiting.record, waiting.since, started, ended)
        return answers

    def _compute_alone(self, digit: Digits, record: RequestRecord) -> Probabilities:
        """Call the engine for a digit that has not waited."""
        started = time.perf_counter()
        (answer,) = self._call([digit])
        record.batch_size = 1
        _note(record, started, started, time.perf_counter())
        return answer

    def _call(self, digits: list[Digits]) -> list[Probabilities]:
        """Call the engine for digits, filled up to a size that it knows; return the row of each."""
        size = next(size for size in self._engine.batch_sizes if size >= len(digits))
        filled = np.zeros((size, 28, 28), np.uint8)
        for place, digit in enumerate(digits):
            filled[place] = digit
        rows = self._engine.predict(filled)
        return [rows[place] for place in range(len(digits))]


def _note(record: RequestRecord, since: float, started: float, ended: float) -> None:
    """Note in the record of a digit, which waited since a time, when the engine's call for it began and ended."""
    record.queue_at = since
    record.queue_s = started - since
    record.model_s = ended - started


def _is_wanted(waiting: _Waiting) -> bool:
    """Tell whether someone still waits for a digit; who waits in vain is told why."""
    if waiting.answer.done():
        return False
    try:
        waiting.check()
    except Exception as reason:  # handed on as the digit's answer
        waiting.answer.set_exception(reason)
        return False
    return True


def _hand_out(batch: list[_Waiting], outcome: list[Probabilities] | Exception) -> None:
    """Give everyone in a batch who still waits the answer, or the failure."""
    for place, waiting in enumerate(batch):
        if waiting.answer.done():
            continue
        if isinstance(outcome, Exception):
            waiting.answer.set_exception(outcome)
        else:
            waiting.answer.set_result(outcome[place])
