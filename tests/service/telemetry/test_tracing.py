"""Traces, as a collector gets them."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from PIL import Image
from pydantic import HttpUrl
from starlette.types import Message, Receive, Scope, Send

from service.app import create_app
from service.errors import TracesUnavailableError
from service.settings import Settings
from service.telemetry.metrics.recorder import Recorder
from service.telemetry.tracing import Traces, Tracing
from tests.pictures import draw, encode
from tests.service.cli.faulty_service import serving

TRACE_ID, PARENT_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SEVEN = encode(draw())
STEPS = ["decode", "preprocess", "queue", "model"]


@dataclass
class Collector:
    """Takes traces by OTLP over HTTP.

    Attributes:
        url: Where it listens.
        requests: What it was sent.
    """

    url: str
    requests: list[ExportTraceServiceRequest]

    @property
    def spans(self) -> list[Span]:
        """All spans, in the order of their beginning."""
        spans = (
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        )
        return sorted(spans, key=lambda span: span.start_time_unix_nano)


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector that listens."""
    requests: list[ExportTraceServiceRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            body = self.rfile.read(int(self.headers["content-length"]))
            requests.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Collector(f"http://127.0.0.1:{server.server_port}", requests)
        server.shutdown()


def ask(url: str, method: str, path: str, **request: Any) -> httpx.Response:
    """Send a request to an application that sends traces there, and end the application."""
    app = create_app(Settings(otlp_endpoint=HttpUrl(url), engine="litert"))

    async def run() -> httpx.Response:
        async with app.router.lifespan_context(app) as state:

            async def app_with_state(scope: Scope, receive: Receive, send: Send) -> None:
                await app({**scope, "state": dict(state or {})}, receive, send)

            transport = httpx.ASGITransport(app_with_state, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, **request)

    return asyncio.run(run())


async def _receive_nothing() -> Message:
    return {}


async def _send_nothing(_: Message) -> None:
    """Send nothing."""


def attributes(span: Span) -> dict[str, object]:
    """Return a span's attributes."""
    values = {each.key: each.value for each in span.attributes}
    return {key: getattr(value, value.WhichOneof("value")) for key, value in values.items()}


def _number(span: Span, key: str) -> int:
    """Return a whole number among a span's attributes."""
    number = attributes(span)[key]
    assert isinstance(number, int)
    return number


class TestTraces:
    """Of requests in this process."""

    def test_upload(self, collector: Collector) -> None:
        """An upload is a span that tells its answer, and its steps follow each other below it."""
        answer = ask(collector.url, "POST", "/predict", content=SEVEN)

        request, *steps = collector.spans
        told = attributes(request)
        assert request.name == "POST /predict"
        assert request.kind == Span.SPAN_KIND_SERVER
        assert told["http.route"] == told["url.path"] == "/predict"
        assert told["http.response.status_code"] == 200
        assert (told["digitserve.class"], told["digitserve.status"]) == (7, "ok")
        assert told["digitserve.confidence"] == answer.json()["confidence"]
        assert [step.name for step in steps] == STEPS
        assert {step.parent_span_id for step in steps} == {request.span_id}
        ends = [request.start_time_unix_nano, *(step.end_time_unix_nano for step in steps)]
        starts = [step.start_time_unix_nano for step in steps]
        # The end of a step and the beginning of the next are measured by one clock, and rounded.
        assert all(start >= end - 1000 for start, end in zip(starts, ends, strict=False))
        assert ends[-1] <= request.end_time_unix_nano

    def test_trace_of_the_client(self, collector: Collector) -> None:
        """The client's trace goes on, with its state; the answer tells it."""
        headers = {"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-01", "tracestate": "vendor=1"}

        answer = ask(collector.url, "POST", "/predict", content=SEVEN, headers=headers)

        request = collector.spans[0]
        assert {span.trace_id.hex() for span in collector.spans} == {TRACE_ID}
        assert request.parent_span_id.hex() == PARENT_ID
        assert request.trace_state == "vendor=1"
        assert answer.headers["traceresponse"] == f"00-{TRACE_ID}-{request.span_id.hex()}-01"

    def test_client_that_does_not_record(self, collector: Collector) -> None:
        """A trace that its client does not record is not recorded here, and yet told."""
        headers = {"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-00"}

        answer = ask(collector.url, "POST", "/predict", content=SEVEN, headers=headers)

        assert answer.headers["traceresponse"].startswith(f"00-{TRACE_ID}-")
        assert answer.headers["traceresponse"].endswith("-00")
        assert collector.spans == []

    @pytest.mark.parametrize("value", ["", "00-0-0-01", "\xff", f"00-{'0' * 32}-{PARENT_ID}-01"])
    def test_damaged_traceparent(self, value: str, collector: Collector) -> None:
        """What is no traceparent begins a trace of our own."""
        headers = [(b"traceparent", value.encode("latin-1"))]

        answer = ask(collector.url, "POST", "/predict", content=SEVEN, headers=headers)

        assert answer.status_code == 200
        assert collector.spans[0].parent_span_id == b""

    @pytest.mark.parametrize(
        ("path", "name", "status"),
        [("/health", "GET /health", 200), ("/nothing/of/ours", "GET", 404)],
    )
    def test_other_requests(self, path: str, name: str, status: int, collector: Collector) -> None:
        """They are spans without steps, named by a route and not by any path."""
        ask(collector.url, "GET", path)

        [span] = collector.spans
        assert span.name == name
        assert attributes(span)["http.response.status_code"] == status
        assert "error.type" not in attributes(span)

    def test_steps_that_were_not_taken(self, collector: Collector) -> None:
        """A picture without ink is decoded, and no more."""
        answer = ask(collector.url, "POST", "/predict", content=encode(Image.new("L", (40, 40))))

        assert answer.status_code == 422
        assert collector.spans[0].name == "POST /predict"
        assert [span.name for span in collector.spans[1:]] == ["decode"]

    def test_batch(self, collector: Collector) -> None:
        """A batch is taken apart, and each turn of a thread decodes some of its images and recognises them."""
        files = [("file", (f"{number}.png", SEVEN)) for number in range(40)]

        ask(collector.url, "POST", "/predict/batch", files=files)

        request, unpack, *steps = collector.spans
        assert (request.name, unpack.name) == ("POST /predict/batch", "unpack")
        assert {step.parent_span_id for step in (unpack, *steps)} == {request.span_id}
        for name in ("decode", "model"):
            counts = [_number(step, "digitserve.images") for step in steps if step.name == name]
            assert sum(counts) == 40
            assert max(counts) <= 16
        assert _number(request, "digitserve.steps_left_out") == 0

    def test_batch_of_short_turns(
        self, collector: Collector, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A step tells of the images that it dealt with, not of those that it left to the next turn."""
        monkeypatch.setattr("service.routes.batch.TURN_S", 0.0)
        files = [("file", (f"{number}.png", SEVEN)) for number in range(10)]

        ask(collector.url, "POST", "/predict/batch", files=files)

        steps = [step for step in collector.spans if step.name == "decode"]
        assert [_number(step, "digitserve.images") for step in steps] == [1] * 10

    def test_batch_of_many_steps(
        self, collector: Collector, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of a large batch the first steps are shown, and the others counted."""
        monkeypatch.setattr("service.telemetry.tracing.MAX_STEP_SPANS", 2)
        files = [("file", (f"{number}.png", SEVEN)) for number in range(40)]

        ask(collector.url, "POST", "/predict/batch", files=files)

        request, *steps = collector.spans
        assert [step.name for step in steps] == ["unpack", "decode"]
        assert _number(request, "digitserve.steps_left_out") >= 5

    def test_what_is_no_request(self) -> None:
        """It is passed on as it is."""
        seen = []

        async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
            seen.append(scope)

        tracing = Tracing(app, Traces("http://localhost"))
        asyncio.run(tracing({"type": "lifespan"}, _receive_nothing, _send_nothing))

        assert seen == [{"type": "lifespan"}]

    def test_failure(self, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
        """A failure that nobody foresaw is marked as one."""
        monkeypatch.setattr("service.resources.find_failing", lambda _: 1 / 0)

        answer = ask(collector.url, "GET", "/health")

        [span] = collector.spans
        assert answer.status_code == 500
        assert span.status.code == 2  # error
        assert attributes(span)["error.type"] == "500"
        assert answer.headers["traceresponse"].startswith(f"00-{span.trace_id.hex()}-")

    def test_head(self, collector: Collector) -> None:
        """A question for the head alone is told as such."""
        answer = ask(collector.url, "HEAD", "/health")

        [span] = collector.spans
        assert answer.status_code == 200
        assert attributes(span)["http.request.method"] == "HEAD"

    def test_client_that_leaves(self, collector: Collector) -> None:
        """A request whose client left before its answer is no failure of ours."""

        async def leave(_: Scope, receive: Receive, _send: Send) -> None:
            await receive()

        async def run() -> None:
            traces = Traces(collector.url)
            scope = {"type": "http", "method": "GET", "path": "/", "scheme": "http", "headers": []}
            async with traces.running(Recorder()):
                await Tracing(leave, traces)(scope, _receive_nothing, _send_nothing)

        asyncio.run(run())

        [span] = collector.spans
        assert span.status.code == 0  # unset
        assert attributes(span)["error.type"] == "client_left"


@pytest.mark.parametrize(
    "module", ["opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http.trace_exporter"]
)
def test_libraries_are_an_extra(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them a service that is to make traces does not start, and says what to install."""
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(TracesUnavailableError, match=r"pip install -e '\.\[otel\]'"):
        ask("http://127.0.0.1:9", "GET", "/health")


WITHOUT_EXTRA = """
import sys
sys.modules["opentelemetry.sdk.trace"] = None
from service.cli import main
sys.exit(main(["serve", "--port", "0"]))
"""


@pytest.mark.integration
class TestService:
    """Of a real service."""

    def test_workers(self, collector: Collector) -> None:
        """Each worker sends what it has, at the latest at its end."""
        with serving("--workers", "2", DIGITSERVE_OTLP_ENDPOINT=collector.url) as (process, port):
            for _ in range(20):
                httpx.post(f"http://127.0.0.1:{port}/predict", content=SEVEN, timeout=60)
            process.send_signal(signal.SIGTERM)
            process.wait(60)

        names = [span.name for span in collector.spans]
        assert names.count("POST /predict") == 20
        assert [names.count(step) for step in STEPS] == [20] * 4

    def test_without_the_extra(self) -> None:
        """The command ends with one line and code 3."""
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT_EXTRA],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "DIGITSERVE_OTLP_ENDPOINT": "http://127.0.0.1:9"},
        )

        assert done.returncode == 3
        assert done.stderr.startswith("digitserve: Traces are asked for, and the libraries")
        assert done.stderr.count("\n") == 1

    def test_collector_that_hangs(self, capfd: pytest.CaptureFixture[str]) -> None:
        """A collector that never answers holds up no request, and a stop for some seconds; lost spans are counted."""
        with socket.create_server(("127.0.0.1", 0)) as hanging:
            url = f"http://127.0.0.1:{hanging.getsockname()[1]}"
            small = {"OTEL_BSP_MAX_QUEUE_SIZE": "64", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "16"}
            with serving(DIGITSERVE_OTLP_ENDPOINT=url, **small) as (process, port):
                answers = [
                    httpx.post(f"http://127.0.0.1:{port}/predict", content=SEVEN, timeout=60)
                    for _ in range(100)  # with their steps more spans than the queue holds
                ]
                metrics = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text
                process.send_signal(signal.SIGTERM)
                code = process.wait(60)

        [lost] = re.findall(r'digitserve_spans_lost_total{reason="queue_full"} (\S+)', metrics)
        assert {answer.status_code for answer in answers} == {200}
        assert float(lost) > 0
        assert capfd.readouterr().err.count("takes spans too slowly") == 1
        assert code == 0

    def test_collector_is_away(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Requests are answered, the stop is not held up for long, and the log has lines of JSON alone."""
        with serving(
            DIGITSERVE_OTLP_ENDPOINT="http://127.0.0.1:9", DIGITSERVE_LOG_FORMAT="json"
        ) as (
            process,
            port,
        ):
            answer = httpx.post(f"http://127.0.0.1:{port}/predict", content=SEVEN, timeout=60)
            process.send_signal(signal.SIGTERM)
            code = process.wait(60)

        lines = [
            line
            for line in capfd.readouterr().err.splitlines()
            if not line.startswith("INFO: Created")
        ]
        events = [json.loads(line) for line in lines]
        assert answer.json()["class"] == 7
        assert code == 0
        assert answer.headers["traceresponse"].split("-")[1] in {
            event.get("trace_id") for event in events
        }
