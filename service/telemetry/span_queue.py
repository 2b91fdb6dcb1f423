"""The queue of spans that wait for the collector: bounded, and what finds no room is dropped and counted.

span that has ended -> room? -> OpenTelemetry's own queue and thread -> exporter

It needs the libraries of the extra `otel`.
"""

import logging
import os
from collections.abc import Sequence

from opentelemetry.sdk.environment_variables import (
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE,
    OTEL_BSP_MAX_QUEUE_SIZE,
    OTEL_BSP_SCHEDULE_DELAY,
)
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from service.telemetry.metrics.recorder import Recorder

# Where the environment has no other; OpenTelemetry's own.
MAX_SPANS = 2048
MAX_SPANS_AT_ONCE = 512
DELAY_MS = 5000
MAX_DIGITS = 9  # of a number in the environment

logger = logging.getLogger("digitserve")


class SpanQueue(BatchSpanProcessor):
    """Sends spans in the background, by a thread of its own; no request ever waits for it.

    Args:
        exporter: Sends them.
        recorder: Counts those that are lost.
    """

    def __init__(self, exporter: SpanExporter, recorder: Recorder) -> None:
        self._max_spans = _read(OTEL_BSP_MAX_QUEUE_SIZE, MAX_SPANS)
        self._recorder = recorder
        self._exporting = _CountingExporter(exporter, recorder)
        # Each number has one writer: that of the spans taken the event loop, that of the spans sent the thread.
        self._num_taken = 0
        self._is_told = False
        super().__init__(
            self._exporting,
            max_queue_size=self._max_spans,
            schedule_delay_millis=_read(OTEL_BSP_SCHEDULE_DELAY, DELAY_MS),
            max_export_batch_size=min(
                _read(OTEL_BSP_MAX_EXPORT_BATCH_SIZE, MAX_SPANS_AT_ONCE), self._max_spans
            ),
        )

    def on_end(self, span: ReadableSpan) -> None:
        """Take a span that has ended, on the event loop, if fewer than the bound wait."""
        if self._num_taken - self._exporting.num_done < self._max_spans:
            self._num_taken += span.context is not None and span.context.trace_flags.sampled
            super().on_end(span)
            return
        self._recorder.count_lost_spans("queue_full", 1)
        if not self._is_told:
            self._is_told = True
            logger.warning(
                "The collector of traces takes spans too slowly: those that find no room among %d are dropped, "
                "and counted in digitserve_spans_lost_total.",
                self._max_spans,
            )


def _read(variable: str, default: int) -> int:
    """Return a number from the environment; where it holds none from 1 on, the default, and the log says so."""
    text = os.environ.get(variable, "").strip()
    if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS and int(text):
        return int(text)
    if text:
        logger.warning("%s holds no whole number from 1 on: %d is taken.", variable, default)
    return default


class _CountingExporter(SpanExporter):
    """Hands spans on and counts them.

    Attributes:
        num_done: How many were handed on, and are sent or lost.
    """

    def __init__(self, exporter: SpanExporter, recorder: Recorder) -> None:
        self.num_done = 0
        self._exporter = exporter
        self._recorder = recorder

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans; the exporter logs what it cannot send."""
        result = SpanExportResult.FAILURE
        try:
            result = self._exporter.export(spans)
        finally:
            self.num_done += len(spans)
            if result is not SpanExportResult.SUCCESS:
                self._recorder.count_lost_spans("not_taken", len(spans))
        return result

    def shutdown(self) -> None:
        """Send nothing more."""
        self._exporter.shutdown()
