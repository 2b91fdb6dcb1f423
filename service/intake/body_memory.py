"""Body memory: what the bodies of all requests of a worker take together, bounded.

piece of a large body -> room? -> held, until its request is answered -> given back to the system when none is held

Small bodies are not counted, for counting would cost them more than they weigh.
"""

import ctypes

from starlette.types import Scope

from service.errors import OverloadedError

UNCOUNTED_BYTES = 64 * 1024  # of a body; a hundred connections with so many make 6 MB
RETRY_AFTER_S = 1
MIB = 1024 * 1024
_HELD = "held_bytes"  # in the request's state


class BodyMemory:
    """Counts the bytes of large bodies, and refuses what is too much.

    To be used from one event loop.

    Args:
        capacity: Most bytes that all bodies may take together.

    Attributes:
        held: Bytes that they take now.
    """

    def __init__(self, capacity: int) -> None:
        self.held = 0
        self._capacity = capacity
        self._is_worn = False

    def hold(self, scope: Scope, num_bytes: int) -> None:
        """Count a request's body, of which so many bytes have come by now.

        Raises:
            OverloadedError: If all bodies take too much.
        """
        if num_bytes <= UNCOUNTED_BYTES:
            return
        more = num_bytes - scope["state"].get(_HELD, 0)
        if self.held + more > self._capacity:
            raise OverloadedError(
                f"The bodies of all requests take {self._capacity / MIB:g} MiB together, the most that a "
                "worker holds. Send it again after the time in Retry-After.",
                retry_after_s=RETRY_AFTER_S,
            )
        self.held += more
        self._is_worn = True
        scope["state"][_HELD] = num_bytes

    def release(self, scope: Scope) -> None:
        """Count a request's body no more, if it was counted."""
        self.held -= scope["state"].pop(_HELD, 0)

    def give_back(self) -> bool:
        """Have the allocator give the system what bodies have left with it, if some were held and none is now.

        By itself it keeps some, lest it have to ask again: 65 MB after photos of 4 MB on 16 connections. It takes
        six milliseconds then, so that it is not for the end of each request.

        Returns:
            Whether it was asked to.
        """
        if self.held or not self._is_worn:
            return False
        self._is_worn = False
        if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):  # of glibc alone
            trim(0)
        return True
