"""Traces: every request as a span with its steps below it, sent to an OpenTelemetry collector.

    request, traceparent or none -> span -> application -> RequestRecord -> spans of the steps -> queue -> OTLP

In front of the application only where a setting names a collector; the libraries are an extra. A collector that is
slow or away costs requests nothing: what finds no room in the queue (`span_queue.py`) is dropped.

Sources: W3C Trace Context; OpenTelemetry semantic conventions, "HTTP spans".
"""

import threading
import time
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from anyio import to_thread
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import __version__
from service.errors import TracesUnavailableError
from service.paths import PREDICT
from service.telemetry.metrics.recorder import Recorder
from service.telemetry.request_record import RequestRecord
from service.telemetry.steps import KEY as STEPS
from service.telemetry.steps import Step, Steps

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

PATH = "/v1/traces"  # of a collector, where its URL has none; OTLP/HTTP specification
EXPORT_TIMEOUT_S = 5.0  # of one batch, with its repetitions
FLUSH_S = 5.0  # longest time for what is left to be sent at the end
MAX_STEP_SPANS = 64  # of one batch; of 32 turns of a thread, with 16 images each
NS_PER_S = 1_000_000_000
_PROPAGATOR = TraceContextTextMapPropagator()


class Traces:
    """Makes spans while the service runs.

    Args:
        endpoint: URL of a collector that takes OTLP over HTTP.
    """

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._tracer: Tracer | None = None

    @property
    def tracer(self) -> Tracer:
        """Makes spans; there from start-up on."""
        assert self._tracer is not None  # noqa: S101 - no request comes before start-up
        return self._tracer

    @asynccontextmanager
    async def running(self, recorder: Recorder) -> AsyncGenerator[None]:
        """Send spans meanwhile, and what is left at the end.

        Args:
            recorder: Counts the spans that are lost.

        Raises:
            TracesUnavailableError: If the libraries are not installed.
        """
        provider = _make_provider(self._endpoint, recorder)
        self._tracer = provider.get_tracer("digitserve", __version__)
        try:
            yield
        finally:
            end = threading.Thread(target=provider.shutdown, name="traces", daemon=True)
            end.start()
            await to_thread.run_sync(end.join, FLUSH_S)


def _make_provider(endpoint: str, recorder: Recorder) -> "TracerProvider":
    """Make what samples spans and sends them in batches; the rest is OpenTelemetry's own settings, `OTEL_*`."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider

        from service.telemetry.span_queue import SpanQueue
    except ImportError as cause:
        raise TracesUnavailableError(
            "Traces are asked for, and the libraries for them are not installed. "
            "Install them in a checkout with: pip install -e '.[otel]', or unset DIGITSERVE_OTLP_ENDPOINT."
        ) from cause
    url = endpoint if endpoint.count("/") > 2 else endpoint + PATH
    own = Resource({"service.name": "digitserve", "service.version": __version__})
    provider = TracerProvider(resource=own.merge(Resource.create()), shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=url, timeout=EXPORT_TIMEOUT_S)
    provider.add_span_processor(SpanQueue(exporter, recorder))
    return provider


class Tracing:
    """Makes a span of every request, and says which trace it is in.

    The client's trace goes on where it sends a `traceparent`, and its decision whether to record. The answer
    tells the trace in `traceresponse`, and the log in `trace_id`.

    Args:
        app: What is behind it.
        traces: Makes the spans.
    """

    def __init__(self, app: ASGIApp, traces: Traces) -> None:
        self.app = app
        self._traces = traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        span = self._begin(scope)
        context, status = span.get_span_context(), 0
        scope["record"] = RequestRecord(trace_id=f"{context.trace_id:032x}")
        response = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

        async def send_with_trace(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = (b"traceresponse", response.encode())
                message["headers"] = [*message["headers"], own]
            await send(message)

        try:
            await self.app(scope, receive, send_with_trace)
        finally:
            if span.is_recording():
                self._describe(span, scope, status)
            span.end()

    def _begin(self, scope: Scope) -> Span:
        """Begin the span of a request, in the client's trace if it is in one."""
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        return self._traces.tracer.start_span(
            scope["method"],
            context=_PROPAGATOR.extract(headers),
            kind=SpanKind.SERVER,
            attributes={
                "http.request.method": scope["method"],
                "url.path": scope["path"],
                "url.scheme": scope["scheme"],
            },
        )

    def _describe(self, span: Span, scope: Scope, status: int) -> None:
        """Add what is known at the end, and the spans of the steps."""
        if route := find_route(scope):
            span.update_name(f"{scope['method']} {route}")
            span.set_attribute("http.route", route)
        if status:
            span.set_attribute("http.response.status_code", status)
        else:
            span.set_attribute("error.type", "client_left")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            span.set_attribute("error.type", str(status))
            span.set_status(Status(StatusCode.ERROR))
        record: RequestRecord = scope["record"]
        if answer := record.answer:
            span.set_attribute("digitserve.class", answer.digit)
            span.set_attribute("digitserve.confidence", answer.confidence)
            span.set_attribute("digitserve.status", answer.status)
        self._add_steps(span, _steps(record))
        if batch := scope.get(STEPS):
            self._add_batch(span, batch)

    def _add_batch(self, parent: Span, batch: Steps) -> None:
        """Add the spans of a batch's first steps, and say how many are left out."""
        steps = batch.in_order
        self._add_steps(parent, steps[:MAX_STEP_SPANS])
        parent.set_attribute("digitserve.steps_left_out", max(0, len(steps) - MAX_STEP_SPANS))

    def _add_steps(self, parent: Span, steps: Iterable[Step]) -> None:
        """Add the spans of the steps that were taken, each with its own beginning and end."""
        context = set_span_in_context(parent)
        # Of several looks at both clocks the one with the least pause between them.
        origin_ns = max(time.time_ns() - time.perf_counter_ns() for _ in range(3))
        for step in steps:
            start_ns = origin_ns + int(step.at * NS_PER_S)
            span = self._traces.tracer.start_span(step.name, context=context, start_time=start_ns)
            if step.num_images is not None:
                span.set_attribute("digitserve.images", step.num_images)
            span.end(start_ns + int(step.duration_s * NS_PER_S))


def find_route(scope: Scope) -> str:
    """Return the template of a request's route; nothing where no route was found."""
    if "route" in scope:
        return str(getattr(scope["route"], "path", ""))
    return PREDICT if scope["path"] == PREDICT else ""  # answered in front of the framework


def _steps(record: RequestRecord) -> Iterator[Step]:
    """Yield the steps of a single picture that were taken."""
    if record.decode_at is not None and record.decode_s is not None:
        yield Step("decode", record.decode_at, record.decode_s)
    if record.preprocess_at is not None and record.preprocess_s is not None:
        yield Step("preprocess", record.preprocess_at, record.preprocess_s)
    if record.queue_at is not None and record.queue_s is not None and record.model_s is not None:
        yield Step("queue", record.queue_at, record.queue_s)
        yield Step("model", record.queue_at + record.queue_s, record.model_s)
