"""What holds of every fleet, whatever happens to it."""

from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.simulation.autoscaler import AutoscalerSettings
from benchmarks.simulation.balancer import BalancerSettings
from benchmarks.simulation.clients import ClientSettings
from benchmarks.simulation.draws import Constant, Exponential
from benchmarks.simulation.fleet import Fault, Plan, simulate
from benchmarks.simulation.policies import PolicyName
from benchmarks.simulation.replica import Bounds
from benchmarks.simulation.requests import Outcome

CALM = Plan(Exponential(0.01), 6, 9, ((0, 300),), zones=3, warm_up_s=1)
CROWD = replace(
    CALM,
    seconds=4,
    rates=((0, 300), (1, 1500), (2.5, 300)),
    bounds=Bounds(max_waiting=16, timeout_s=0.1),
    clients=ClientSettings(attempts=3, timeout_s=2),
)
PLANS = {
    "calm": CALM,
    "crowd": CROWD,
    "crowd that grows": replace(
        CROWD,
        autoscaler=AutoscalerSettings(
            period_s=1, scrape_interval_s=1, growth_period_s=1, start_s=1
        ),
    ),
    "killed": replace(CROWD, faults=(Fault(1.5, "killed", zone=1),)),
    "silent": replace(CROWD, faults=(Fault(1.5, "silent", zone=1),)),
    "slow": replace(CROWD, faults=(Fault(1.5, "slow", slowness=20, replicas=1),)),
    "all killed": replace(CROWD, zones=1, faults=(Fault(1.5, "killed"),)),
    "random": replace(CROWD, balancer=BalancerSettings(policy="random", retries=0)),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())
def test_every_request_ends_once(plan: Plan) -> None:
    """As many requests end as fell due, and each answered one has one latency."""
    tally = simulate(plan)

    assert tally.due > 2000
    assert tally.ended.total() == tally.due
    assert len(tally.latencies_s) == len(tally.due_at_s) == tally.ended[Outcome.ANSWERED]
    assert tally.due <= tally.attempts <= tally.due * plan.clients.attempts


def test_same_seed_same_fleet() -> None:
    """A plan gives the same figures every time, and others with another seed."""
    first, again, other = (simulate(replace(CALM, seed=seed)).latencies_s for seed in (1, 1, 2))

    assert first == again
    assert first != other


@pytest.mark.parametrize("policy", ["least_connections", "round_robin", "random"])
def test_more_replicas_answer_sooner(policy: PolicyName) -> None:
    """The 99th percentile falls with every replica more."""
    settings = BalancerSettings(policy=policy)
    plans = [replace(CALM, replicas=number, balancer=settings) for number in (4, 6, 9)]

    latencies = [simulate(plan).percentile_ms(0.99) for plan in plans]

    assert latencies == sorted(latencies, reverse=True)


def test_who_looks_answers_sooner() -> None:
    """Least connections answer sooner than turns, and turns sooner than chance."""
    policies: list[PolicyName] = ["least_connections", "round_robin", "random"]
    plans = [replace(CALM, balancer=BalancerSettings(policy=policy)) for policy in policies]

    latencies = [simulate(plan).percentile_ms(0.99) for plan in plans]

    assert latencies == sorted(latencies)


def test_room_bounds_the_wait() -> None:
    """In overload nothing that is answered waits for longer than the places in front of it take."""
    for room in (4, 32):
        plan = Plan(Constant(0.01), 2, 4, ((0, 600),), bounds=Bounds(max_waiting=room))

        tally = simulate(plan)

        assert tally.percentile_ms(1.0) <= room * 10 + 1e-6
        assert tally.answered_per_s == pytest.approx(200, rel=0.2)


def test_refusals_take_time() -> None:
    """A worker that refuses as many as it answers has the less time for them."""
    plan = Plan(
        Constant(0.01),
        1,
        20,
        ((0, 200),),
        spacing="even",
        bounds=Bounds(max_waiting=8, refusal_s=0.0025),
        balancer=BalancerSettings(retries=0),
    )

    # answered * 10 ms + (200 - answered) * 2.5 ms = 1 s
    assert simulate(plan).answered_per_s == pytest.approx(500 / 7.5, rel=0.02)


def test_repeats_of_refusals_take_more_time() -> None:
    """A balancer that sends what was refused to others lets full workers refuse it again, and answer less."""
    plan = Plan(Constant(0.01), 2, 10, ((0, 300),), bounds=Bounds(max_waiting=8, refusal_s=0.001))
    once = replace(plan, balancer=BalancerSettings(repeats_refusals=False))

    assert simulate(once).answered_per_s > simulate(plan).answered_per_s * 1.1


