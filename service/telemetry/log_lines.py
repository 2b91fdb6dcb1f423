"""Log lines: what is logged of a request, as text for people and as JSON for programs.

RequestRecord -> RequestEvent -> text: its str(), or JSON: JsonFormatter -> one line each
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

from pydantic_core import to_json

from service.telemetry.request_record import RequestRecord


@dataclass(frozen=True, slots=True)
class RequestEvent:
    """One request that is over, as the log tells of it: never its picture, query or headers.

    Attributes:
        request_id: Its id, of letters, digits and `._-` alone.
        method: HTTP method, one that the server knows.
        path: Path, as the client wrote it, unquoted.
        status: That was answered.
        duration_s: From its coming to the end of its answer, in seconds.
        record: What was learned of it.
    """

    request_id: str
    method: str
    path: str
    status: int
    duration_s: float
    record: RequestRecord

    def __str__(self) -> str:
        """Write it for people."""
        path = quote(self.path)  # a path may hold line breaks, which would forge log lines
        trace = f" trace_id={self.record.trace_id}" if self.record.trace_id else ""
        return (
            f"id={self.request_id} method={self.method} path={path} status={self.status} "
            f"duration_ms={self.duration_s * 1000:.1f}{trace}"
        )

    def members(self) -> str:
        """Return it for programs, as members of a JSON object; what did not happen is left out.

        They are put together here: of a dictionary and its encoder a line would cost half as much again.
        """
        record, path = self.record, to_json(self.path).decode()
        members = (
            f'"event":"request","id":"{self.request_id}","method":"{self.method}","path":{path},'
            f'"status":{self.status},"duration_ms":{self.duration_s * 1000:.3f}'
        )
        if answer := record.answer:
            members += (
                f',"class":{answer.digit},"confidence":{answer.confidence:.4f},'
                f'"answer":"{answer.status}"'
            )
        for name, duration_s in (
            ("decode", record.decode_s),
            ("preprocess", record.preprocess_s),
            ("queue", record.queue_s),
            ("model", record.model_s),
        ):
            if duration_s is not None:
                members += f',"{name}_ms":{duration_s * 1000:.3f}'
        if record.trace_id:
            members += f',"trace_id":"{record.trace_id}"'
        return members


class RequestEvents(tuple[RequestEvent, ...]):
    """Several requests that are over, as one record of the log."""

    __slots__ = ()


def log_requests(logger: logging.Logger, events: Sequence[RequestEvent]) -> None:
    """Log requests that are over, each as its record, or all as one where nobody but a `JsonFormatter` sees it.

    Of what a line costs, its record is two thirds.
    """
    if len(events) > 1 and _writes_json_alone(logger):
        logger.info(RequestEvents(events))
        return
    for event in events:
        logger.info(event)


def _writes_json_alone(logger: logging.Logger) -> bool:
    """Tell whether all that a logger hands on is written by a `JsonFormatter`."""
    formatters = [handler.formatter for handler in logger.handlers]
    return not logger.propagate and {*map(type, formatters)} == {JsonFormatter}


class JsonFormatter(logging.Formatter):
    """Writes each record as an object on one line: `time` (UTC), `level`, and a request's fields or `message`.

    Of several requests in one record each has its line. A failure's traceback is in `traceback`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        head = f'{{"time":"{_write_time(record.created)}","level":"{record.levelname}",'
        if isinstance(record.msg, RequestEvents):
            return "\n".join([f"{head}{event.members()}}}" for event in record.msg])
        if isinstance(record.msg, RequestEvent):
            return f"{head}{record.msg.members()}}}"
        members = {"message": _as_text(record.getMessage())}
        if record.exc_info:
            members["traceback"] = _as_text(self.formatException(record.exc_info))
        return head + to_json(members).decode()[1:]


def _write_time(seconds: float) -> str:
    """Write a time, in seconds since 1970, to the millisecond in UTC."""
    second = int(seconds)
    return f"{_write_second(second)}.{int((seconds - second) * 1000):03d}+00:00"


@lru_cache(maxsize=2)
def _write_second(second: int) -> str:
    """Write a second, which the lines of a busy service share."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _as_text(message: str) -> str:
    """Return a message without the halves of characters that names of files may have."""
    return message.encode(errors="backslashreplace").decode()
