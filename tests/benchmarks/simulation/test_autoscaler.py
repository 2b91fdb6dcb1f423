"""The autoscaler does what Kubernetes documents."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import simpy

from benchmarks.simulation.autoscaler import Autoscaler, AutoscalerSettings
from benchmarks.simulation.balancer import Balancer, BalancerSettings
from benchmarks.simulation.draws import Constant
from benchmarks.simulation.fleet import Plan, simulate
from benchmarks.simulation.replica import Bounds, Replica
from benchmarks.simulation.requests import Tally

SETTINGS = AutoscalerSettings(
    target_in_flight=4, max_replicas=16, scrape_interval_s=1, start_s=2, stabilisation_s=60
)
CROWD = Plan(
    Constant(0.1),
    2,
    100,
    ((0, 10), (10, 140)),
    bounds=Bounds(max_waiting=32),
    autoscaler=SETTINGS,
)


def _replicas(tally: Tally) -> list[int]:
    """How many there were, at every second."""
    return [moment.replicas for moment in tally.timeline]


def test_doubles_at_most() -> None:
    """Under a crowd the replicas double every 15 s up to the bound, each time after they have started."""
    replicas = _replicas(simulate(CROWD))

    assert [replicas[at_s] for at_s in (14, 16, 18, 31, 33, 46, 48, 61, 63)] == [
        *(2, 2, 4, 4, 8, 8, 16, 16, 16)
    ]


def test_stays_where_the_target_is_met() -> None:
    """Without load above the target nothing changes."""
    calm = replace(CROWD, rates=((0, 10),))

    assert set(_replicas(simulate(calm))) == {2}


@pytest.mark.parametrize(("in_flight", "wanted"), [(8, 2), (17, 2), (21, 2), (23, 3), (40, 4)])
def test_leaves_small_differences(in_flight: int, wanted: int) -> None:
    """What is within a tenth of the target changes nothing; what is beyond asks for whole replicas."""
    env = simpy.Environment()
    balancer = Balancer(env, BalancerSettings(), np.random.default_rng(1))
    replicas = [Replica(env, lambda: 1.0, Bounds()) for _ in range(2)]
    for replica in replicas:
        balancer.add(replica)
    replicas[0].num_taken = in_flight
    settings = replace(SETTINGS, target_in_flight=10)
    autoscaler = Autoscaler(env, balancer, settings, lambda: replicas[0])

    env.run(until=16)

    assert autoscaler.num_wanted == wanted


def test_goes_back_slowly() -> None:
    """Once nothing more was wanted for a while, replicas go one a minute."""
    plan = replace(CROWD, seconds=300, rates=((0, 10), (10, 140), (40, 10)))

    replicas = _replicas(simulate(plan))
    lost = [before - after for before, after in pairwise(replicas)]

    assert max(replicas) > 4
    assert replicas[85] == max(replicas)
    assert replicas[-1] < max(replicas)
    assert max(lost) == 1
    steps = [at_s for at_s, number in enumerate(lost) if number == 1]
    assert all(after - before >= 60 for before, after in pairwise(steps))


@pytest.mark.parametrize(("room", "grows"), [(3, False), (16, True)])
def test_needs_room_above_the_target(room: int, grows: bool) -> None:
    """Where a worker takes in no more than the target asks for, no crowd is ever seen."""
    plan = replace(CROWD, bounds=Bounds(max_waiting=room))

    assert (max(_replicas(simulate(plan))) > 2) == grows
