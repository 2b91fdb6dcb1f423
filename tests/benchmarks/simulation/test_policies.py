"""Which replica gets the next request."""

import numpy as np
import pytest
import simpy

from benchmarks.simulation.policies import LeastConnections, PolicyName, make_policy
from benchmarks.simulation.replica import Bounds, Replica


def _make_replicas(number: int) -> list[Replica]:
    """Replicas that are idle."""
    env = simpy.Environment()
    return [Replica(env, lambda: 1.0, Bounds()) for _ in range(number)]


@pytest.mark.parametrize("name", ["least_connections", "round_robin", "random"])
def test_only_those_that_take_requests(name: PolicyName) -> None:
    """One that was removed is never chosen, and one that was added again is."""
    policy = make_policy(name, np.random.default_rng(1))
    first, second = _make_replicas(2)
    for replica in (first, second):
        policy.add(replica)

    policy.remove(first)
    assert {policy.begin() for _ in range(20)} == {second}

    policy.add(first)
    assert first in {policy.begin() for _ in range(40)}


def test_fewest_connections() -> None:
    """The one with the fewest connections is chosen, as they come and go."""
    policy = LeastConnections()
    replicas = _make_replicas(3)
    for replica in replicas:
        policy.add(replica)

    assert [policy.begin() for _ in range(3)] == replicas
    policy.end(replicas[1])

    assert policy.begin() is replicas[1]


def test_connections_outlive_an_absence() -> None:
    """One that was gone for a moment still has the connections that it had."""
    policy = LeastConnections()
    first, second = _make_replicas(2)
    policy.add(first)
    policy.begin()
    policy.remove(first)
    policy.add(first)
    policy.add(second)

    assert policy.begin() is second
