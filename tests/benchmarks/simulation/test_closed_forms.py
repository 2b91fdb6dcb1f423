"""The simulation beside what queueing theory knows exactly, or nearly so."""

import math
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.simulation.balancer import BalancerSettings
from benchmarks.simulation.draws import Constant, Exponential
from benchmarks.simulation.fleet import Plan, simulate
from benchmarks.simulation.replica import Bounds
from benchmarks.simulation.requests import Outcome

SERVICE_S = 0.01
ENDLESS = Bounds(max_waiting=10**9, timeout_s=math.inf)


def _mean_wait_s(plan: Plan) -> float:
    """Mean time between coming and the start of the work, in seconds."""
    return float(np.mean(simulate(plan).latencies_s)) - SERVICE_S


@pytest.mark.parametrize("load", [0.5, 0.8])
def test_one_worker_with_random_work(load: float) -> None:
    """Times in M/M/1 are exponential with the mean 1 / (service rate - arrival rate)."""
    plan = Plan(
        Exponential(SERVICE_S), 1, 600, ((0, load / SERVICE_S),), warm_up_s=20, bounds=ENDLESS
    )
    mean_ms = 1000 * SERVICE_S / (1 - load)

    tally = simulate(plan)

    assert np.mean(tally.latencies_s) * 1000 == pytest.approx(mean_ms, rel=0.08)
    assert tally.percentile_ms(0.99) == pytest.approx(math.log(100) * mean_ms, rel=0.1)


@pytest.mark.parametrize("load", [0.5, 0.8])
def test_one_worker_with_even_work(load: float) -> None:
    """The wait in M/D/1 is that of Pollaczek and Khinchine."""
    plan = Plan(Constant(SERVICE_S), 1, 600, ((0, load / SERVICE_S),), warm_up_s=20, bounds=ENDLESS)

    assert _mean_wait_s(plan) == pytest.approx(SERVICE_S * load / (2 * (1 - load)), rel=0.06)


@pytest.mark.parametrize("workers", [2, 4])
def test_several_workers_with_even_work(workers: int) -> None:
    """Taking turns is M/D/c where all work is alike; its wait is Cosmetatos' (1975), good to two percent."""
    load = 0.8
    plan = Plan(
        Constant(SERVICE_S),
        workers,
        200,
        ((0, workers * load / SERVICE_S),),
        warm_up_s=20,
        bounds=ENDLESS,
        balancer=BalancerSettings(policy="round_robin"),
    )
    correction = (
        (1 - load) * (workers - 1) * (math.sqrt(4 + 5 * workers) - 2) / (16 * load * workers)
    )
    expected_s = (1 + correction) / 2 * _erlang_wait_s(workers, load)

    assert _mean_wait_s(plan) == pytest.approx(expected_s, rel=0.05)


def _erlang_wait_s(workers: int, load: float) -> float:
    """Mean wait in M/M/c, in seconds.

    Source: Erlang's formula C.
    """
    offered = workers * load
    busy = offered**workers / math.factorial(workers) / (1 - load)
    idle = sum(offered**number / math.factorial(number) for number in range(workers))
    return busy / (idle + busy) * SERVICE_S / (workers * (1 - load))


@pytest.mark.parametrize(("load", "room"), [(0.9, 4), (2.0, 8)])
def test_refusals(load: float, room: int) -> None:
    """M/M/1 with room for K refuses the share (1 - load) load^K / (1 - load^(K + 1))."""
    plan = Plan(
        Exponential(SERVICE_S),
        1,
        100,
        ((0, load / SERVICE_S),),
        warm_up_s=10,
        bounds=replace(ENDLESS, max_waiting=room),
        balancer=BalancerSettings(retries=0),
    )
    expected = (1 - load) * load**room / (1 - load ** (room + 1))

    tally = simulate(plan)

    assert tally.ended[Outcome.REFUSED] / tally.due == pytest.approx(expected, rel=0.04)


def test_random_choice_splits_evenly() -> None:
    """Chance splits one stream of requests into as many queues M/M/1 as there are replicas."""
    plan = Plan(
        Exponential(SERVICE_S),
        5,
        100,
        ((0, 5 * 0.5 / SERVICE_S),),
        warm_up_s=10,
        bounds=ENDLESS,
        balancer=BalancerSettings(policy="random"),
    )

    assert _mean_wait_s(plan) == pytest.approx(SERVICE_S, rel=0.05)


def test_closed_loop_keeps_workers_busy() -> None:
    """Two clients a worker that always ask get as many answers as the workers can give."""
    plan = Plan(Constant(SERVICE_S), 3, 5, connections=6, warm_up_s=1)

    assert simulate(plan).answered_per_s == pytest.approx(3 / SERVICE_S, rel=0.01)
