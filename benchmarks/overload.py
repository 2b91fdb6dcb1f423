"""Overload: what is answered, and how soon, when four times as much is asked as can be computed.

    python -m benchmarks.overload    measures, and writes the table into docs/reliability.md

An engine that takes 5 ms a digit -> capacity, by a closed loop -> open loops at a quarter and at four times of it
"""

import contextlib
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

from benchmarks.catalogue import BUNDLE, ROOT
from benchmarks.constant_rate import percentile, start_generator
from benchmarks.load import drive
from benchmarks.open_loop import write_request
from benchmarks.pictures import make_pictures
from benchmarks.sections import write_section
from benchmarks.study import WHOLE, Extent, Study
from benchmarks.tables import percent, spread, table
from benchmarks.uploads import Upload

DELAY_MS = 5  # so that the engine is the bottleneck, and neither the generator nor Python
MAX_WAITING = 2  # one is computed, one waits
FACTOR = 4
COMMAND = [sys.executable, "-m", "benchmarks.faults", "serve", "--engine", "litert", "--port", "0"]
EXTENT = replace(WHOLE, rounds=7, command="python -m benchmarks.overload")
PAGE = ROOT / "docs/reliability.md"


@dataclass(frozen=True)
class OverloadRun:
    """One run.

    Attributes:
        round: Number of the round, from 0.
        capacity_per_s: Answers a second to as many clients as there are places.
        idle_p99_ms: 99th percentile of the latency at a quarter of that rate.
        goodput_per_s: Answers a second at four times that rate.
        p99_ms: 99th percentile of their latency.
        refused: Share of the requests that were refused.
    """

    round: int
    capacity_per_s: float
    idle_p99_ms: float
    goodput_per_s: float
    p99_ms: float
    refused: float


def measure(extent: Extent) -> list[OverloadRun]:
    """Measure one process in rounds."""
    upload = Upload(make_pictures(BUNDLE)[0], "raw")
    with serving() as port:
        return [_run(upload, port, number, extent.seconds) for number in range(extent.rounds)]


@contextlib.contextmanager
def serving() -> Iterator[int]:
    """Run the service with the slow engine, and give its port."""
    settings = {"FAULT_DELAY_MS": str(DELAY_MS), "DIGITSERVE_MAX_WAITING": str(MAX_WAITING)}
    with subprocess.Popen(
        COMMAND,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **settings},
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        try:
            [port] = re.findall(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())
            yield int(port)
        finally:
            process.kill()


def _run(upload: Upload, port: int, number: int, seconds: int) -> OverloadRun:
    """Measure the capacity, then the latency below and beyond it."""
    closed = drive(
        f"http://127.0.0.1:{port}/predict", upload, connections=MAX_WAITING, seconds=seconds
    )
    capacity = closed.requests / closed.duration_s
    request = write_request("POST", "/predict", upload.body, upload.content_type)
    idle = start_generator(request, port, rate=capacity / FACTOR, seconds=seconds)
    busy = start_generator(request, port, rate=capacity * FACTOR, seconds=seconds)
    return OverloadRun(
        round=number,
        capacity_per_s=capacity,
        idle_p99_ms=percentile(idle.latencies_ms, 0.99),
        goodput_per_s=len(busy.latencies_ms) / seconds,
        p99_ms=percentile(busy.latencies_ms, 0.99),
        refused=busy.failed / busy.due,
    )


def render(runs: list[OverloadRun]) -> str:
    """Render the table and what it says."""
    head = ["capacity/s", "p99 at a quarter, ms", "answered/s at four times", "their p99, ms"]
    names = ("capacity_per_s", "idle_p99_ms", "goodput_per_s", "p99_ms")
    row = [spread([getattr(run, name) for run in runs]) for name in names]
    goodputs = [run.goodput_per_s / run.capacity_per_s for run in runs]
    latencies = [run.p99_ms / run.idle_p99_ms for run in runs]
    return f"""{table(head, [row])}

At four times what it can do, the service answered {percent(statistics.median(goodputs))} of its capacity (in the worst
of {len(runs)} rounds {percent(min(goodputs))}), and the 99th percentile of what it answered was
{statistics.median(latencies):.1f} times that of a service at a quarter of it (in the worst {max(latencies):.1f}).
Medians, in brackets the least and the largest; an engine of {DELAY_MS} ms a digit, one process,
`DIGITSERVE_MAX_WAITING={MAX_WAITING}`, 28x28 PNGs, on a machine that had other work too.
"""


STUDY = Study("overload", OverloadRun, measure, render)


def main() -> None:
    """Measure, and write results and page."""
    STUDY.write(EXTENT, PAGE.parent)
    write_section(PAGE, EXTENT.command, STUDY.section(PAGE.parent))


if __name__ == "__main__":
    main()
