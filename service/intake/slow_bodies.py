"""Slow bodies: an end to waiting for clients that send too slowly.

One look a second at all that are waited for; a timer for each would cost an upload a hundredth of its time.
"""

import asyncio
from typing import Any

LOOK_S = 1.0  # between two looks
MIN_BYTES_PER_S = 16 * 1024  # no usual line is slower; a body that keeps to it is read to its end

Reader = asyncio.Task[Any]


class SlowBodies:
    """Cancels tasks that wait for a body for too long.

    To be used from one event loop at a time.

    Args:
        timeout_s: How long a body may be behind `MIN_BYTES_PER_S`, in seconds; what came faster is not saved up.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._ends: dict[Reader, float] = {}  # in the loop's time
        self._is_looking = False

    def start(self, reader: Reader) -> None:
        """Expect a body from now on, which this task reads."""
        loop = reader.get_loop()
        self._ends[reader] = loop.time() + self._timeout_s
        if not self._is_looking:
            self._is_looking = True
            loop.call_later(LOOK_S, self._look, loop)

    def allow(self, reader: Reader, num_bytes: int) -> None:
        """Allow a body more time for so many bytes that have come last."""
        end = self._ends[reader] + num_bytes / MIN_BYTES_PER_S
        self._ends[reader] = min(end, reader.get_loop().time() + self._timeout_s)

    def stop(self, reader: Reader) -> bool:
        """Expect it no more; return whether the task was cancelled for its slowness."""
        return self._ends.pop(reader, None) is None

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel whoever has waited for too long, and look again while anybody waits."""
        now = loop.time()
        for reader, end in list(self._ends.items()):
            if end <= now:
                del self._ends[reader]
                reader.cancel()
        self._is_looking = bool(self._ends)
        if self._is_looking:
            loop.call_later(LOOK_S, self._look, loop)
