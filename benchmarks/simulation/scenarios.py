"""Scenarios: what a fleet does in sizes and under faults that nobody here has at hand, by simulation alone.

Parameters, an upload -> plans -> Results -> docs/scale/scenarios.json
"""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from benchmarks.simulation.autoscaler import AutoscalerSettings
from benchmarks.simulation.balancer import BalancerSettings
from benchmarks.simulation.clients import ClientSettings
from benchmarks.simulation.fleet import Fault, FaultKind, Plan, simulate
from benchmarks.simulation.paper import RATES, Assumptions
from benchmarks.simulation.parameters import FOLDER, Parameters
from benchmarks.simulation.policies import PolicyName
from benchmarks.simulation.replica import Bounds
from benchmarks.simulation.requests import Outcome, Tally

PATH = FOLDER / "scenarios.json"
GOAL_S = 0.05  # for the 99th percentile
Settings = dict[str, str | int | float]
SMALL, PHOTO = 0, 2  # of the uploads measured: a digit of MNIST's size, a photo of 640x480
POLICIES: tuple[PolicyName, ...] = ("least_connections", "round_robin", "random")
HAPROXY = BalancerSettings(repeats_refusals=False)  # docker/haproxy.cfg, but for repeats of a 503
CLUSTER = replace(HAPROXY, check_interval_s=2.0)  # the same before pods, which are asked so often
LOST_NODE_S = 50.0  # until Kubernetes takes a node for lost: its node-monitor-grace-period
SERVICE = BalancerSettings(  # of Kubernetes
    policy="random",
    retries=0,
    check_interval_s=2.0,
    check_timeout_s=LOST_NODE_S,
    is_watchful=False,
)
POD_START_S = 5.0  # assumed, beside the process's own start: scheduling, container, endpoints
ATTEMPTS = 3  # of digitserve_client
CROWD_AT_S, CROWD_S = 30.0, 150.0
BASE = 2  # replicas before a crowd, the fewest of deploy/kubernetes
CROWD = 10  # times as many requests
# Standing replicas, `DIGITSERVE_MAX_WAITING`, the autoscaler's target, attempts of a client.
CROWD_SETTINGS = (
    (BASE, 128, 8.0, 1),
    (BASE, 128, 8.0, ATTEMPTS),
    (BASE, 8, 8.0, 1),
    (BASE, 8, 2.0, 1),
    (BASE, 8, 1.0, 1),
    *((standing, 8, 1.0, 1) for standing in (8, 16, 20)),
)
FLEET_REQUESTS = 200_000  # of each fleet
STEADY = 5  # workers that a steady load keeps busy


@dataclass(frozen=True)
class Point:
    """The fleet in one second.

    Attributes:
        at_s: Counted from the warm-up's end.
        replicas: How many took requests at its start.
        soon: Share of the requests that fell due in it and were answered within the goal, 0..1.
    """

    at_s: float
    replicas: int
    soon: float


@dataclass(frozen=True)
class Result:
    """What one plan came to.

    Attributes:
        study: Which table it belongs to.
        settings: What was varied, by name.
        due: Requests.
        p50_ms: Median latency of those answered, all attempts included.
        p99_ms: 99th percentile.
        slowest_ms: The slowest.
        soon: Share of all that were answered within the goal, 0..1.
        answered: Share of all that were answered, 0..1.
        answered_per_s: Answers a second.
        attempts: Attempts for one request, on average.
        replicas: How many took requests at the end.
        points: Second by second, where the table wants it.
    """

    study: str
    settings: Settings
    due: int
    p50_ms: float
    p99_ms: float
    slowest_ms: float
    soon: float
    answered: float
    answered_per_s: float
    attempts: float
    replicas: int
    points: tuple[Point, ...] = ()


def run_all(parameters: Parameters) -> list[Result]:
    """Simulate every scenario."""
    studies = (_headroom, _room, _autoscaling, _crowd, _zone, _slow, _fleets)
    return [result for study in studies for result in study(parameters)]


def make_plan(parameters: Parameters, upload: int, replicas: int, load: float) -> Plan:
    """Return a plan of an even load: so many workers, each with a core, busy for a share of the time.

    Args:
        parameters: What a request takes.
        upload: Which of their costs; the form of the distribution is that of the smallest.
        replicas: Workers.
        load: Offered, as a share of what they can do.
    """
    service = parameters.service.distribution.scale(parameters.costs[upload].cpu_us / 1e6)
    return Plan(
        service=service,
        replicas=replicas,
        seconds=20,
        rates=((0, load * replicas / service.mean_s),),
        warm_up_s=2,
        bounds=Bounds(refusal_s=parameters.refusal_us / 1e6),
        balancer=HAPROXY,
        clients=ClientSettings(overhead_s=parameters.service.overhead_s),
    )


def _headroom(parameters: Parameters) -> Iterator[Result]:
    """How busy workers may be, by how requests are spread."""
    for upload in (SMALL, PHOTO):
        for policy in POLICIES:
            for load in (0.5, 0.7, 0.8, 0.9, 0.95):
                plan = make_plan(parameters, upload, 12, load)
                plan = replace(plan, balancer=replace(HAPROXY, policy=policy))
                settings: Settings = {"upload": upload, "policy": policy, "load": load}
                yield summarise("headroom", settings, simulate(plan))


def _room(parameters: Parameters) -> Iterator[Result]:
    """How many requests a worker may take in when twice as many come as it can answer."""
    for upload in (SMALL, PHOTO):
        for room in (4, 8, 16, 32, 64, 128):
            for load in (0.8, 2.0):
                plan = make_plan(parameters, upload, 4, load)
                plan = replace(plan, seconds=10, bounds=replace(plan.bounds, max_waiting=room))
                settings: Settings = {"upload": upload, "max_waiting": room, "load": load}
                yield summarise("room", settings, simulate(plan))


