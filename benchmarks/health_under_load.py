"""Health under load: how soon `/health` answers while large photos keep every decoding thread busy.

photos in a closed loop + GET /health at a constant rate -> latencies -> table
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from benchmarks.catalogue import BUNDLE, Contender, make_digitserve
from benchmarks.constant_rate import percentile, start_generator
from benchmarks.environments import cache_folder, prepare
from benchmarks.errors import BenchmarkError
from benchmarks.load import drive
from benchmarks.open_loop import Tally, write_request
from benchmarks.pictures import make_pictures
from benchmarks.server import RunningServer, running
from benchmarks.study import Extent, Study
from benchmarks.tables import digits, spread, table
from benchmarks.uploads import Upload

RATE = 50  # requests a second of /health
SENDERS = 4  # connections that send photos; a worker has two threads to decode them
LENGTH = 3  # times the extent's seconds, so that a 99th percentile is one of several
LEAD_S = 1  # photos are sent so long before and after
REQUEST = write_request("GET", "/health", b"", "application/json")


@dataclass(frozen=True)
class HealthRun:
    """One run.

    Attributes:
        round: Number of the round, from 0.
        workers: Processes of the service.
        idle_p50_ms: Median latency without photos.
        idle_p99_ms: 99th percentile without photos.
        p50_ms: Median latency with them.
        p99_ms: 99th percentile with them.
        slowest_ms: Largest latency with them.
        photos_per_s: Photos answered a second meanwhile.
    """

    round: int
    workers: int
    idle_p50_ms: float
    idle_p99_ms: float
    p50_ms: float
    p99_ms: float
    slowest_ms: float
    photos_per_s: float


def measure(extent: Extent) -> list[HealthRun]:
    """Measure one and two workers in turn."""
    photo = Upload(make_pictures(BUNDLE)[2], "raw")
    runs = []
    for number in range(extent.rounds):
        for workers in (1, 2) if number % 2 == 0 else (2, 1):
            contender = make_digitserve("", "--workers", str(workers), workers=workers)
            runs.append(_run(contender, photo, number, extent.seconds * LENGTH))
    return runs


def _run(contender: Contender, photo: Upload, number: int, seconds: int) -> HealthRun:
    """Start the service, and ask for its health without and with photos."""
    log = cache_folder() / "health.log"
    with running(contender, prepare(contender), photo, log) as server:
        idle = _ask(server, seconds)
        with ThreadPoolExecutor(1) as pool:
            length = seconds + 2 * LEAD_S
            load = pool.submit(drive, server.url, photo, connections=SENDERS, seconds=length)
            time.sleep(LEAD_S)
            busy = _ask(server, seconds)
        photos = load.result()
    return HealthRun(
        round=number,
        workers=contender.workers,
        idle_p50_ms=percentile(idle.latencies_ms, 0.5),
        idle_p99_ms=percentile(idle.latencies_ms, 0.99),
        p50_ms=percentile(busy.latencies_ms, 0.5),
        p99_ms=percentile(busy.latencies_ms, 0.99),
        slowest_ms=max(busy.latencies_ms),
        photos_per_s=photos.requests / photos.duration_s,
    )


def _ask(server: RunningServer, seconds: int) -> Tally:
    """Ask for the health at the constant rate; every answer must come.

    Raises:
        BenchmarkError: If one does not.
    """
    tally = start_generator(REQUEST, server.port, rate=RATE, seconds=seconds)
    if tally.failed:
        raise BenchmarkError(f"{tally.failed} of {tally.due} requests of /health had no answer.")
    return tally


def render(runs: list[HealthRun]) -> str:
    """Render the section."""
    head = [
        "workers",
        "photos/s",
        "idle p50, ms",
        "idle p99, ms",
        "p50, ms",
        "p99, ms",
        "slowest, ms",
    ]
    rows = [
        _row([run for run in runs if run.workers == workers])
        for workers in sorted({run.workers for run in runs})
    ]
    return f"""## Health under load

{SENDERS} connections send 12-megapixel JPEGs to digitserve as fast as it answers, while `/health` is asked {RATE} times
a second in an open loop; `idle` is without the photos. Medians over the rounds, in brackets the least and the largest.

{table(head, rows)}
"""


def _row(runs: list[HealthRun]) -> list[str]:
    """One line of the table."""
    names = ("photos_per_s", "idle_p50_ms", "idle_p99_ms", "p50_ms", "p99_ms")
    figures = [spread([getattr(run, name) for run in runs]) for name in names]
    return [str(runs[0].workers), *figures, digits(max(run.slowest_ms for run in runs))]


STUDY = Study("health", HealthRun, measure, render, is_slow=True)
