"""Log lines."""

import io
import json
import logging
import sys
from typing import Any

import numpy as np
import pytest

from service.telemetry.log_lines import JsonFormatter, RequestEvent, log_requests
from service.telemetry.request_record import AnswerRecord, RequestRecord
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, ask, load_model

NOTHING = RequestRecord()


def _format(message: object, **fields: Any) -> dict[str, Any]:
    """Write a record at the start of 2026 and read it."""
    record = logging.LogRecord("digitserve", logging.INFO, "", 0, message, **fields)
    record.created = 1767225600.0125
    line = JsonFormatter().format(record)
    assert "\n" not in line
    read: dict[str, Any] = json.loads(line)
    return read


class TestRequestEvent:
    """`RequestEvent`."""

    def test_text(self) -> None:
        """People get id, method, quoted path, status and duration."""
        event = RequestEvent("a1", "GET", "/a b\n", 404, 0.00123, NOTHING)

        assert str(event) == "id=a1 method=GET path=/a%20b%0A status=404 duration_ms=1.2"


class TestJsonFormatter:
    """`JsonFormatter`."""

    def test_prediction(self) -> None:
        """A prediction's line has its answer and its steps, and nothing of the picture."""
        answer = AnswerRecord(7, 0.99914, "ok", np.zeros((28, 28), np.uint8))
        record = RequestRecord(
            decode_s=0.0001,
            preprocess_s=0.0002,
            queue_s=0.0003,
            model_s=0.0004,
            batch_size=1,
            answer=answer,
        )

        line = _format(
            RequestEvent("a1", "POST", "/predict", 200, 0.0012345, record), args=(), exc_info=None
        )

        assert line == {
            "time": "2026-01-01T00:00:00.012+00:00",
            "level": "INFO",
            "event": "request",
            "id": "a1",
            "method": "POST",
            "path": "/predict",
            "status": 200,
            "duration_ms": 1.234,
            "class": 7,
            "confidence": 0.9991,
            "answer": "ok",
            "decode_ms": 0.1,
            "preprocess_ms": 0.2,
            "queue_ms": 0.3,
            "model_ms": 0.4,
        }

    def test_trace(self) -> None:
        """The trace of a request stands in its line, as JSON and as text."""
        event = RequestEvent("a1", "GET", "/health", 200, 0.001, RequestRecord(trace_id="0af7"))

        assert _format(event, args=(), exc_info=None)["trace_id"] == "0af7"
        assert str(event).endswith(" duration_ms=1.0 trace_id=0af7")

    def test_path_cannot_forge_a_line(self) -> None:
        """Whatever a path holds stays within its field."""
        path = '/a\n{"level":"ERROR"}\u2028\x85'

        line = _format(RequestEvent("a1", "GET", path, 404, 0.001, NOTHING), args=(), exc_info=None)

        assert line["path"] == path
        assert (line["level"], "class" in line) == ("INFO", False)

    def test_message(self) -> None:
        """Another line has its message, with what was put into it."""
        line = _format("%d workers", args=(2,), exc_info=None)

        assert line["message"] == "2 workers"
        assert "event" not in line

    def test_names_of_files(self) -> None:
        """A name of a file that is no text is written all the same."""
        line = _format("%s is damaged", args=("\udcff",), exc_info=None)

        assert line["message"] == "\\udcff is damaged"

    def test_failure(self) -> None:
        """A failure brings its traceback, on the same line."""
        try:
            raise ValueError("broken")
        except ValueError:
            line = _format("It failed.", args=(), exc_info=sys.exc_info())

        assert line["message"] == "It failed."
        assert line["traceback"].endswith("ValueError: broken")


class _Records(logging.StreamHandler[io.StringIO]):
    """Writes a logger's records, and keeps them.

    Attributes:
        records: What came.
    """

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__(io.StringIO())
        self.setFormatter(formatter)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep and write one."""
        self.records.append(record)
        super().emit(record)


class TestLogRequests:
    """`log_requests`."""

    EVENTS = tuple(RequestEvent(name, "GET", "/", 200, 0.001, NOTHING) for name in "abc")

    def _log(self, handlers: list[_Records], *, propagates: bool = False, level: int = 0) -> None:
        """Log the events to some handlers."""
        logger = logging.Logger("alone", level)
        logger.propagate = propagates
        for handler in handlers:
            logger.addHandler(handler)
        log_requests(logger, self.EVENTS)

    def test_json(self) -> None:
        """Where there is nothing but JSON, one record has them all, a line each."""
        handler = _Records(JsonFormatter())

        self._log([handler])

        lines = [json.loads(line) for line in handler.stream.getvalue().splitlines()]
        assert [line["id"] for line in lines] == ["a", "b", "c"]
        assert len({line["time"] for line in lines}) == 1
        assert len(handler.records) == 1

    @pytest.mark.parametrize("others", [1, 0], ids=["another", "root"])
    def test_others_see_each(self, others: int) -> None:
        """Whoever else may see the records gets one for each request."""
        handlers = [
            _Records(JsonFormatter()),
            *[_Records(logging.Formatter()) for _ in range(others)],
        ]

        self._log(handlers, propagates=not others)

        for handler in handlers:
            assert [record.msg for record in handler.records] == [*self.EVENTS]

    def test_quiet(self) -> None:
        """A logger that is to keep quiet does."""
        handler = _Records(JsonFormatter())

        self._log([handler], level=logging.WARNING)

        assert handler.records == []


@pytest.mark.parametrize("path", ["/predict", "/predict?detail=true"], ids=["fast", "framework"])
def test_requests_are_logged_with_their_answer(path: str, caplog: pytest.LogCaptureFixture) -> None:
    """The line of an upload says what was answered and what each step took, both ways."""
    with caplog.at_level(logging.INFO, logger="digitserve"):
        ask(load_model(FakeEngine()), "POST", path, content=encode(draw()))

    line = json.loads(JsonFormatter().format(caplog.records[-1]))
    assert (line["path"], line["status"], line["class"], line["answer"]) == (
        "/predict",
        200,
        7,
        "ok",
    )
    steps = sum(line[f"{step}_ms"] for step in ("decode", "preprocess", "queue", "model"))
    assert 0 < steps <= line["duration_ms"] + 0.004
