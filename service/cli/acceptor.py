"""Accepts connections from a socket that several processes share, one in a turn of the event loop.

By itself a server takes whatever waits at once: the first that wakes gets all, and of 64 connections one
worker was seen to hold 64 and the other none. Who takes one at a time leaves the next to whoever is idle.
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
        tls: The server's side of TLS, if it speaks TLS.
    """

    def __init__(
        self,
        listener: socket.socket,
        make_protocol: Callable[[], asyncio.BaseProtocol],
        *,
        backlog: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._listener = listener
        self._make_protocol = make_protocol
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
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        """Take one connection, if another process was not faster."""
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:
            logger.error("No connection can be accepted: %s.", error.strerror)
            self._loop.remove_reader(self._listener)
            self._retry = self._loop.call_later(RETRY_S, self._watch)
            return
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opening = self._loop.create_task(self._open(connection))
        self._openings.add(opening)
        opening.add_done_callback(self._openings.discard)

    async def _open(self, connection: socket.socket) -> None:
        """Give a connection its protocol; one whose client has gone, or fails at TLS, ends here."""
        with contextlib.suppress(OSError):
            await self._loop.connect_accepted_socket(self._make_protocol, connection, ssl=self._tls)
