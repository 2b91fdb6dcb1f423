"""The comparison: every contender once a round, in an order that rotates, so that noise meets all alike.

round -> server (start, memory) -> picture, form, connections -> load, CPU time -> results
"""

import platform
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks import processes
from benchmarks.catalogue import Contender
from benchmarks.constant_rate import run_rate
from benchmarks.environments import cache_folder, installed_bytes, installed_versions, prepare
from benchmarks.errors import BenchmarkError
from benchmarks.load import Load, choose_seconds, drive, find_wrk
from benchmarks.machine import describe_commit, describe_machine, today
from benchmarks.pictures import Picture
from benchmarks.results import Case, CaseRun, Comparison, ContenderResult, RateRun, Start
from benchmarks.server import RunningServer, running
from benchmarks.uploads import Upload

WARM_UP_REQUESTS = 5
WARM_UP_S = 1
SETTLE_S = 1.5  # until a look at memory: further workers come after the first answer, and servers tidy up when idle
MULTIPLE_WORKERS_CONNECTIONS = 16  # fewer would leave workers idle
LARGE_BYTES = 1_000_000
LARGE_CONNECTIONS = 16  # of a large picture in every round; with more a run takes up to 20 s


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes:
        pictures: Pictures to upload.
        connections: Numbers of connections.
        rounds: How often every contender is started.
        seconds: Length of a run, in seconds.
        max_seconds: Length of a run for a server that is too slow for that.
        command: What runs this plan.
    """

    pictures: list[Picture]
    connections: tuple[int, ...]
    rounds: int
    seconds: int
    max_seconds: int
    command: str


def compare(contenders: list[Contender], plan: Plan, keep: Callable[[Comparison], None]) -> None:
    """Measure contenders side by side; one that fails is left out from then on, and the reason kept.

    Args:
        contenders: What to measure.
        plan: How.
        keep: Called with all results so far after every contender, so that a stop loses nothing.

    Raises:
        BenchmarkError: If the load generator is not installed.
    """
    find_wrk()
    results = {contender.name: _install(contender) for contender in contenders}
    for number in range(plan.rounds):
        at = number % len(contenders)
        for contender in [*contenders[at:], *contenders[:at]]:
            result = results[contender.name]
            if not result.failure:
                results[contender.name] = _attempt(contender, result, plan, number)
                keep(_describe(list(results.values()), plan))


def _describe(results: list[ContenderResult], plan: Plan) -> Comparison:
    """Say where and how results came about."""
    return Comparison(
        machine=describe_machine(),
        python=platform.python_version(),
        generator=_describe_generator(plan),
        command=plan.command,
        date=today(),
        pictures={picture.name: picture.description for picture in plan.pictures},
        contenders=results,
        commit=describe_commit(),
    )


def _install(contender: Contender) -> ContenderResult:
    """Prepare the environment and say what is in it."""
    try:
        folder = prepare(contender)
    except BenchmarkError as error:
        return ContenderResult(contender.name, contender.workers, "", 0, [], [], failure=str(error))
    versions, size = installed_versions(folder), installed_bytes(folder)
    return ContenderResult(contender.name, contender.workers, versions, size, [], [])


def _attempt(
    contender: Contender, result: ContenderResult, plan: Plan, number: int
) -> ContenderResult:
    """Add one round to a contender's result, or the reason why it failed."""
    print(f"round {number + 1} of {plan.rounds}: {contender.name}", flush=True)
    try:
        start, runs, rates = _run_round(contender, plan, number)
    except BenchmarkError as error:
        print(f"  not measured: {error}", flush=True)
        return replace(result, failure=str(error))
    return replace(
        result,
        starts=[*result.starts, start],
        runs=[*result.runs, *runs],
        rates=[*result.rates, *rates],
    )


def _run_round(
    contender: Contender, plan: Plan, number: int
) -> tuple[Start, list[CaseRun], list[RateRun]]:
    """Start a server and measure every case on it."""
    first = Upload(plan.pictures[0], contender.forms[0])
    log = cache_folder() / f"{contender.folder}.log"
    with running(contender, prepare(contender), first, log) as server:
        time.sleep(SETTLE_S)
        idle = processes.memory(server.pid)
        rates = _run_rates(server, contender, plan, number)
        runs = [
            run
            for picture in plan.pictures[: 1 if contender.workers > 1 else None]
            for form in contender.forms
            for run in _run_cases(server, Upload(picture, form), contender, plan, number)
        ]
        time.sleep(SETTLE_S)
        loaded = processes.memory(server.pid)
    start = Start(number, server.first_answer_s, idle.proportional, loaded.proportional)
    return start, runs, rates


