"""An autoscaler: Kubernetes' own, by the requests in work, and what it costs to start a replica.

requests in flight, as last scraped -> replicas wanted -> bounds of speed -> start, or drain

Source: kubernetes.io, "Horizontal Pod Autoscaling", section "Algorithm details".
"""

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass

import simpy

from benchmarks.simulation.balancer import Balancer
from benchmarks.simulation.replica import Replica

TOLERANCE = 0.1  # of the target; within it nothing changes


@dataclass(frozen=True)
class AutoscalerSettings:
    """What the manifest says, and the cluster's defaults.

    Attributes:
        target_in_flight: Wanted average of requests in work or waiting, of a replica.
        min_replicas: Fewest replicas.
        max_replicas: Most.
        period_s: Between two decisions, in seconds.
        scrape_interval_s: Between two looks at the replicas, in seconds: what decisions know is as old.
        start_s: From a decision to a replica that answers, in seconds.
        stabilisation_s: A replica goes only if none was wanted more for so long, in seconds.
        growth: Most that the number of replicas is multiplied by, in `growth_period_s`.
        growth_period_s: That time, in seconds.
        removal_period_s: Between two replicas that go, in seconds.
    """

    target_in_flight: float = 8.0
    min_replicas: int = 2
    max_replicas: int = 20
    period_s: float = 15.0
    scrape_interval_s: float = 15.0
    start_s: float = 5.0
    stabilisation_s: float = 300.0
    growth: float = 2.0
    growth_period_s: float = 15.0
    removal_period_s: float = 60.0


class Autoscaler:
    """Adds and removes replicas.

    Args:
        env: The simulation.
        balancer: That knows the replicas.
        settings: When, and how fast.
        make_replica: Makes one that is ready.

    Attributes:
        num_wanted: Replicas that are there or start.
    """

    def __init__(
        self,
        env: simpy.Environment,
        balancer: Balancer,
        settings: AutoscalerSettings,
        make_replica: Callable[[], Replica],
    ) -> None:
        self.num_wanted = len(balancer.replicas)
        self._env = env
        self._balancer = balancer
        self._settings = settings
        self._make_replica = make_replica
        self._in_flight = 0
        self._changes: list[tuple[float, int]] = [(env.now, self.num_wanted)]
        self._wishes: list[tuple[float, int]] = []
        self._last_removal_s = -math.inf
        env.process(self._scrape())
        env.process(self._decide())

    def _scrape(self) -> Generator[simpy.Event]:
        """Look at the replicas, over and over."""
        while True:
            self._in_flight = sum(replica.num_taken for replica in self._balancer.replicas)
            yield self._env.timeout(self._settings.scrape_interval_s)

    def _decide(self) -> Generator[simpy.Event]:
        """Decide, over and over."""
        while True:
            yield self._env.timeout(self._settings.period_s)
            wish = self._wish()
            self._wishes.append((self._env.now, wish))
            if wish > self.num_wanted:
                self._grow(min(wish, self._most()))
            elif self._highest_wish() < self.num_wanted:
                self._shrink()

    def _wish(self) -> int:
        """Return how many replicas the last look asks for; those that start count as idle."""
        settings = self._settings
        ratio = self._in_flight / (settings.target_in_flight * self.num_wanted)
        if abs(ratio - 1) <= TOLERANCE:
            return self.num_wanted
        wanted = math.ceil(self._in_flight / settings.target_in_flight)
        return min(max(wanted, settings.min_replicas), settings.max_replicas)

    def _most(self) -> int:
        """Return how many there may be now: so many times what there were a while ago."""
        since_s = self._env.now - self._settings.growth_period_s
        before = [number for at_s, number in self._changes if at_s <= since_s]
        return math.ceil((before or [self._changes[0][1]])[-1] * self._settings.growth)

    def _highest_wish(self) -> int:
        """Return the most that was wanted of late."""
        since_s = self._env.now - self._settings.stabilisation_s
        if self._env.now < self._settings.stabilisation_s:
            return self.num_wanted
        return max(wish for at_s, wish in self._wishes if at_s > since_s)

    def _grow(self, number: int) -> None:
        """Start replicas until there are so many."""
        for _ in range(number - self.num_wanted):
            ready = self._env.timeout(self._settings.start_s)
            ready.callbacks.append(lambda _: self._balancer.add(self._make_replica()))
        self._note(max(number, self.num_wanted))

    def _shrink(self) -> None:
        """Let one replica go, unless one went a moment ago."""
        if self._env.now - self._last_removal_s >= self._settings.removal_period_s:
            self._last_removal_s = self._env.now
            self._balancer.remove(self._balancer.replicas[-1])
            self._note(self.num_wanted - 1)

    def _note(self, number: int) -> None:
        """Remember how many replicas there are to be."""
        self.num_wanted = number
        self._changes.append((self._env.now, number))
