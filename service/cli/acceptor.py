"""Accepts connections from a socket, of one process or of several that share it.

Who shares takes one in a turn of the event loop: where the first that wakes takes all, of 64 connections one worker was
seen to hold 64 and the other none. Who does not takes all that wait, where uvloop would take one: a turn in which
photos are preprocessed lasts for milliseconds, and 64 clients that come together would wait for 64 of them.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable

BURST = 64  # connections at once; each takes some fifty microseconds
RETRY_S = 1.0  # after a failure of the system, such as too many open files; as asyncio does

logger = logging.getLogger("digitserve")


class Acceptor:
    """Hands connections to protocols; closes like a server of asyncio's.

    Args:
        listener: The socket, bound; closed at the end. Another process closes its own copy.
        make_protocol: Makes what serves a connection.
        backlog: Most connections that wait to be accepted.
        is_shared: Whether other processes accept from it too.
        tls: The server's side of TLS, if it speaks TLS.

    Raises:
        OSError: If it cannot listen, as where another program began to since the socket was bound.
    """

    def __init__(
        self,
        listener: socket.socket,
        make_protocol: Callable[[], asyncio.BaseProtocol],
        *,
        backlog: int,
        is_shared: bool,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._listener = listener
        self._make_protocol = make_protocol
        self._backlog = backlog
        self._is_shared = is_shared
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._openings: set[asyncio.Task[None]] = set()
        listener.setblocking(False)
        listener.listen(backlog)
        self._watch()

    def close(self) -> None:
        """Take all that wait, and no more; connections that are open go on.

        One of several takes them too, since it may be the last. Whoever comes later is for the others; where nobody
        is left, they are refused.
        """
        if self._listener.fileno() < 0:  # as where it is closed already
            return
        self._loop.remove_reader(self._listener)
        for _ in range(self._backlog):
            if not self._accept():
                break
        self._listener.close()

    async def wait_closed(self) -> None:
        """Return at once: nothing is left to wait for."""

    def _watch(self) -> None:
        if self._listener.fileno() >= 0:  # it was not closed since
            self._loop.add_reader(self._listener, self._accept_waiting)

    def _accept_waiting(self) -> None:
        """Take one connection, or all that wait if nobody else would."""
        for _ in range(1 if self._is_shared else BURST):
            if not self._accept():
                return

    def _accept(self) -> bool:
        """Take one connection, if another process was not faster; return whether there may be more."""
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError):
            return False
        except ConnectionAbortedError:  # its client has left; others may wait behind it
            return True
        except OSError as error:
            logger.error("No connection can be accepted: %s.", error.strerror)
            self._loop.remove_reader(self._listener)
            self._loop.call_later(RETRY_S, self._watch)
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
