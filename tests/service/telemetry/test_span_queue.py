"""The queue of spans, with exporters that are slow, fail or refuse."""

import threading
import time
from collections.abc import Callable, Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from service.telemetry.metrics.layout import LOSSES, SPANS_LOST
from service.telemetry.metrics.recorder import Recorder
from service.telemetry.span_queue import SpanQueue

SUCCESS, FAILURE = SpanExportResult.SUCCESS, SpanExportResult.FAILURE


class _Collector(SpanExporter):
    """Takes spans when it may, and answers as it is told.

    Attributes:
        may_answer: Set when it may.
        names: Of the spans that it was given.
    """

    def __init__(self, answer: Callable[[], SpanExportResult] = lambda: SUCCESS) -> None:
        self.may_answer = threading.Event()
        self.names: list[str] = []
        self._answer = answer

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Take spans."""
        self.may_answer.wait(60)
        self.names += [span.name for span in spans]
        return self._answer()


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight spans may wait, and four are sent at once."""
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "8")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4")


def _serve(collector: _Collector, recorder: Recorder) -> TracerProvider:
    """Return what makes spans for a collector."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SpanQueue(collector, recorder))
    return provider


def _make_spans(provider: TracerProvider, names: Sequence[int]) -> None:
    """Make spans with these names."""
    for name in names:
        provider.get_tracer("test").start_span(str(name)).end()


def _count_lost(recorder: Recorder) -> dict[str, float]:
    """Return how many spans were lost, by reason."""
    total = recorder.block.rows.sum(axis=0)
    return {reason: total[SPANS_LOST + number] for number, reason in enumerate(LOSSES)}


def test_full_queue(caplog: pytest.LogCaptureFixture) -> None:
    """While the collector does not answer, a span too many is dropped at once and counted, and told once."""
    recorder, collector = Recorder(), _Collector()
    provider = _serve(collector, recorder)

    _make_spans(provider, range(20))
    lost = _count_lost(recorder)
    collector.may_answer.set()
    provider.shutdown()

    assert lost == {"queue_full": 12, "not_taken": 0}
    assert sorted(map(int, collector.names)) == list(range(8))
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "digitserve_spans_lost_total" in caplog.text


def test_room_again() -> None:
    """What the collector has taken leaves room for others."""
    recorder, collector = Recorder(), _Collector()
    collector.may_answer.set()
    provider = _serve(collector, recorder)

    for first in range(0, 40, 4):
        _make_spans(provider, range(first, first + 4))
        deadline = time.monotonic() + 60
        while len(collector.names) < first + 4:
            assert time.monotonic() < deadline
            time.sleep(0.001)
    provider.shutdown()

    assert _count_lost(recorder) == {"queue_full": 0, "not_taken": 0}
    assert len(collector.names) == 40


@pytest.mark.parametrize("answer", [lambda: FAILURE, lambda: SpanExportResult(1 // 0)])
def test_collector_that_fails(answer: Callable[[], SpanExportResult]) -> None:
    """What it refuses, or fails over, is counted."""
    recorder, collector = Recorder(), _Collector(answer)
    collector.may_answer.set()
    provider = _serve(collector, recorder)

    _make_spans(provider, range(3))
    provider.shutdown()

    assert _count_lost(recorder) == {"queue_full": 0, "not_taken": 3}


def test_spans_that_are_not_recorded() -> None:
    """They take no room."""
    recorder, collector = Recorder(), _Collector()
    provider = TracerProvider(ALWAYS_OFF, shutdown_on_exit=False)
    provider.add_span_processor(SpanQueue(collector, recorder))

    _make_spans(provider, range(20))
    collector.may_answer.set()
    provider.shutdown()

    assert _count_lost(recorder) == {"queue_full": 0, "not_taken": 0}


@pytest.mark.parametrize(
    ("size", "batch", "num_kept", "num_told"),
    [
        ("3", "512", 3, 0),
        ("3", "", 3, 0),
        ("", "4", 20, 0),
        ("many", "4", 20, 1),
        ("0", "-1", 20, 2),
        ("9" * 5000, " 4 ", 20, 1),
    ],
    ids=["less than a batch", "less than the usual batch", "empty", "no number", "none", "huge"],
)
def test_numbers_of_the_environment(
    size: str,
    batch: str,
    num_kept: int,
    num_told: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever the environment holds, spans are sent; what is no number is told."""
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", size)
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", batch)
    recorder, collector = Recorder(), _Collector()
    provider = _serve(collector, recorder)

    _make_spans(provider, range(20))
    collector.may_answer.set()
    provider.shutdown()

    assert len(collector.names) == num_kept
    assert caplog.text.count("holds no whole number") == num_told
