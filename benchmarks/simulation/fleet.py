"""A fleet: everything together, from a plan to what became of its requests.

Plan -> replicas, balancer, clients, autoscaler, faults -> run -> Tally
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np
import simpy

from benchmarks.simulation.autoscaler import Autoscaler, AutoscalerSettings
from benchmarks.simulation.balancer import Balancer, BalancerSettings
from benchmarks.simulation.clients import Clients, ClientSettings, Spacing
from benchmarks.simulation.draws import Distribution, stream
from benchmarks.simulation.replica import Bounds, Replica
from benchmarks.simulation.requests import Moment, Outcome, Tally

FaultKind = Literal["killed", "silent", "slow"]
TIMELINE_S = 1.0  # between two moments that are noted


@dataclass(frozen=True)
class Fault:
    """Something that happens to every replica of a zone.

    Attributes:
        at_s: When.
        kind: `killed`: processes end and connections break; `silent`: the network goes; `slow`: all work takes longer.
        zone: Which.
        slowness: Of `slow`: how many times as long.
        replicas: How many of the zone; None: all.
    """

    at_s: float
    kind: FaultKind
    zone: int = 0
    slowness: float = 1.0
    replicas: int | None = None


@dataclass(frozen=True)
class Plan:
    """What to simulate.

    Attributes:
        service: How long a request keeps a worker busy.
        replicas: Workers at the start, each with a core of its own.
        seconds: How long requests fall due after the warm-up, in simulated seconds.
        rates: From when, counted from the warm-up's end, and how many requests a second; none for a closed loop.
        due_s: When each request falls due, in place of rates, counted from the start; there is no warm-up then.
        connections: Clients of a closed loop.
        spacing: How requests of an open loop come.
        warm_up_s: Time before, at the first rate, in which nothing is counted.
        zones: Over how many zones replicas are spread.
        bounds: What a worker takes in.
        balancer: How requests are spread.
        clients: How clients behave.
        autoscaler: Whether and how replicas come and go.
        faults: What happens.
        seed: Of all chance.
    """

    service: Distribution
    replicas: int
    seconds: float
    rates: tuple[tuple[float, float], ...] = ()
    due_s: tuple[float, ...] = ()
    connections: int = 0
    spacing: Spacing = "random"
    warm_up_s: float = 0.0
    zones: int = 1
    bounds: Bounds = field(default_factory=Bounds)
    balancer: BalancerSettings = field(default_factory=BalancerSettings)
    clients: ClientSettings = field(default_factory=ClientSettings)
    autoscaler: AutoscalerSettings | None = None
    faults: tuple[Fault, ...] = ()
    seed: int = 1


def simulate(plan: Plan) -> Tally:
    """Run a plan until all its requests have ended; a closed loop until its time is over."""
    env = simpy.Environment()
    arrivals, work, dice = (
        np.random.default_rng(seed) for seed in np.random.SeedSequence(plan.seed).spawn(3)
    )
    tally = Tally(plan.seconds)
    balancer = Balancer(env, plan.balancer, dice)
    make = partial(Replica, env, stream(plan.service, work), plan.bounds)
    fleet = [make(number % plan.zones) for number in range(plan.replicas)]
    for replica in fleet:
        balancer.add(replica)
    if plan.autoscaler:
        Autoscaler(env, balancer, plan.autoscaler, make)
    clients = Clients(env, balancer, plan.clients, tally, plan.warm_up_s)
    for fault in plan.faults:
        env.process(_happen(env, fault, plan.warm_up_s, fleet, balancer))
    env.process(_watch(env, tally, balancer, plan.warm_up_s))
    _run(env, plan, clients, arrivals)
    return tally


def _run(
    env: simpy.Environment, plan: Plan, clients: Clients, arrivals: np.random.Generator
) -> None:
    """Let clients come, and time pass."""
    end_s = plan.warm_up_s + plan.seconds
    if plan.connections:
        clients.keep_asking(plan.connections)
        env.run(until=end_s)
        return
    if plan.due_s:
        clients.come_at(plan.due_s)
    else:
        _let_come(plan, clients, arrivals)
    env.run(until=end_s)
    while clients.num_open:
        env.step()


def _let_come(plan: Plan, clients: Clients, arrivals: np.random.Generator) -> None:
    """Let requests come at the plan's rates; the first holds during the warm-up too."""
    later = [(start_s + plan.warm_up_s, rate) for start_s, rate in plan.rates[1:]]
    end_s = plan.warm_up_s + plan.seconds
    clients.come([(0.0, plan.rates[0][1]), *later], end_s, plan.spacing, arrivals)


def _happen(
    env: simpy.Environment, fault: Fault, warm_up_s: float, fleet: list[Replica], balancer: Balancer
) -> Generator[simpy.Event]:
    """Let a fault happen when its time has come."""
    yield env.timeout(warm_up_s + fault.at_s)
    hit = [replica for replica in fleet if replica.zone == fault.zone][: fault.replicas]
    for replica in hit:
        if fault.kind == "slow":
            replica.slowness = fault.slowness
        elif fault.kind == "silent":
            replica.silence()
        else:
            for request in replica.kill():
                balancer.receive(request, Outcome.LOST)


def _watch(
    env: simpy.Environment, tally: Tally, balancer: Balancer, warm_up_s: float
) -> Generator[simpy.Event]:
    """Note what the fleet does, over and over."""
    yield env.timeout(warm_up_s)
    while True:
        moment = Moment(float(env.now - warm_up_s), len(balancer.replicas), tally.due)
        tally.timeline.append(moment)
        yield env.timeout(TIMELINE_S)
