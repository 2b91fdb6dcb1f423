"""Beside: how soon uploads are answered while the service evaluates or explains all the time.

    python -m benchmarks.beside    measures, and writes the table into docs/reliability.md

uploads at a constant rate, alone and beside /evaluate or /explain in a closed loop -> latencies -> table
"""

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import httpx

from benchmarks.catalogue import BUNDLE, ROOT, make_digitserve
from benchmarks.constant_rate import percentile, start_generator
from benchmarks.environments import cache_folder, prepare
from benchmarks.open_loop import write_request
from benchmarks.pictures import make_pictures
from benchmarks.sections import write_section
from benchmarks.server import RunningServer, running
from benchmarks.study import WHOLE, Extent, Study
from benchmarks.tables import median, spread, table
from benchmarks.uploads import Upload

RATE = 200  # uploads a second, a fifth of what one worker answers
LENGTH = 3  # times the extent's seconds, so that a 99th percentile is one of many
TIMEOUT_S = 120
WORK = {"evaluate": "/evaluate", "explain": "/explain?saliency=true"}  # the dearest of each
EXTENT = replace(WHOLE, rounds=5, command="python -m benchmarks.beside")
PAGE = ROOT / "docs/reliability.md"


@dataclass(frozen=True)
class BesideRun:
    """One round of one kind of work.

    Attributes:
        round: Number of the round, from 0.
        work: Route that was busy.
        idle_p50_ms: Median latency of uploads without it.
        idle_p99_ms: 99th percentile without it.
        p50_ms: Median latency beside it.
        p99_ms: 99th percentile beside it.
        done: How often it was answered meanwhile.
    """

    round: int
    work: str
    idle_p50_ms: float
    idle_p99_ms: float
    p50_ms: float
    p99_ms: float
    done: int


def measure(extent: Extent) -> list[BesideRun]:
    """Measure one worker in rounds."""
    upload = Upload(make_pictures(BUNDLE)[0], "raw")
    contender = make_digitserve("")
    log = cache_folder() / "beside.log"
    with running(contender, prepare(contender), upload, log) as server:
        return [
            _run(server, upload, number, work, extent.seconds * LENGTH)
            for number in range(extent.rounds)
            for work in WORK
        ]


def _run(
    server: RunningServer, upload: Upload, number: int, work: str, seconds: float
) -> BesideRun:
    """Send uploads without and with the work."""
    request = write_request("POST", server.path, upload.body, upload.content_type)
    idle = start_generator(request, server.port, rate=RATE, seconds=seconds).latencies_ms
    with working(server.url_of(WORK[work]), upload if work == "explain" else None) as answers:
        busy = start_generator(request, server.port, rate=RATE, seconds=seconds).latencies_ms
    return BesideRun(
        round=number,
        work=work,
        idle_p50_ms=percentile(idle, 0.5),
        idle_p99_ms=percentile(idle, 0.99),
        p50_ms=percentile(busy, 0.5),
        p99_ms=percentile(busy, 0.99),
        done=len(answers),
    )


@contextlib.contextmanager
def working(url: str, upload: Upload | None) -> Iterator[list[int]]:
    """Ask a route over and over meanwhile; give the statuses of its answers so far.

    Raises:
        httpx.HTTPError: If it refuses, or does not answer.
    """
    statuses: list[int] = []
    is_over = threading.Event()

    def ask() -> None:
        with httpx.Client(timeout=TIMEOUT_S) as client:
            while not statuses or not is_over.is_set():
                answer = client.post(url, content=upload.body if upload else b"")
                statuses.append(answer.raise_for_status().status_code)

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        try:
            yield statuses
        finally:
            is_over.set()
        asking.result()


def render(runs: list[BesideRun]) -> str:
    """Render the table and what it says."""
    names = {"p50 alone, ms": "idle_p50_ms", "p50, ms": "p50_ms"}
    names |= {"p99 alone, ms": "idle_p99_ms", "p99, ms": "p99_ms"}
    rows = []
    for work in dict.fromkeys(run.work for run in runs):
        own = [run for run in runs if run.work == work]
        figures = [spread([getattr(run, name) for run in own]) for name in names.values()]
        ratio = spread([run.p99_ms / run.idle_p99_ms for run in own])
        rows.append([f"`{WORK[work]}`", median([run.done for run in own]), *figures, ratio])
    return f"""{table(["beside", "its answers", *names, "p99, ratio"], rows)}

{RATE} 28x28 PNGs a second at a constant rate to one worker on two cores, alone and beside a client that asks the
other route again as soon as it is answered.
Medians of {len(runs) // len(rows)} rounds, in brackets the least and the largest.
"""


STUDY = Study("beside", BesideRun, measure, render)


def main() -> None:
    """Measure, and write results and page."""
    STUDY.write(EXTENT, PAGE.parent)
    write_section(PAGE, EXTENT.command, STUDY.section(PAGE.parent))


if __name__ == "__main__":
    main()
