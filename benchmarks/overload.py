"""Overload: what is answered, and how soon, when four times as much is asked as can be computed.

    python -m benchmarks.overload    measures, and writes the table into docs/reliability.md

An engine that takes 5 ms a digit -> capacity, by a closed loop -> open loops at a quarter and at four times of it,
with each way to bound what waits, in turn
"""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from benchmarks.catalogue import BUNDLE, ROOT
from benchmarks.constant_rate import percentile, start_generator
from benchmarks.load import drive
from benchmarks.open_loop import CONNECTIONS as CONNECTIONS_OF_CLIENTS
from benchmarks.open_loop import write_request
from benchmarks.pictures import make_pictures
from benchmarks.sections import write_section
from benchmarks.study import WHOLE, Extent, Study
from benchmarks.tables import spread, table
from benchmarks.uploads import Upload

DELAY_MS = 5  # so that the engine is the bottleneck, and neither the generator nor Python
CONNECTIONS = 2  # of the closed loop: one is computed, one is read
BOUNDS = {
    "`DIGITSERVE_MAX_WAITING=2`": {"DIGITSERVE_MAX_WAITING": "2"},
    "`DIGITSERVE_MAX_WAIT_MS=10`": {"DIGITSERVE_MAX_WAIT_MS": "10"},
    "neither": {},
}
FACTOR = 4
COMMAND = [sys.executable, "-m", "benchmarks.faults", "serve", "--engine", "litert", "--port", "0"]
EXTENT = replace(WHOLE, rounds=7, command="python -m benchmarks.overload")
PAGE = ROOT / "docs/reliability.md"


@dataclass(frozen=True)
class OverloadRun:
    """One run.

    Attributes:
        round: Number of the round, from 0.
        bound: What bounds those that wait; one of `BOUNDS`.
        capacity_per_s: Answers a second to as many clients as there are places.
        idle_p99_ms: 99th percentile of the latency at a quarter of that rate.
        goodput_per_s: Answers a second at four times that rate.
        p99_ms: 99th percentile of their latency.
        refused: Share of the requests that were refused.
    """

    round: int
    bound: str
    capacity_per_s: float
    idle_p99_ms: float
    goodput_per_s: float
    p99_ms: float
    refused: float


def measure(extent: Extent) -> list[OverloadRun]:
    """Measure one process with each bound, in turn."""
    upload = Upload(make_pictures(BUNDLE)[0], "raw")
    return [
        _measure_bound(bound, upload, number, extent.seconds)
        for number in range(extent.rounds)
        for bound in BOUNDS
    ]


def _measure_bound(bound: str, upload: Upload, number: int, seconds: int) -> OverloadRun:
    """Measure a process that has one of the bounds."""
    with serving(BOUNDS[bound]) as port:
        return _run(bound, upload, port, number, seconds)


@contextlib.contextmanager
def serving(settings: Mapping[str, str]) -> Iterator[int]:
    """Run the service with the slow engine and settings, and give its port."""
    with subprocess.Popen(
        COMMAND,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "FAULT_DELAY_MS": str(DELAY_MS), **settings},
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        try:
            [port] = re.findall(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())
            yield int(port)
        finally:
            process.kill()


def _run(bound: str, upload: Upload, port: int, number: int, seconds: int) -> OverloadRun:
    """Measure the capacity, then the latency below and beyond it."""
    closed = drive(
        f"http://127.0.0.1:{port}/predict", upload, connections=CONNECTIONS, seconds=seconds
    )
    capacity = closed.requests / closed.duration_s
    request = write_request("POST", "/predict", upload.body, upload.content_type)
    idle = start_generator(request, port, rate=capacity / FACTOR, seconds=seconds)
    busy = start_generator(request, port, rate=capacity * FACTOR, seconds=seconds)
    return OverloadRun(
        round=number,
        bound=bound,
        capacity_per_s=capacity,
        idle_p99_ms=percentile(idle.latencies_ms, 0.99),
        goodput_per_s=len(busy.latencies_ms) / seconds,
        p99_ms=percentile(busy.latencies_ms, 0.99),
        refused=busy.failed / busy.due,
    )


def render(runs: list[OverloadRun]) -> str:
    """Render the table and what it says."""
    head = [
        *("bound of what waits", "capacity/s", "p99 at a quarter, ms", "answered/s at four times"),
        *("of capacity", "their p99, ms", "ratio of p99"),
    ]
    of_bounds = {bound: [run for run in runs if run.bound == bound] for bound in BOUNDS}
    rows = [_row(bound, its_runs) for bound, its_runs in of_bounds.items()]
    num_rounds = len(runs) // len(BOUNDS)
    return f"""{table(head, rows)}

A service at four times what it can do, beside the same at a quarter of it: how much of its capacity it answers,
and the 99th percentile of the latency of what it answers. Medians of {num_rounds} rounds, in brackets the least
and the largest; an engine of {DELAY_MS} ms a digit, one process, 28x28 PNGs. Without a bound of either kind nobody is
refused: the {CONNECTIONS_OF_CLIENTS} connections of the clients are fewer than the 128 that the default lets wait,
and what falls due waits with them.
"""


def _row(bound: str, runs: list[OverloadRun]) -> list[str]:
    """Render the runs with one bound."""
    figures = (
        [run.capacity_per_s for run in runs],
        [run.idle_p99_ms for run in runs],
        [run.goodput_per_s for run in runs],
        [run.goodput_per_s / run.capacity_per_s for run in runs],
        [run.p99_ms for run in runs],
        [run.p99_ms / run.idle_p99_ms for run in runs],
    )
    return [bound, *map(spread, figures)]


STUDY = Study("overload", OverloadRun, measure, render)


def main() -> None:
    """Measure, and write results and page."""
    STUDY.write(EXTENT, PAGE.parent)
    write_section(PAGE, EXTENT.command, STUDY.section(PAGE.parent))


if __name__ == "__main__":
    main()