def _run_rates(
    server: RunningServer, contender: Contender, plan: Plan, number: int
) -> list[RateRun]:
    """Send the first picture at the constant rate in every form; answers are right before and after."""
    rates = []
    for form in contender.forms:
        upload = Upload(plan.pictures[0], form)
        _warm_up(server, upload)
        rates.append(run_rate(server, upload, seconds=plan.seconds, number=number))
        server.check(upload)
    return rates


def _run_cases(
    server: RunningServer, upload: Upload, contender: Contender, plan: Plan, number: int
) -> list[CaseRun]:
    """Check that answers are right, before and after each run; a run without answers is left out."""
    request_s, runs = _warm_up(server, upload), []
    for connections in choose_connections(plan, upload.picture, contender.workers, number):
        runs += _run_case(server, upload, plan, connections, request_s, number)
        server.check(upload)
    return runs


def choose_connections(plan: Plan, picture: Picture, workers: int, number: int) -> list[int]:
    """Return on how many connections a picture is sent to so many workers, in the round of that number."""
    is_short = number > 0 and len(picture.content) > LARGE_BYTES
    fewest = MULTIPLE_WORKERS_CONNECTIONS if workers > 1 else 1
    most = LARGE_CONNECTIONS if is_short else max(plan.connections)
    return [connections for connections in plan.connections if fewest <= connections <= most]


def _warm_up(server: RunningServer, upload: Upload) -> float:
    """Return the least time that a request takes alone, in seconds; every answer must be right."""
    times = []
    for _ in range(WARM_UP_REQUESTS):
        started = time.perf_counter()
        server.check(upload)
        times.append(time.perf_counter() - started)
    return min(times)


def _run_case(
    server: RunningServer,
    upload: Upload,
    plan: Plan,
    connections: int,
    request_s: float,
    number: int,
) -> list[CaseRun]:
    """Load the server once, and count the CPU time of its processes meanwhile; nothing without answers."""
    seconds = choose_seconds(
        plan.seconds, at_most_s=plan.max_seconds, connections=connections, request_s=request_s
    )
    load, cpu_us = load_counting(server, upload, connections=connections, seconds=seconds)
    if not load.requests:
        return []
    return [
        CaseRun(
            round=number,
            case=Case(upload.picture.name, upload.form, connections),
            requests=load.requests,
            failed=load.failed,
            requests_per_s=load.requests / load.duration_s,
            p50_ms=load.p50_ms,
            p99_ms=load.p99_ms,
            cpu_us=cpu_us,
        )
    ]


def load_counting(
    server: RunningServer, upload: Upload, *, connections: int, seconds: int
) -> tuple[Load, float]:
    """Load a server; return with it the CPU time of its processes an answer, in microseconds."""
    before_s = processes.cpu_s(server.pid)
    load = drive(server.url, upload, connections=connections, seconds=seconds)
    used_s = processes.cpu_s(server.pid) - before_s
    return load, used_s / max(load.requests, 1) * 1e6


def load_warm(
    server: RunningServer, upload: Upload, *, connections: int, seconds: int
) -> tuple[Load, float]:
    """Do the same behind a second that does not count.

    Raises:
        BenchmarkError: If a request fails.
    """
    drive(server.url, upload, connections=connections, seconds=WARM_UP_S)
    load, cpu_us = load_counting(server, upload, connections=connections, seconds=seconds)
    if load.failed:
        raise BenchmarkError(f"{load.failed} requests failed at {connections} connections.")
    return load, cpu_us


def _describe_generator(plan: Plan) -> str:
    """Name the load generator and what it was told."""
    said = subprocess.run([find_wrk(), "-v"], capture_output=True, text=True, check=False).stdout
    version = said.partition("/")[2].split(" ")[0] or "of unknown version"
    rounds = f"{plan.rounds} round{'s' * (plan.rounds > 1)} of {plan.seconds} s"
    return f"wrk {version}, 1 thread, {rounds} (up to {plan.max_seconds} s where a server is slow)"