def _autoscaling(parameters: Parameters) -> Iterator[Result]:
    """How busy the autoscaler's target leaves the workers in the long run."""
    for target in (0.5, 1.0, 2.0, 4.0, 8.0):
        plan = make_plan(parameters, PHOTO, STEADY, 1.0)
        plan = replace(
            plan,
            replicas=STEADY + 2,
            seconds=600,
            warm_up_s=420,
            balancer=CLUSTER,
            autoscaler=_autoscaler(parameters, target, max_replicas=60),
        )
        tally = simulate(plan)
        yield summarise(
            "autoscaling", {"target": target, "load": STEADY / _mean_replicas(tally)}, tally
        )


def _crowd(parameters: Parameters) -> Iterator[Result]:
    """Ten times as many requests from one moment on, at photos; the load is that of the fewest replicas."""
    for load in (0.3, 0.6):
        for standing, room, target, attempts in CROWD_SETTINGS:
            plan = make_plan(parameters, PHOTO, BASE, load)
            rate = plan.rates[0][1]
            autoscaler = _autoscaler(parameters, target, max_replicas=80)
            plan = replace(
                plan,
                replicas=standing,
                seconds=CROWD_AT_S + CROWD_S,
                rates=((0, rate), (CROWD_AT_S, CROWD * rate)),
                bounds=replace(plan.bounds, max_waiting=room),
                balancer=CLUSTER,
                clients=replace(plan.clients, attempts=attempts),
                autoscaler=replace(autoscaler, min_replicas=standing),
            )
            settings: Settings = {
                "load": load,
                "standing": standing,
                "max_waiting": room,
                "target": target,
                "attempts": attempts,
            }
            yield summarise("crowd", settings, simulate(plan), with_points=True)


def _zone(parameters: Parameters) -> Iterator[Result]:
    """One of three zones goes, processes and all or only its network."""
    kinds: tuple[FaultKind, ...] = ("killed", "silent")
    for load in (0.6, 0.7):
        for kind in kinds:
            for name, balancer in (("HAProxy", HAPROXY), ("Service", SERVICE)):
                plan = make_plan(parameters, PHOTO, 12, load)
                plan = replace(
                    plan,
                    seconds=90,
                    zones=3,
                    balancer=balancer,
                    faults=(Fault(5, kind, zone=1),),
                )
                settings: Settings = {"load": load, "kind": kind, "balancer": name}
                yield summarise("zone", settings, simulate(plan), with_points=True)


def _slow(parameters: Parameters) -> Iterator[Result]:
    """One replica of twelve takes ten times as long."""
    for policy in POLICIES:
        plan = make_plan(parameters, SMALL, 12, 0.6)
        plan = replace(
            plan,
            balancer=replace(HAPROXY, policy=policy),
            faults=(Fault(0, "slow", slowness=10, replicas=1),),
        )
        yield summarise("slow", {"policy": policy}, simulate(plan))


def _fleets(parameters: Parameters) -> Iterator[Result]:
    """Whole fleets of the smallest upload, as busy as the plan on paper has them."""
    utilisation = Assumptions().utilisation
    for rate in RATES:
        workers = math.ceil(rate * parameters.costs[SMALL].cpu_us / 1e6 / utilisation)
        for policy in POLICIES:
            plan = make_plan(parameters, SMALL, workers, utilisation)
            plan = replace(
                plan,
                seconds=FLEET_REQUESTS / rate,
                warm_up_s=0.1,
                balancer=replace(HAPROXY, policy=policy),
            )
            settings: Settings = {"rate": rate, "workers": workers, "policy": policy}
            yield summarise("fleets", settings, simulate(plan))


def _autoscaler(parameters: Parameters, target: float, max_replicas: int) -> AutoscalerSettings:
    """Return the autoscaler of deploy/kubernetes with another target and bound."""
    return AutoscalerSettings(
        target_in_flight=target,
        max_replicas=max_replicas,
        start_s=POD_START_S + parameters.start_s,
    )


def _mean_replicas(tally: Tally) -> float:
    """Return how many replicas took requests on average."""
    return sum(moment.replicas for moment in tally.timeline) / len(tally.timeline)


def summarise(study: str, settings: Settings, tally: Tally, *, with_points: bool = False) -> Result:
    """Bring a tally to the figures of the page."""
    return Result(
        study=study,
        settings=settings,
        due=tally.due,
        p50_ms=tally.percentile_ms(0.5),
        p99_ms=tally.percentile_ms(0.99),
        slowest_ms=tally.percentile_ms(1.0),
        soon=tally.within(GOAL_S),
        answered=tally.ended[Outcome.ANSWERED] / tally.due,
        answered_per_s=tally.answered_per_s,
        attempts=tally.attempts / tally.due,
        replicas=tally.timeline[-1].replicas,
        points=tuple(_list_points(tally)) if with_points else (),
    )


def _list_points(tally: Tally) -> Iterator[Point]:
    """Say of every second what became of the requests that fell due in it."""
    for moment, soon in zip(tally.timeline, tally.list_soon(GOAL_S), strict=False):
        yield Point(moment.at_s, moment.replicas, round(soon, 4))


def write_scenarios(results: list[Result], path: Path = PATH) -> None:
    """Write the results, one a line."""
    lines = ",\n".join(json.dumps(asdict(result)) for result in results)
    path.write_text(f"[\n{lines}\n]\n")


def read_scenarios(path: Path = PATH) -> list[Result]:
    """Read them."""
    return TypeAdapter(list[Result]).validate_json(path.read_bytes())
