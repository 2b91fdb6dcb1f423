"""Intake: what every route that computes does before it computes.

request -> room? -> time that it may take -> body, bounded and in time -> place
"""

import math
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.types import Scope

from service.errors import InvalidTimeoutError
from service.intake.admission import Gate, Place
from service.intake.uploads import read_body
from service.resources import Resources

TIMEOUT_HEADER = b"x-request-timeout-ms"
MAX_TIMEOUT_DIGITS = 9  # eleven days; nobody waits for longer
PLACE = "place"  # in the request's state
REQUESTS = "requests"  # there too: all that the server has read and not answered, where it tells
TIMEOUT_PARAMETER: dict[str, Any] = {
    "name": "X-Request-Timeout-Ms",
    "in": "header",
    "description": "Longest time in milliseconds from the upload's last byte to the start of its work",
    "schema": {"type": "integer", "minimum": 1, "maximum": 10**MAX_TIMEOUT_DIGITS - 1},
}


class Admitted(NamedTuple):
    """A request that is to be worked on.

    Attributes:
        body: All of it.
        place: Its place, given up once the request is answered or its client leaves.
    """

    body: bytes
    place: Place


async def take_in(
    request: Request, resources: Resources, *, max_bytes: int, gate: Gate | None = None
) -> Admitted:
    """Admit a request, or refuse it before its body is read.

    It gets its place only once the body is there, so that slow clients keep nobody else out.

    Args:
        request: The request.
        resources: What the lifespan made.
        max_bytes: Largest body.
        gate: Bounds the requests of this kind; default: the one of predictions.

    Raises:
        OverloadedError: If there is no room, for it or for its body.
        InvalidTimeoutError: If its header asks for no time.
        UploadTooLargeError: If its body is over the bound.
        SlowUploadError: If its body comes too slowly.
        ClientDisconnect: If the client leaves before all of it has come.
    """
    gate = gate or resources.gate
    gate.check_room()
    timeout_s = read_timeout_s(request.scope["headers"], resources.settings.request_timeout_ms)
    body = await read_body(request, max_bytes, resources.slow_bodies, resources.body_memory)
    state = request.scope["state"]
    place = gate.enter(timeout_s, request.scope.get("record"), state.get(REQUESTS))
    state[PLACE] = place
    return Admitted(body, place)


def free_place(scope: Scope) -> None:
    """Give up the place of a request that is answered, if it had one, and what its body took."""
    state = scope.get("state", {})
    if place := state.get(PLACE):
        place.free()
    if resources := state.get("resources"):
        resources.body_memory.release(scope)


def read_timeout_s(headers: list[tuple[bytes, bytes]], max_ms: int) -> float:
    """Return how long a request's work may wait, in seconds.

    Args:
        headers: Of the request, their names in lower case.
        max_ms: What holds where the client asks for nothing, and the most that it gets; 0: no bound.

    Raises:
        InvalidTimeoutError: If the client asks for something that is no time.
    """
    most_s = max_ms / 1000 if max_ms else math.inf
    for name, value in headers:
        if name == TIMEOUT_HEADER:
            return min(_parse_ms(value) / 1000, most_s)
    return most_s


def _parse_ms(value: bytes) -> int:
    """Read a number of milliseconds."""
    if not value.isdigit() or len(value) > MAX_TIMEOUT_DIGITS or not int(value):
        raise InvalidTimeoutError(
            "X-Request-Timeout-Ms holds no whole number of milliseconds from 1 to "
            f"{'9' * MAX_TIMEOUT_DIGITS}. Send a number such as 500, or leave the header out."
        )
    return int(value)
