"""What can go wrong between a program and the service."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

PROBLEM_PREFIX = "urn:problem-type:digitserve:"


class ClientError(Exception):
    """Whatever this package raises for a request."""


class NoAnswerError(ClientError):
    """The service cannot be reached, or was silent for too long; the cause is httpx's error."""


class NotDigitserveError(ClientError):
    """Something answered, but not as digitserve does: the URL is wrong, or a proxy spoke."""


class ServiceError(ClientError):
    """The service refused a request; the message is its own sentence for people.

    Args:
        problem: The problem document (RFC 9457).

    Attributes:
        status: The HTTP status.
        code: What is wrong, for programs: `blank-image`, `overloaded` and the like.
        request_id: Names the request in the service's log.
    """

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem["detail"]))
        self.status = int(problem["status"])
        self.code = str(problem.get("type", "")).removeprefix(PROBLEM_PREFIX)
        self.request_id = str(problem.get("instance", ""))


def check(response: httpx.Response) -> None:
    """Pass an answer of status 200.

    Args:
        response: The answer, its body read.

    Raises:
        ServiceError: If it is a problem document of the service.
        NotDigitserveError: If it is anything else.
    """
    if response.status_code == 200:
        return
    problem = read_object(response)
    if not str(problem.get("type", "")).startswith(PROBLEM_PREFIX) or "detail" not in problem:
        raise not_digitserve(response)
    raise ServiceError({"status": response.status_code, **problem})


def read_object(response: httpx.Response) -> dict[str, Any]:
    """Return the JSON object that an answer is.

    Raises:
        NotDigitserveError: If it is none.
    """
    try:
        body = response.json()
    except ValueError as cause:
        raise not_digitserve(response) from cause
    if not isinstance(body, dict):
        raise not_digitserve(response)
    return body


def not_digitserve(response: httpx.Response) -> NotDigitserveError:
    """Return the error for an answer that is not of the service."""
    return NotDigitserveError(
        f"{response.url} answered with status {response.status_code}, but not as digitserve does. "
        "Give the URL that `digitserve serve` prints."
    )


def stand(outcome: httpx.Response | httpx.TransportError) -> httpx.Response:
    """Return an answer, or raise the error that came instead."""
    if isinstance(outcome, httpx.TransportError):
        raise outcome
    return outcome


def cut_off(client: httpx.Client | httpx.AsyncClient) -> NoAnswerError:
    """Return the error for a stream that ended before its result."""
    return NoAnswerError(
        f"{_address(client)} ended its answer before the result. Look at the service's log."
    )


@contextmanager
def translate(client: httpx.Client | httpx.AsyncClient) -> Iterator[None]:
    """Raise `NoAnswerError` for whatever httpx raises in the context."""
    try:
        yield
    except httpx.RequestError as cause:
        raise NoAnswerError(
            f"No answer from {_address(client)} ({type(cause).__name__}). "
            "Start it with `digitserve serve`, or give the URL that it prints."
        ) from cause


def _address(client: httpx.Client | httpx.AsyncClient) -> str:
    """Return the URL of a client's service as a person gave it."""
    return str(client.base_url).rstrip("/")
