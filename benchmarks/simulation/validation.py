"""Validation: the simulation beside real replicas, which get the same requests at the same moments.

parameters of one idle replica -> predicted; 1 to 4 real ones behind HAProxy -> measured; side by side
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from benchmarks.catalogue import BUNDLE
from benchmarks.constant_rate import percentile, start_generator
from benchmarks.load import drive
from benchmarks.open_loop import list_due, write_request
from benchmarks.pictures import make_pictures
from benchmarks.simulation.balancer import BalancerSettings
from benchmarks.simulation.clients import ClientSettings
from benchmarks.simulation.comparisons import Comparison, Figures
from benchmarks.simulation.fleet import Plan, simulate
from benchmarks.simulation.measuring import CORE, url_of
from benchmarks.simulation.parameters import Parameters, Timing
from benchmarks.simulation.real import Real, fleet, replica
from benchmarks.simulation.replica import Bounds
from benchmarks.simulation.requests import Outcome
from benchmarks.uploads import Upload

REPLICAS = (1, 2, 3, 4)
MAX_WAITING = 8  # of each replica: four full ones keep half of the generator's connections busy
LOADS = (0.5, 0.7, 2.0)  # shares of what the replicas can do
REAL_MAX_WAITING = 32  # of the worker with the engine as it is; as above
CONNECTIONS_A_REPLICA = 2  # of the closed loop: one request is computed, one waits


@dataclass(frozen=True)
class Case:
    """What is compared.

    Attributes:
        engine: `slowed` or `real`.
        replicas: How many.
        load: Offered; 0 for a closed loop.
        connections: Of the closed loop.
        timing: Of one request.
        bounds: Of each replica.
        balancer: In front of them.
        seconds: How long.
        seed: Of the moments at which requests come.
    """

    engine: str
    replicas: int
    load: float
    connections: int
    timing: Timing
    bounds: Bounds
    balancer: BalancerSettings
    seconds: int
    seed: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.load * self.replicas / self.timing.distribution.mean_s

    @property
    def num_due(self) -> int:
        """Requests of the open loop."""
        return max(1, round(self.rate * self.seconds))


def validate(parameters: Parameters, *, seconds: int, rounds: int) -> list[Comparison]:
    """Compare a few times: slowed replicas behind HAProxy, then one as it is.

    Args:
        parameters: What the simulation knows.
        seconds: Length of each load.
        rounds: How often; each round has requests at moments of its own.
    """
    comparisons = []
    for seed in range(1, rounds + 1):
        for number in REPLICAS:
            with fleet(number, delay_ms=parameters.delay_ms, max_waiting=MAX_WAITING) as (front, _):
                cases = list_cases("slowed", number, parameters, seconds, seed)
                comparisons += [_compare(front, case) for case in cases]
        with replica(core=CORE, max_waiting=REAL_MAX_WAITING) as real:
            cases = list_cases("real", 1, parameters, seconds, seed)
            comparisons += [_compare(real, case) for case in cases]
    return comparisons


def list_cases(
    engine: str, replicas: int, parameters: Parameters, seconds: int, seed: int
) -> Iterator[Case]:
    """List what is asked of some replicas: as much as they can do, then shares of it."""
    if engine == "slowed":  # while it sleeps, refusals cost it nothing
        timing, bounds, balancer = parameters.slowed, Bounds(MAX_WAITING), BalancerSettings()
    else:  # no balancer at all
        balancer = BalancerSettings(retries=0)
        timing = parameters.service
        bounds = Bounds(REAL_MAX_WAITING, refusal_s=parameters.refusal_us / 1e6)
    for load in (0.0, *LOADS):
        yield Case(
            engine=engine,
            replicas=replicas,
            load=load,
            connections=CONNECTIONS_A_REPLICA * replicas,
            timing=timing,
            bounds=bounds,
            balancer=balancer,
            seconds=seconds,
            seed=seed,
        )


def _compare(real: Real, case: Case) -> Comparison:
    """Measure and predict one case."""
    print(f"{case.engine}, {case.replicas} replicas, load {case.load}", flush=True)
    return Comparison(case.engine, case.replicas, case.load, _measure(real, case), predict(case))


def _measure(real: Real, case: Case) -> Figures:
    """Load real replicas."""
    upload = Upload(make_pictures(BUNDLE)[0], "raw")
    if not case.load:
        load = drive(url_of(real), upload, connections=case.connections, seconds=case.seconds)
        return Figures(load.requests / load.duration_s, load.p50_ms, load.p99_ms, 0.0)
    request = write_request("POST", "/predict", upload.body, upload.content_type)
    tally = start_generator(
        request, real.port, rate=case.rate, seconds=case.seconds, seed=case.seed
    )
    latencies = tally.latencies_ms or [float("inf")]
    return Figures(
        answered_per_s=len(tally.latencies_ms) / case.seconds,
        p50_ms=percentile(latencies, 0.5),
        p99_ms=percentile(latencies, 0.99),
        refused=tally.failed / tally.due,
    )


def predict(case: Case) -> Figures:
    """Simulate the same."""
    plan = Plan(
        service=case.timing.distribution,
        replicas=case.replicas,
        seconds=case.seconds,
        bounds=case.bounds,
        balancer=case.balancer,
        clients=ClientSettings(overhead_s=case.timing.overhead_s),
        seed=case.seed,
    )
    if case.load:
        moments = list_due(case.num_due, case.rate, case.seed)
        tally = simulate(replace(plan, due_s=tuple(moments)))
    else:
        tally = simulate(replace(plan, connections=case.connections))
    refused = (tally.ended.total() - tally.ended[Outcome.ANSWERED]) / tally.due
    return Figures(
        tally.answered_per_s, tally.percentile_ms(0.5), tally.percentile_ms(0.99), refused
    )
