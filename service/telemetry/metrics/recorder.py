"""The recorder: counts what a worker does in its row. It writes on the event loop alone, without locks."""

import time
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from service.telemetry.metrics.block import CounterBlock
from service.telemetry.metrics.drift import remember
from service.telemetry.metrics.layout import (
    BATCH_SIZES,
    CHANGES,
    CONFIDENCES,
    CONNECTION_ENDS,
    DURATIONS,
    ENDS,
    IN_FLIGHT,
    LOG_LINES_LOST,
    LOSSES,
    MAX_ROUTES,
    SHED,
    SPANS_LOST,
    STEP_DURATIONS,
    VERSION_CHANGES,
    prediction_cell,
    request_cell,
)
from service.telemetry.request_record import AnswerRecord, RequestRecord

SAMPLE_S = 0.01  # least time between two digits whose drift is measured, which takes 25 us
OTHER = MAX_ROUTES - 1  # the route of a path that is none of ours


class Recorder:
    """Counts requests, batches and answers.

    Attributes:
        block: The block of all workers.
        routes: Templates of the routes, whose places are their numbers.

    Args:
        block: Where to count; by default in memory that nobody else sees.
        routes: Templates of the routes; those too many are counted as other paths.
    """

    def __init__(self, block: CounterBlock | None = None, routes: Iterable[str] = ()) -> None:
        self.block = block or CounterBlock()
        self.routes: Sequence[str] = sorted(set(routes))[:OTHER]
        self._numbers = {route: number for number, route in enumerate(self.routes)}
        self._row = self.block.claim_row()
        self._cells = self.block.cells(self._row)
        self._sampled_at = -SAMPLE_S

    def begin(self) -> None:
        """Count a request that has come."""
        self._cells[IN_FLIGHT] += 1.0

    def end(self) -> None:
        """Count a request that has gone."""
        self._cells[IN_FLIGHT] -= 1.0

    @property
    def is_idle(self) -> bool:
        """Whether every request that has come has gone."""
        return not self._cells[IN_FLIGHT]

    def count(self, route: str, status: int, duration_s: float, record: RequestRecord) -> None:
        """Count a request that was answered, and its steps.

        Args:
            route: Template of its route; another path is counted as such.
            status: That was sent.
            duration_s: From its coming to the end of its answer, in seconds.
            record: What was learned of it.
        """
        cells = self._cells
        number = self._numbers.get(route, OTHER)
        cells[request_cell(number, status)] += 1.0
        DURATIONS[number].observe(cells, duration_s)
        if record.decode_s is not None or record.queue_s is not None:  # tensors need no decoding
            self._count_steps(record)
        if record.batch_size is not None:
            BATCH_SIZES.observe(cells, record.batch_size)
        if record.answer is not None:
            self.count_answer(record.answer)

    def count_shed(self) -> None:
        """Count a request that was refused because too much was to do."""
        self._cells[SHED] += 1.0

    def count_change(self, outcome: str) -> None:
        """Count a change of versions that was asked for, with what became of it, one of `CHANGES`."""
        self._cells[VERSION_CHANGES + CHANGES.index(outcome)] += 1.0

    def count_lost_spans(self, reason: str, number: int) -> None:
        """Count spans that never reach the collector, with the reason, one of `LOSSES`.

        Each reason is counted by one thread alone, whichever that is.
        """
        self._cells[SPANS_LOST + LOSSES.index(reason)] += number

    def count_connection_end(self, reason: str) -> None:
        """Count a connection that the server ended for its client's fault, with the reason, one of `ENDS`."""
        self._cells[CONNECTION_ENDS + ENDS.index(reason)] += 1.0

    def count_lost_lines(self, number: int) -> None:
        """Count lines of the log that nobody could be given; under the lock of the log."""
        self._cells[LOG_LINES_LOST] += number

    def count_answer(self, answer: AnswerRecord) -> None:
        """Count an answer; now and then measure its drift."""
        self._cells[prediction_cell(answer.digit, answer.status)] += 1.0
        CONFIDENCES.observe(self._cells, answer.confidence)
        now = time.monotonic()
        if now - self._sampled_at >= SAMPLE_S:
            self._sampled_at = now
            remember(self._own_row(), answer.canonical, (answer.confidence, answer.digit))

    def _count_steps(self, record: RequestRecord) -> None:
        """Count the durations of the steps that were taken."""
        durations = (record.decode_s, record.preprocess_s, record.queue_s, record.model_s)
        for histogram, duration_s in zip(STEP_DURATIONS, durations, strict=True):
            if duration_s is not None:
                histogram.observe(self._cells, duration_s)

    def _own_row(self) -> npt.NDArray[np.float64]:
        """The cells as an array."""
        row: npt.NDArray[np.float64] = self.block.rows[self._row]
        return row
