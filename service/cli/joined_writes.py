"""Joined writes: what a server writes to a connection in one turn of the event loop leaves in one piece.

    head of an answer, its body -> joined -> transport

The server writes them one by one, and each takes the system as long as a tenth of a small upload's whole answer.
"""

import asyncio
from typing import Any

MAX_JOINED_BYTES = (
    64 * 1024
)  # beyond them nothing is gained, and the transport tells writers to pause


class JoinedWrites:
    """A transport that sends at the end of the loop's turn what was written in it; else the one that it wraps.

    Args:
        transport: What sends.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._pieces: list[bytes] = []
        self._num_bytes = 0
        self._num_written = 0

    def __getattr__(self, name: str) -> Any:
        """Return what the transport has."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send some bytes, soon."""
        if not self._pieces:
            self._loop.call_soon(self.flush)
        self._pieces.append(data)
        self._num_bytes += len(data)
        self._num_written += len(data)
        if self._num_bytes > MAX_JOINED_BYTES:
            self.flush()

    def close(self) -> None:
        """Send what was written, and close the connection."""
        self.flush()
        self._transport.close()

    def get_write_buffer_size(self) -> int:
        """Return how many bytes wait to be sent."""
        return self._num_bytes + self._transport.get_write_buffer_size()

    @property
    def num_taken(self) -> int:
        """Bytes that were sent so far."""
        return self._num_written - self.get_write_buffer_size()

    def flush(self) -> None:
        """Send what waits, now."""
        if self._pieces:
            pieces, self._pieces, self._num_bytes = self._pieces, [], 0
            self._transport.writelines(pieces)
