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


@contextmanager
def translate(client: httpx.Client | httpx.AsyncClient) -> Iterator[None]:
    """Raise `NoAnswerError` for whatever httpx raises in the context."""
    try:
        yield
    except httpx.RequestError as cause:
        raise NoAnswerError(
            f"No answer from {address(client)} ({type(cause).__name__}). "
            "Start it with `digitserve serve`, or give the URL that it prints."
        ) from cause


def address(client: httpx.Client | httpx.AsyncClient) -> str:
    """Return the URL of a client's service as a person gave it."""
    return str(client.base_url).rstrip("/")
