"""Requests of the simulation, and what becomes of them: each ends exactly once."""

from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

import numpy as np


class Outcome(Enum):
    """How an attempt ended, or a request as a whole."""

    ANSWERED = "answered"
    REFUSED = "refused"  # 503: no room
    EXPIRED = "expired"  # 503: its time ran out before its work began
    LOST = "lost"  # its connection broke, or was never made


class Request:
    """One request of a client.

    Attributes:
        due_s: When it fell due, in simulated seconds.
        attempts: How often its client has sent it.
        dispatches: How often the balancer has sent this attempt to a replica.
        retry_after_s: What the last refusal asked for, in seconds.
        deliver: Where the end of an attempt is told.
    """

    __slots__ = ("attempts", "deliver", "dispatches", "due_s", "retry_after_s")

    def __init__(self, due_s: float, deliver: Callable[["Request", Outcome], None]) -> None:
        self.due_s = due_s
        self.deliver = deliver
        self.attempts = 0
        self.dispatches = 0
        self.retry_after_s = 1.0


@dataclass(frozen=True)
class Moment:
    """The fleet at one moment.

    Attributes:
        at_s: When, in simulated seconds from the end of the warm-up.
        replicas: How many take requests.
        due: Requests that had fallen due up to then.
    """

    at_s: float
    replicas: int
    due: int


@dataclass
class Tally:
    """What became of the requests that fell due after the warm-up.

    Attributes:
        seconds: Length of that time, in simulated seconds.
        due: How many fell due.
        ended: How many ended, by outcome.
        latencies_s: Of those answered, from when they were due, with all waits between attempts.
        due_at_s: When each of those was due, from the end of the warm-up.
        attempts: How often clients sent them, in all.
        timeline: The fleet at regular moments.
    """

    seconds: float
    due: int = 0
    ended: Counter[Outcome] = field(default_factory=Counter)
    latencies_s: "array[float]" = field(default_factory=lambda: array("d"))
    due_at_s: "array[float]" = field(default_factory=lambda: array("d"))
    attempts: int = 0
    timeline: list[Moment] = field(default_factory=list)

    @property
    def answered_per_s(self) -> float:
        """Answers, by the time in which the requests fell due."""
        return self.ended[Outcome.ANSWERED] / self.seconds

    def percentile_ms(self, share: float) -> float:
        """Return a percentile of the latencies in milliseconds, by nearest rank; infinite without answers."""
        if not self.latencies_s:
            return float("inf")
        return float(np.quantile(self.latencies_s, share, method="inverted_cdf")) * 1000

    def within(self, seconds: float) -> float:
        """Return the share of all requests that were answered within this time, 0..1."""
        if not self.due:
            return 1.0
        return int(np.count_nonzero(np.asarray(self.latencies_s) <= seconds)) / self.due

    def list_soon(self, seconds: float) -> list[float]:
        """Return, for each time between two moments, the share of its requests that were answered within so long."""
        edges_s = [moment.at_s for moment in self.timeline]
        is_soon = np.asarray(self.latencies_s) <= seconds
        soon, _ = np.histogram(np.asarray(self.due_at_s)[is_soon], bins=edges_s)
        due = np.diff([moment.due for moment in self.timeline])
        shares: list[float] = np.where(due > 0, soon / np.maximum(due, 1), 1.0).tolist()
        return shares