def test_deadline_bounds_the_wait() -> None:
    """Work whose time has run out is not begun, and those behind it get its turn."""
    plan = Plan(
        Constant(0.01),
        2,
        4,
        ((0, 600),),
        bounds=Bounds(max_waiting=100, timeout_s=0.1),
        balancer=BalancerSettings(retries=0),
    )

    tally = simulate(plan)

    assert set(tally.ended) == {Outcome.ANSWERED, Outcome.EXPIRED}
    assert tally.percentile_ms(1.0) <= 110 + 1e-6
    assert tally.answered_per_s == pytest.approx(200, rel=0.2)


def test_killed_replicas_lose_nothing_behind_the_balancer() -> None:
    """What a killed zone had is sent to others at once, where there is room."""
    plan = replace(CALM, rates=((0, 550), (5.1, 300)), faults=(Fault(5, "killed", zone=0),))

    tally = simulate(plan)

    assert tally.ended == Counter({Outcome.ANSWERED: tally.due})
    assert tally.percentile_ms(1.0) < 1000
    assert tally.timeline[-1].replicas == 4


def test_silent_replicas_lose_what_they_had() -> None:
    """What a zone had when its network went ends only when its clients give up, and nothing else is lost."""
    plan = replace(CALM, rates=((0, 550),), faults=(Fault(8, "silent", zone=0),))

    tally = simulate(plan)

    assert set(tally.ended) == {Outcome.ANSWERED, Outcome.LOST}
    assert 0 < tally.ended[Outcome.LOST] < 40
    assert tally.ended.total() == tally.due


@pytest.mark.parametrize(("timeout_s", "still_there"), [(0.5, 4), (60.0, 6)])
def test_silence_is_noticed_by_checks(timeout_s: float, still_there: int) -> None:
    """Who does not watch connections sends requests to a silent zone until a check has waited in vain."""
    settings = BalancerSettings(is_watchful=False, check_timeout_s=timeout_s)
    plan = replace(CALM, balancer=settings, faults=(Fault(5, "silent", zone=0),))

    replicas = [moment.replicas for moment in simulate(plan).timeline]

    assert (replicas[5], replicas[7]) == (6, still_there)


def test_impatient_clients_are_not_told_twice() -> None:
    """A connection that fails after its client has given up tells nobody, though the client asks again."""
    plan = Plan(
        Constant(2.0),
        2,
        1.5,
        ((0, 1),),  # one request
        spacing="even",
        zones=2,
        balancer=BalancerSettings(policy="round_robin", retries=0, connect_timeout_s=4.0),
        clients=ClientSettings(attempts=2, timeout_s=2.5),
        faults=(Fault(0.99, "silent", zone=0),),
    )

    tally = simulate(plan)

    assert tally.ended == Counter({Outcome.ANSWERED: 1})
    assert tally.attempts == 2


def test_slow_replica_is_spared_by_who_looks() -> None:
    """One replica that takes ten times as long spoils fewer answers where connections are counted."""
    slow = replace(CALM, faults=(Fault(0, "slow", slowness=10, replicas=1),))
    taking_turns = replace(slow, balancer=BalancerSettings(policy="round_robin"))

    assert simulate(slow).within(0.1) > simulate(taking_turns).within(0.1) + 0.03


def test_waits_between_attempts_count() -> None:
    """A request that is refused and answered later took all of the time between."""
    plan = Plan(
        Constant(0.5),
        1,
        1.0,
        ((0, 10),),
        spacing="even",
        bounds=Bounds(max_waiting=1),
        clients=ClientSettings(attempts=2),
    )

    tally = simulate(plan)

    assert tally.ended[Outcome.REFUSED] > 0
    assert max(tally.latencies_s) >= 1.5  # Retry-After is 1 s
    assert min(tally.latencies_s) == pytest.approx(0.5)


def test_overhead_counts_and_takes_no_place() -> None:
    """What answers take beside the work is in every latency, and keeps no worker busy."""
    plan = Plan(Constant(0.01), 1, 10, ((0, 90),), spacing="even")
    far = replace(plan, clients=ClientSettings(overhead_s=0.1))

    assert simulate(far).percentile_ms(0.5) == pytest.approx(
        simulate(plan).percentile_ms(0.5) + 100
    )


def test_who_gives_up_is_not_answered() -> None:
    """An answer that comes after its client has left counts for nobody, though the client asks again."""
    plan = Plan(
        Constant(3.0),
        2,
        1.0,
        ((0, 2),),
        spacing="even",
        clients=ClientSettings(attempts=2, timeout_s=1.0),
    )

    tally = simulate(plan)

    assert tally.ended == Counter({Outcome.LOST: tally.due})
    assert tally.attempts == 2 * tally.due


def test_seconds() -> None:
    """A second in which everybody is answered soon is told from one in which half are refused."""
    plan = Plan(
        Constant(0.08),
        1,
        4,
        ((0, 5), (2, 20)),
        spacing="even",
        warm_up_s=1,
        bounds=Bounds(max_waiting=1),
    )

    assert simulate(plan).list_soon(0.15)[:4] == pytest.approx([1, 1, 0.5, 0.5], abs=0.05)
