"""A balancer: chooses a replica for each request, sends it again when one fails, and asks all for their health.

request -> policy -> replica -> answer; 503 or a broken connection -> another replica, a few times -> client
"""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import simpy

from benchmarks.simulation.policies import PolicyName, make_policy
from benchmarks.simulation.replica import Replica
from benchmarks.simulation.requests import Outcome, Request


@dataclass(frozen=True)
class BalancerSettings:
    """What docker/haproxy.cfg says, or another balancer.

    Attributes:
        policy: How a replica is chosen.
        retries: How often an attempt is sent to another replica.
        repeats_refusals: Whether a replica's 503 is a reason for it, beside a broken connection.
        check_interval_s: Between two health checks of a replica, in seconds; one that fails is enough.
        check_timeout_s: Until a check that is not answered at all has failed, in seconds.
        connect_timeout_s: Until a connection to a replica counts as impossible, in seconds.
        is_watchful: Whether a connection that breaks is enough to send nothing more before the next check.
    """

    policy: PolicyName = "least_connections"
    retries: int = 3
    repeats_refusals: bool = True
    check_interval_s: float = 0.5
    check_timeout_s: float = 0.5
    connect_timeout_s: float = 2.0
    is_watchful: bool = True


class Balancer:
    """Sends requests to replicas.

    Args:
        env: The simulation.
        settings: How.
        random: For policies and health checks.
    """

    def __init__(
        self, env: simpy.Environment, settings: BalancerSettings, random: np.random.Generator
    ) -> None:
        self._env = env
        self._settings = settings
        self._random = random
        self._policy = make_policy(settings.policy, random)
        self._known: list[Replica] = []
        self._in_flight: dict[Request, Replica] = {}

    @property
    def replicas(self) -> list[Replica]:
        """Those that get requests, in no order."""
        return self._policy.replicas

    def add(self, replica: Replica) -> None:
        """Know of a replica from now on; it gets requests once a check has found it ready."""
        self._known.append(replica)
        self._check(replica)
        self._env.process(self._keep_checking(replica))

    def remove(self, replica: Replica) -> None:
        """Forget a replica; what it has comes back still."""
        self._known.remove(replica)
        self._mark_down(replica)

    def send(self, request: Request) -> None:
        """Send an attempt of a client to a replica."""
        request.dispatches += 1
        if not self.replicas:
            request.retry_after_s = 1.0
            request.deliver(request, Outcome.REFUSED)
            return
        replica = self._in_flight[request] = self._policy.begin()
        if replica.is_silent:
            wait = self._env.timeout(self._settings.connect_timeout_s)
            wait.callbacks.append(lambda _: self._fail(request, replica))
        else:
            replica.take(request, self.receive)

    def receive(self, request: Request, outcome: Outcome) -> None:
        """Hand an outcome to the client, or send the request to another replica."""
        replica = self._in_flight.get(request)
        if replica is None:  # its client has given up
            return
        self._close(request, replica)
        if outcome is Outcome.LOST and self._settings.is_watchful:
            self._mark_down(replica)
        if self._repeats(outcome) and request.dispatches <= self._settings.retries:
            self.send(request)
        else:
            request.deliver(request, outcome)

    def _repeats(self, outcome: Outcome) -> bool:
        """Tell whether an outcome is one after which another replica is asked."""
        if outcome is Outcome.ANSWERED:
            return False
        return outcome is Outcome.LOST or self._settings.repeats_refusals

    def forget(self, request: Request) -> None:
        """Close the connection of a client that has given up."""
        replica = self._in_flight.get(request)
        if replica is not None:
            replica.leave(request)
            self._close(request, replica)

    def _close(self, request: Request, replica: Replica) -> None:
        """Count a connection less."""
        del self._in_flight[request]
        self._policy.end(replica)

    def _fail(self, request: Request, replica: Replica) -> None:
        """Give up connecting to a replica, unless the client has given up before."""
        if self._in_flight.get(request) is replica:
            self.receive(request, Outcome.LOST)

    def _keep_checking(self, replica: Replica) -> Generator[simpy.Event]:
        """Check a replica for as long as it is known."""
        interval_s = self._settings.check_interval_s
        yield self._env.timeout(self._random.random() * interval_s)
        while replica in self._known:
            if replica.is_silent:  # the check itself waits in vain
                yield self._env.timeout(self._settings.check_timeout_s)
            self._check(replica)
            yield self._env.timeout(interval_s)

    def _check(self, replica: Replica) -> None:
        """Ask a replica for its readiness."""
        if not replica.is_ready:
            self._mark_down(replica)
        elif replica in self._known and replica not in self.replicas:
            self._policy.add(replica)

    def _mark_down(self, replica: Replica) -> None:
        """Send nothing more to a replica until a check succeeds."""
        if replica in self.replicas:
            self._policy.remove(replica)
