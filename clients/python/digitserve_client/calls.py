"""Calls: what is asked again, and how an answer is read as it arrives.

    bytes of an answer -> lines -> JSON -> results, or errors

It sends nothing and waits for nothing; the clients do.
"""

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from operator import itemgetter
from typing import Any, Generic, TypeVar

import httpx

from digitserve_client.errors import NoAnswerError, NotDigitserveError, ServiceError
from digitserve_client.results import Evaluation, read_evaluation

RETRIED_STATUSES = frozenset({429, 502, 503, 504})  # RFC 9110, section 15, and RFC 6585: not now
RETRIED_ERRORS = (httpx.ConnectError, httpx.ConnectTimeout, httpx.NetworkError, httpx.ProtocolError)

DATA = b"data: "

T = TypeVar("T")
OnProgress = Callable[[int, int], None]
"""Is told how many images are scored, of how many."""


@dataclass(frozen=True)
class Retries:
    """How often a request is repeated. Every request of this package may be: none changes anything.

    Attributes:
        attempts: At most so many, the first counted; 1 never repeats.
        first_delay_s: Wait before the second; each wait is twice the one before, less up to half
            of it by chance, so that clients do not come back together.
        max_delay_s: Longest wait. A service that asks for more is not asked again.
    """

    attempts: int = 3
    first_delay_s: float = 0.25
    max_delay_s: float = 20.0

    def pause_s(self, attempt: int, failure: httpx.HTTPError) -> float:
        """Return the wait in seconds before the next attempt, or raise what this one came to.

        Args:
            attempt: The one that failed, from 1.
            failure: Of sending the request, or the error of a status, whose body is read.
        """
        response = failure.response if isinstance(failure, httpx.HTTPStatusError) else None
        longest_s = min(self.first_delay_s * 2.0 ** (attempt - 1), self.max_delay_s)
        delay_s = longest_s * random.uniform(0.5, 1)  # noqa: S311 - no secret
        may_pass = isinstance(failure, RETRIED_ERRORS)
        if response is not None:
            delay_s = _retry_after_s(response, default=delay_s)
            may_pass = response.status_code in RETRIED_STATUSES
        if may_pass and attempt < self.attempts and delay_s <= self.max_delay_s:
            return delay_s
        raise failure if response is None else load(ServiceError, response.content)


def _retry_after_s(response: httpx.Response, *, default: float) -> float:
    """Read `Retry-After`: seconds or a date (RFC 9110, section 10.2.3)."""
    value: str = response.headers.get("retry-after", "")
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:  # none, or no sane one
        return default


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request, and what reads a line of its answer; None says that the line tells nothing."""

    request: httpx.Request
    read: Callable[[bytes], T | None]


def load(read: Callable[[Any], T], text: bytes) -> T:
    """Read JSON.

    Raises:
        NotDigitserveError: If it is none, or of another form.
    """
    try:
        return read(json.loads(text))
    except (KeyError, TypeError, ValueError) as cause:
        raise NotDigitserveError(
            "The answer is none of digitserve's. Give the URL that `digitserve serve` prints."
        ) from cause


def by_lines(read: Callable[[bytes], T | None]) -> Callable[[bytes], Iterator[T]]:
    """Return what reads an answer chunk by chunk, and at last a line's end, with what reads a line.

    Args:
        read: Returns what a line tells; None if that is nothing.
    """
    rest = bytearray()  # which grows in place: an answer may have megabytes in one line

    def read_lines(chunk: bytes) -> Iterator[T]:
        nonlocal rest
        rest += chunk
        # No other end of a line counts: JSON may hold what is one to Unicode.
        *lines, rest = rest.split(b"\n") if b"\n" in chunk else [rest]
        results = (read(bytes(line)) for line in lines if line)
        return (result for result in results if result is not None)

    return read_lines


def read_event(on_progress: OnProgress | None, line: bytes) -> Evaluation | None:
    """Read a line of the events of `/evaluate`: how far it is, or the result.

    Raises:
        ServiceError: If the evaluation failed.
    """
    if not line.startswith(DATA):  # the event's name; its members tell as much
        return None
    text = line.removeprefix(DATA)
    event = load(dict, text)
    if "type" in event:
        raise load(ServiceError, text)
    if "done" not in event:
        return load(read_evaluation, text)
    if on_progress is not None:
        on_progress(*load(itemgetter("done", "total"), text))
    return None


@contextmanager
def translate(url: str) -> Iterator[None]:
    """Raise `NoAnswerError` for what httpx raises in the context for the service at a URL."""
    try:
        yield
    except (httpx.RequestError, httpx.InvalidURL) as cause:
        raise NoAnswerError(
            f"No answer from {url} ({type(cause).__name__}). "
            "Start it with `digitserve serve`, or give the URL that it prints."
        ) from cause
