"""Connections: what the server does about clients that leave, stall or never come to the point.

answer -> sent in one piece; connection lost -> the place of its request in work is free
a look a second at all -> those that stall are closed
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from service.cli.bounded_protocol import BoundedProtocol
from service.cli.joined_writes import MAX_JOINED_BYTES, JoinedWrites
from service.intake.slow_bodies import MIN_BYTES_PER_S
from service.routes.intake import PLACE, REQUESTS


class Connection(BoundedProtocol):
    """A connection whose client frees its place in the service by leaving."""

    _in_work: RequestResponseCycle | None = (
        None  # not the last one read, where requests are sent ahead
    )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Serve a connection; each answer leaves in one piece."""
        transport = cast("asyncio.Transport", transport)
        # TLS would let half a megabyte gather, and then nobody sees what its client takes.
        transport.set_write_buffer_limits(high=MAX_JOINED_BYTES)
        self._joined = JoinedWrites(transport)
        super().connection_made(cast("asyncio.Transport", self._joined))

    @property
    def num_taken(self) -> int:
        """Bytes of answers that the client has taken, or that are on their way."""
        return self._joined.num_taken

    def on_message_begin(self) -> None:
        """Begin a request, which is told what others the server has."""
        super().on_message_begin()
        self.scope["state"][REQUESTS] = self.tasks

    def on_response_complete(self) -> None:
        """Send the end of an answer, before the next request is looked at."""
        self._joined.flush()
        super().on_response_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Begin to answer a request."""
        self._in_work = cycle
        super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give up the place of what is unanswered, and drop what was sent ahead."""
        super().connection_lost(exc)
        self.pipeline.clear()
        if (cycle := self._in_work) is None:
            return
        cycle.disconnected = not cycle.response_complete
        cycle.message_event.set()
        if place := cycle.scope["state"].get(PLACE):
            place.leave()


class StallWatch:
    """Closes connections whose clients keep them busy with nothing.

    A client stalls while it sends the head of a request, or what is left of a refused body, and while it
    does not read its answer, or more slowly than bodies may come. Between two requests the server's own bound
    holds, and bodies have their own.

    Args:
        timeout_s: How long a client may stall, in seconds.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._stalled: dict[Connection, _Progress] = {}

    def look(self, connections: Iterable[Connection], now: float) -> None:
        """Close those that have stalled for too long.

        Args:
            connections: All that are open.
            now: In seconds of any one clock.
        """
        stalled: dict[Connection, _Progress] = {}
        for connection in filter(_stalls, connections):
            cycle, num_taken = _cycle(connection), connection.num_taken
            before, since = self._stalled.get(connection), now
            if before and before.cycle is cycle:
                since = min(now, before.since + (num_taken - before.num_taken) / MIN_BYTES_PER_S)
            if now - since >= self._timeout_s:
                connection.count_end("stalled")
                connection.transport.abort()
            stalled[connection] = _Progress(cycle, num_taken, since)
        self._stalled = stalled


@dataclass(frozen=True)
class _Progress:
    """How far a client that stalls has come.

    Attributes:
        cycle: Its connection's last request, if there was one.
        num_taken: Bytes that it has taken.
        since: Since when it stalls, later by the time that these bytes may take.
    """

    cycle: RequestResponseCycle | None
    num_taken: int
    since: float


def _cycle(connection: HttpToolsProtocol) -> RequestResponseCycle | None:
    """Return a connection's last request, if there was one."""
    return connection.cycle


def _stalls(connection: HttpToolsProtocol) -> bool:
    """Tell whether a connection waits for its client, and for no body."""
    if connection.flow.write_paused:
        return True
    cycle = _cycle(connection)
    is_between_answers = cycle is None or cycle.response_complete
    return is_between_answers and connection.timeout_keep_alive_task is None
