"""When to ask again, and how long to wait before it."""

import random
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeAlias

import httpx

RETRIED_STATUSES = frozenset({429, 502, 503, 504})  # RFC 9110, section 15, and RFC 6585: not now
RETRIED_ERRORS = (httpx.ConnectError, httpx.ConnectTimeout, httpx.NetworkError, httpx.ProtocolError)

Outcome: TypeAlias = httpx.Response | httpx.TransportError


@dataclass(frozen=True)
class Retries:
    """How often a request is repeated. Every request of this package may be: none changes anything.

    Attributes:
        attempts: At most so many, the first counted; 1 never repeats.
        first_delay_s: Wait before the second; each wait is twice the one before, less up to half
            of it by chance, so that clients do not come back together.
        max_delay_s: Longest wait. A service that asks for more is not asked again.
    """

    attempts: int = 3
    first_delay_s: float = 0.25
    max_delay_s: float = 20.0

    def delay_s(self, attempt: int, outcome: Outcome) -> float | None:
        """Return the wait in seconds before the next attempt, or None if this outcome stands.

        Args:
            attempt: The one that ended so, from 1.
            outcome: What came of it.
        """
        if attempt >= self.attempts or not _is_passing(outcome):
            return None
        asked_s = _retry_after_s(outcome) if isinstance(outcome, httpx.Response) else None
        if asked_s is not None:
            return asked_s if asked_s <= self.max_delay_s else None
        longest_s = min(self.first_delay_s * 2.0 ** (attempt - 1), self.max_delay_s)
        return longest_s * random.uniform(0.5, 1)  # noqa: S311 - no secret


def _is_passing(outcome: Outcome) -> bool:
    """Tell whether the same request may succeed a little later."""
    if isinstance(outcome, httpx.Response):
        return outcome.status_code in RETRIED_STATUSES
    return isinstance(outcome, RETRIED_ERRORS)


def _retry_after_s(response: httpx.Response) -> float | None:
    """Read `Retry-After`: seconds or a date (RFC 9110, section 10.2.3); None without a sane one."""
    value: str = response.headers.get("retry-after", "")
    if value.isdecimal():
        return float(value)
    try:
        at_s = parsedate_to_datetime(value).timestamp()
    except ValueError:
        return None
    return max(0.0, at_s - time.time())
