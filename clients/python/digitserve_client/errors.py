"""What can go wrong between a program and the service."""

from collections.abc import Mapping
from typing import Any


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

    Raises:
        ValueError: If the problem is another service's.
    """

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem["detail"]))
        namespace, _, self.code = str(problem["type"]).rpartition(":")
        if namespace != "urn:problem-type:digitserve":
            raise ValueError(namespace)
        self.status, self.request_id = int(problem["status"]), str(problem.get("instance", ""))
