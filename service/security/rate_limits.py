"""Rate limits: so many requests in so long a time, for each client by itself.

A token bucket as the generic cell rate algorithm: of each client one number is kept, the time when its
bucket will be full again. Source: ITU-T I.371, annex A.
This module is a leaf: it imports nothing of the service but its errors.
"""

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from service.errors import RateLimitError

MAX_CLIENTS = 10_000  # whose buckets are kept, about 2 MB; beyond, the longest known are forgotten
_PERIODS_S = {"s": 1, "min": 60, "h": 3600}
_LIMIT = re.compile(r"([1-9][0-9]{0,8})/(s|min|h)")


@dataclass(frozen=True)
class RateLimit:
    """A bound on requests.

    Attributes:
        num_requests: Requests that may come at once, and that a period brings back.
        period_s: The period, in seconds.
    """

    num_requests: int
    period_s: int

    @classmethod
    def read(cls, text: str) -> "RateLimit":
        """Read a limit such as `600/min`; the periods are `s`, `min` and `h`.

        Raises:
            ValueError: If it is none.
        """
        match = _LIMIT.fullmatch(text.strip())
        if not match:
            raise ValueError("expected requests in a period, s, min or h, such as 600/min")
        return cls(int(match[1]), _PERIODS_S[match[2]])


class RateLimiter:
    """Counts the requests of clients against a limit.

    Args:
        limit: The same for each of them.
        now_s: A clock that never goes back, in seconds.
    """

    def __init__(self, limit: RateLimit, now_s: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._now_s = now_s
        self._interval_s = limit.period_s / limit.num_requests
        self._full_at_s: dict[object, float] = {}

    def admit(self, client: object) -> None:
        """Count a request of a client.

        Raises:
            RateLimitError: If it comes too soon; it is not counted.
        """
        now_s = self._now_s()
        full_at_s = max(now_s, self._full_at_s.pop(client, now_s)) + self._interval_s
        wait_s = full_at_s - now_s - self._limit.period_s
        if wait_s > 1e-9 * self._limit.period_s:  # more than a rounding error
            self._full_at_s[client] = full_at_s - self._interval_s
            raise RateLimitError(self._explain(), retry_after_s=math.ceil(wait_s))
        self._full_at_s[client] = full_at_s
        if len(self._full_at_s) > MAX_CLIENTS:
            del self._full_at_s[next(iter(self._full_at_s))]

    def _explain(self) -> str:
        return (
            f"More requests came than the {self._limit.num_requests} that are answered in "
            f"{self._limit.period_s} s. Send the next one after the seconds that Retry-After says."
        )
