"""Policies: which replica gets the next request."""

import heapq
import itertools
from collections import Counter
from typing import Literal, Protocol

import numpy as np

from benchmarks.simulation.replica import Replica

PolicyName = Literal["least_connections", "round_robin", "random"]


class Policy(Protocol):
    """Chooses among the replicas that take requests."""

    replicas: list[Replica]

    def add(self, replica: Replica) -> None:
        """Choose among it too."""

    def remove(self, replica: Replica) -> None:
        """Do not choose it any more."""

    def begin(self) -> Replica:
        """Choose one, which has one connection more from now on; there must be one."""

    def end(self, replica: Replica) -> None:
        """Count one connection less."""


class _Listed:
    """Keeps those among which is chosen, and nothing else."""

    def __init__(self) -> None:
        self.replicas: list[Replica] = []

    def add(self, replica: Replica) -> None:
        """Choose among it too."""
        self.replicas.append(replica)

    def remove(self, replica: Replica) -> None:
        """Do not choose it any more."""
        self.replicas.remove(replica)

    def end(self, replica: Replica) -> None:
        """Count nothing."""


class RoundRobin(_Listed):
    """One after the other."""

    def begin(self) -> Replica:
        """Choose the one that was chosen longest ago."""
        replica = self.replicas.pop(0)
        self.replicas.append(replica)
        return replica


class Random(_Listed):
    """By chance, as the Services of Kubernetes do with connections.

    Args:
        random: The dice.
    """

    def __init__(self, random: np.random.Generator) -> None:
        super().__init__()
        self._random = random

    def begin(self) -> Replica:
        """Choose any."""
        return self.replicas[int(self._random.random() * len(self.replicas))]


class LeastConnections(_Listed):
    """The one with the fewest connections; of several the one whose number changed longest ago."""

    def __init__(self) -> None:
        super().__init__()
        self._connections: Counter[Replica] = Counter()
        self._tickets: dict[Replica, int] = {}
        self._next_ticket = itertools.count()
        self._heap: list[tuple[int, int, Replica]] = []  # whose ticket is not the last is stale

    def add(self, replica: Replica) -> None:
        """Choose among it too."""
        super().add(replica)
        self._queue(replica)

    def remove(self, replica: Replica) -> None:
        """Do not choose it any more."""
        super().remove(replica)
        del self._tickets[replica]

    def begin(self) -> Replica:
        """Choose one."""
        while True:
            _, ticket, replica = heapq.heappop(self._heap)
            if self._tickets.get(replica) == ticket:
                break
        self._connections[replica] += 1
        self._queue(replica)
        return replica

    def end(self, replica: Replica) -> None:
        """Count one connection less."""
        self._connections[replica] -= 1
        if replica in self._tickets:
            self._queue(replica)

    def _queue(self, replica: Replica) -> None:
        """Put a replica where its connections belong."""
        ticket = self._tickets[replica] = next(self._next_ticket)
        heapq.heappush(self._heap, (self._connections[replica], ticket, replica))


def make_policy(name: PolicyName, random: np.random.Generator) -> Policy:
    """Return the policy of this name."""
    if name == "least_connections":
        return LeastConnections()
    return RoundRobin() if name == "round_robin" else Random(random)
