"""Admission: how many requests a worker takes at once, and until when each is worth its work.

    room? -> body -> Place (deadline) -> check before each costly step -> free

What finds no room is refused at once, and told when to come again: when those in front of it will be done,
by the rate at which places have come free of late. Knows neither HTTP nor pictures.
"""

import math
import time
from collections.abc import Sized

from service.errors import DeadlineError, OverloadedError
from service.telemetry.request_record import RequestRecord

MAX_RETRY_AFTER_S = 60
ALWAYS_ADMITTED = 2  # one is computed, one is read
SHARE_OF_NEWEST = 1 / 32  # of the average interval: two batches of sixteen forget two thirds


class ClientLeftError(Exception):
    """The client has closed its connection: nobody wants the answer, and nothing is sent."""


class Gate:
    """Admits so many requests at once, in the order in which they come.

    To be used from one thread. It needs no lock and no task: who has a place waits where its work is
    queued, for the engine or for a thread.

    Args:
        capacity: Most requests that are in work or wait for it.
        max_wait_s: Longest time, in seconds, in which those are done that one more would wait for, by the rate of
            late. Two are admitted whatever it is, so that one is computed while another is read.

    Attributes:
        capacity: That bound.
        num_taken: How many there are now.
    """

    def __init__(self, capacity: int, *, max_wait_s: float = math.inf) -> None:
        self.capacity = capacity
        self.num_taken = 0
        self._max_wait_s = max_wait_s
        self._interval_s = (
            0.0  # between two places that came free while the gate was busy, weighted
        )
        self._weight = 0.0  # of those intervals together; 1 after many
        self._last_at = 0.0  # when the last one did, or work came to an idle gate

    @property
    def retry_after_s(self) -> int:
        """Seconds until those who have a place now will be done, 1 to `MAX_RETRY_AFTER_S`."""
        seconds = round(self._wait_s, 3)  # what rounding adds is no second more
        return min(max(1, math.ceil(seconds)), MAX_RETRY_AFTER_S)

    @property
    def _wait_s(self) -> float:
        """Seconds until those who have a place now will be done, by the rate of late."""
        return self.num_taken * self._interval_s / self._weight if self._weight else 0.0

    def check_room(self) -> None:
        """Check that one more would be admitted.

        Raises:
            OverloadedError: If not.
        """
        if self.num_taken >= self.capacity:
            raise OverloadedError(
                f"{self.capacity} requests of this kind are in work or wait, the most that a worker takes. "
                "Send it again after the time in Retry-After.",
                retry_after_s=self.retry_after_s,
            )
        if self.num_taken >= ALWAYS_ADMITTED and self._wait_s > self._max_wait_s:
            raise OverloadedError(
                f"The {self.num_taken} requests that are in work or wait take longer than the "
                f"{self._max_wait_s * 1000:g} ms that one more may wait. Send it again after the time in Retry-After.",
                retry_after_s=self.retry_after_s,
            )

    def enter(
        self,
        timeout_s: float,
        record: RequestRecord | None = None,
        requests: Sized | None = None,
    ) -> "Place":
        """Admit a request.

        Args:
            timeout_s: How long from now its work may begin, in seconds.
            record: Where its steps are noted; default: one that nobody reads.
            requests: All that the server has read and not answered, where it tells.

        Raises:
            OverloadedError: If there is no room.
        """
        self.check_room()
        now = time.monotonic()
        if not self.num_taken:
            self._last_at = now
        self.num_taken += 1
        return Place(self, now + timeout_s, record or RequestRecord(), requests)

    def release(self, *, is_answered: bool) -> None:
        """Take a place back; answers alone tell how fast the work goes."""
        self.num_taken -= 1
        if is_answered:
            now = time.monotonic()
            self._interval_s += (now - self._last_at - self._interval_s) * SHARE_OF_NEWEST
            self._weight += (1.0 - self._weight) * SHARE_OF_NEWEST
            self._last_at = now


class Place:
    """The place of one request, until it is answered or its client leaves.

    Args:
        gate: Whose place it is.
        deadline: When its work may no longer begin, in seconds of `time.monotonic`.
        record: Where its steps are noted.
        requests: All that the server has read and not answered, where it tells.

    Attributes:
        record: Where its steps are noted.
    """

    __slots__ = ("_deadline", "_gate", "_has_left", "_is_free", "_requests", "record")

    def __init__(
        self, gate: Gate, deadline: float, record: RequestRecord, requests: Sized | None = None
    ) -> None:
        self.record = record
        self._requests = requests
        self._gate = gate
        self._deadline = deadline
        self._has_left = False
        self._is_free = False

    @property
    def is_alone(self) -> bool:
        """Whether its gate has admitted nobody else."""
        return self._gate.num_taken == 1

    @property
    def has_server_alone(self) -> bool:
        """Whether the server is known to have no other request, not even one that has only just been read."""
        return self._requests is not None and len(self._requests) == 1

    def check(self) -> None:
        """Check, in any thread, that the work which is about to begin is still wanted.

        Raises:
            ClientLeftError: If the client has left.
            DeadlineError: If the deadline has passed.
        """
        if self._has_left:
            raise ClientLeftError
        if time.monotonic() >= self._deadline:
            raise DeadlineError(
                "The request's time ran out before its work began. Send it again after the time in "
                "Retry-After, or allow it more by X-Request-Timeout-Ms.",
                retry_after_s=self._gate.retry_after_s,
            )

    def check_client(self) -> None:
        """Check, in any thread, that work which has begun is still wanted.

        Raises:
            ClientLeftError: If the client has left.
        """
        if self._has_left:
            raise ClientLeftError

    def leave(self) -> None:
        """Give the place up, because the client has left."""
        self._has_left = True
        self._free(is_answered=False)

    def free(self) -> None:
        """Give the place up, because the request is answered; once, however often it is called."""
        self._free(is_answered=True)

    def _free(self, *, is_answered: bool) -> None:
        if not self._is_free:
            self._is_free = True
            self._gate.release(is_answered=is_answered)
