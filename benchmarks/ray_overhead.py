"""Ray Serve's overhead: the same application as one replica behind its proxy and as one worker of uvicorn.

    make .venv/ray/ready && .venv/ray/bin/python -m benchmarks.ray_overhead
        measures, and writes the table into docs/scale.md

both servers in turn -> the same load -> figures, and ratios round by round
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from benchmarks.catalogue import BUNDLE, ROOT, Contender, make_digitserve
from benchmarks.environments import cache_folder
from benchmarks.errors import BenchmarkError
from benchmarks.load import find_wrk
from benchmarks.measure import load_warm
from benchmarks.pictures import make_pictures
from benchmarks.sections import write_section
from benchmarks.server import running
from benchmarks.study import WHOLE, Study
from benchmarks.tables import median, ratios, spread, table
from benchmarks.uploads import Upload

ENVIRONMENT = ROOT / ".venv" / "ray"
CONNECTIONS = (1, 16, 64)
ROUNDS = 5
WARM_UP_S = 2
PAGE = ROOT / "docs" / "scale.md"
COMMAND = "python -m benchmarks.ray_overhead"
UVICORN = replace(make_digitserve("uvicorn"), environment={})
RAY = Contender(
    "Ray Serve",
    "digitserve",
    ("python", "-m", "benchmarks.ray_server", "{port}"),
    environment={"RAY_USAGE_STATS_ENABLED": "0"},
)


@dataclass(frozen=True)
class OverheadRun:
    """One load of one server.

    Attributes:
        round: Number of the round, from 0.
        server: Its name.
        connections: How many were busy.
        requests_per_s: Answers a second.
        p50_ms: Median latency, in milliseconds.
        p99_ms: 99th percentile, in milliseconds.
        cpu_us: CPU time of all its processes an answer, in microseconds.
    """

    round: int
    server: str
    connections: int
    requests_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


FIGURES: dict[str, Callable[[OverheadRun], float]] = {
    "requests/s": lambda run: run.requests_per_s,
    "p50, ms": lambda run: run.p50_ms,
    "p99, ms": lambda run: run.p99_ms,
    "CPU, ms": lambda run: run.cpu_us / 1000,
}


def measure(rounds: int, seconds: int) -> list[OverheadRun]:
    """Measure both servers in rounds, the first of a round in turn.

    Raises:
        BenchmarkError: If the environment is not there, or a server does not come up.
    """
    find_wrk()
    if not (ENVIRONMENT / "ready").exists():
        raise BenchmarkError("The environment of Ray is not there. Make it: make .venv/ray/ready")
    runs: list[OverheadRun] = []
    for number in range(rounds):
        for server in (UVICORN, RAY) if number % 2 else (RAY, UVICORN):
            print(f"round {number + 1} of {rounds}: {server.name}", flush=True)
            runs += _load(server, partial(OverheadRun, number, server.name), seconds)
    return runs


def _load(
    contender: Contender,
    describe: Callable[[int, float, float, float, float], OverheadRun],
    seconds: int,
) -> list[OverheadRun]:
    """Start a server and load it with each number of connections."""
    upload, runs = Upload(make_pictures(BUNDLE)[0], "raw"), []
    with running(contender, ENVIRONMENT, upload, cache_folder() / "ray-overhead.log") as server:
        for connections in CONNECTIONS:
            load, cpu_us = load_warm(server, upload, connections=connections, seconds=seconds)
            rate = load.requests / load.duration_s
            runs.append(describe(connections, rate, load.p50_ms, load.p99_ms, cpu_us))
    return runs


def render(runs: list[OverheadRun]) -> str:
    """Render the table: medians of both servers, and Ray Serve's over uvicorn's in the same round."""
    head = ["connections", *(word for name in FIGURES for word in (name, "on Ray Serve", "ratio"))]
    rows = [
        [
            str(connections),
            *(cell for figure in FIGURES.values() for cell in _cells(runs, connections, figure)),
        ]
        for connections in dict.fromkeys(run.connections for run in runs)
    ]
    rounds = len({run.round for run in runs})
    return f"""One replica behind one proxy, against one worker of `digitserve serve` in the same environment:
medians of {rounds} rounds, ratios in brackets from the least to the largest; a 28x28 PNG, raw. CPU time is that of all
processes, Ray's own too.

{table(head, rows)}
"""


def _cells(
    runs: list[OverheadRun], connections: int, figure: Callable[[OverheadRun], float]
) -> list[str]:
    """Write a figure of both servers and their ratio."""
    uvicorn, ray = (
        {
            run.round: figure(run)
            for run in runs
            if run.connections == connections and run.server == server.name
        }
        for server in (UVICORN, RAY)
    )
    return [
        median(list(uvicorn.values())),
        median(list(ray.values())),
        spread(ratios(uvicorn, ray)),
    ]


STUDY = Study("ray", OverheadRun, lambda it: measure(it.rounds, it.seconds), render)


def main() -> int:
    """Measure, and write results and page."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often both are started")
    options = parser.parse_args()
    extent = replace(WHOLE, rounds=options.rounds, command=COMMAND)
    try:
        STUDY.write(extent, PAGE.parent)
        write_section(PAGE, COMMAND, STUDY.section(PAGE.parent))
    except BenchmarkError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
