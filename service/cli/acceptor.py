"""Accepts connections from a socket, as many in a turn of the event loop as its server is to take at once.

Processes that share a socket take one at a time: where the first that wakes takes all, of 64 connections one worker
was seen to hold 64 and the other none. A process of its own takes whatever waits, where uvloop would take one: a turn
in which photos are preprocessed lasts for milliseconds, and 64 clients that come together would wait for 64 of them.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable

RETRY_S = 1.0  # after a failure of the system, such as too many open files; as asyncio does

logger = logging.getLogger("digitserve")


class Acceptor:
    """Hands connections to protocols; closes like a server of asyncio's.

    Args:
        listener: The shared socket, bound; it stays the caller's.
        make_protocol: Makes what serves a connection.
        backlog: Most connections that wait to be accepted.
        num_at_once: Most connections that it takes in one turn.
        tls: The server's side of TLS, if it speaks TLS.
    """

    def __init__(
        self,
        listener: socket.socket,
        make_protocol: Callable[[], asyncio.BaseProtocol],
        *,
        backlog: int,
        num_at_once: int = 1,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._listener = listener
        self._make_protocol = make_protocol
        self._num_at_once = num_at_once
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._openings: set[asyncio.Task[None]] = set()
        self._retry: asyncio.TimerHandle | None = None
        listener.setblocking(False)
        listener.listen(backlog)
        self._watch()

    def close(self) -> None:
        """Accept no more; connections that are open go on."""
        if self._retry is not None:
            self._retry.cancel()
        self._loop.remove_reader(self._listener)

    async def wait_closed(self) -> None:
        """Return at once: nothing is left to wait for."""

    def _watch(self) -> None:
        self._loop.add_reader(self._listener, self._accept_waiting)

    def _accept_waiting(self) -> None:
        """Take the connections that wait, as many as it is to take at once."""
        for _ in range(self._num_at_once):
            if not self._accept():
                return

    def _accept(self) -> bool:
        """Take one connection, if another process was not faster; return whether there may be more."""
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False
        except OSError as error:
            logger.error("No connection can be accepted: %s.", error.strerror)
            self._loop.remove_reader(self._listener)
            self._retry = self._loop.call_later(RETRY_S, self._watch)
            return False
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opening = self._loop.create_task(self._open(connection))
        self._openings.add(opening)
        opening.add_done_callback(self._openings.discard)
        return True

    async def _open(self, connection: socket.socket) -> None:
        """Give a connection its protocol; one whose client has gone, or fails at TLS, ends here."""
        with contextlib.suppress(OSError):
            await self._loop.connect_accepted_socket(self._make_protocol, connection, ssl=self._tls)
