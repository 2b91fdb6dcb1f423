"""The TensorFlow engine: what dynamic batching gives it under load, and costs it without."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks import processes
from benchmarks.catalogue import BUNDLE, Contender, make_digitserve
from benchmarks.environments import cache_folder, prepare
from benchmarks.errors import BenchmarkError
from benchmarks.load import drive
from benchmarks.pictures import make_pictures
from benchmarks.server import RunningServer, running
from benchmarks.study import Extent, Study
from benchmarks.tables import median, ratios, spread, table
from benchmarks.uploads import Upload

CONNECTIONS = (1, 64)
WARM_UP_REQUESTS = 20
BATCHED = replace(
    make_digitserve("batching", "--engine", "tensorflow"), folder="digitserve-tensorflow"
)
UNBATCHED = replace(
    BATCHED,
    name="no batching",
    command=tuple(
        "benchmarks.unbatched" if word == "service" else word for word in BATCHED.command
    ),
)


@dataclass(frozen=True)
class EngineRun:
    """One run.

    Attributes:
        round: Number of the round, from 0.
        is_batched: Whether digits that wait form batches.
        connections: How many wait for answers at once.
        requests_per_s: Answers a second.
        p50_ms: Median latency.
        p99_ms: 99th percentile of the latency.
        cpu_us: CPU time for one request, in microseconds.
    """

    round: int
    is_batched: bool
    connections: int
    requests_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


def measure(extent: Extent) -> list[EngineRun]:
    """Start both kinds in turn."""
    upload = Upload(make_pictures(BUNDLE)[0], "raw")
    runs = []
    for number in range(extent.rounds):
        pair = (BATCHED, UNBATCHED)
        for contender in pair if number % 2 == 0 else reversed(pair):
            runs += _run(contender, upload, number, extent.seconds)
    return runs


def _run(contender: Contender, upload: Upload, number: int, seconds: int) -> list[EngineRun]:
    """Start one kind and load it with every number of connections."""
    log = cache_folder() / "tensorflow.log"
    with running(contender, prepare(contender), upload, log) as server:
        for _ in range(WARM_UP_REQUESTS):
            server.check(upload)
        return [
            _load(server, upload, contender is BATCHED, connections, number, seconds)
            for connections in CONNECTIONS
        ]


def _load(
    server: RunningServer,
    upload: Upload,
    is_batched: bool,
    connections: int,
    number: int,
    seconds: int,
) -> EngineRun:
    """Load a server once."""
    cpu_before_s = processes.cpu_s(server.pid)
    load = drive(server.url, upload, connections=connections, seconds=seconds)
    cpu_s = processes.cpu_s(server.pid) - cpu_before_s
    server.check(upload)
    if not load.requests or load.failed:
        raise BenchmarkError(f"Of {load.requests + load.failed} requests {load.failed} failed.")
    rate, cpu_us = load.requests / load.duration_s, cpu_s / load.requests * 1e6
    return EngineRun(number, is_batched, connections, rate, load.p50_ms, load.p99_ms, cpu_us)


def render(runs: list[EngineRun]) -> str:
    """Render the section."""
    head = ["connections", "batching"]
    for name in FIGURES:
        head += [name, "ratio"]
    rows = [
        _row(runs, number, is_batched) for number in CONNECTIONS for is_batched in (False, True)
    ]
    return f"""## TensorFlow engine

digitserve with `--engine tensorflow`, the 28x28 PNG raw. Ratios are to the same without batching, in the same round.

{table(head, rows)}
"""


FIGURES: dict[str, Callable[[EngineRun], float]] = {
    "requests/s": lambda run: run.requests_per_s,
    "p50, ms": lambda run: run.p50_ms,
    "p99, ms": lambda run: run.p99_ms,
    "CPU, ms": lambda run: run.cpu_us / 1000,
}


def _row(runs: list[EngineRun], connections: int, is_batched: bool) -> list[str]:
    """One line of the table."""
    row = [str(connections), "yes" if is_batched else "no"]
    for value in FIGURES.values():
        base, figures = (
            {
                run.round: value(run)
                for run in runs
                if (run.connections, run.is_batched) == (connections, kind)
            }
            for kind in (False, is_batched)
        )
        row += [median(list(figures.values())), spread(ratios(base, figures))]
    return row


STUDY = Study("tensorflow", EngineRun, measure, render, is_slow=True)
