"""Protocols' cost: what the routes of the other protocols cost an upload, by the application alone, without a socket.

    python -m benchmarks.protocols_cost    measures, and writes the figures into docs/protocols.md

in each of some processes: uploads to an application with those routes and to one without, in turn -> ratios
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, replace
from functools import partial
from operator import truediv
from types import FrameType
from typing import Any

import service.app
from benchmarks.catalogue import BUNDLE, ROOT
from benchmarks.errors import BenchmarkError
from benchmarks.pictures import make_pictures
from benchmarks.sections import write_section
from benchmarks.study import WHOLE, Extent, Study
from service.protocols.open_inference import routes as open_inference
from service.protocols.tf_serving import routes as tf_serving
from service.settings import Settings

PROCESSES = 8
NUM_TURNS = 100
NUM_UPLOADS = 50  # of one turn, to each application
NUM_COUNTS = 20  # of calls; what else the event loop does may fall into some
MODEL = "digits"  # what the service answers with unless told otherwise
PAGE = ROOT / "docs/protocols.md"
COMMAND = "python -m benchmarks.protocols_cost"

Application = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class ProtocolsRun:
    """One process, with an application that has the routes of the other protocols, and one without.

    Attributes:
        process: Its number, from 0.
        ratio: CPU time of an upload with them over that without, the median of `NUM_TURNS` turns of both.
        with_us: CPU time with them in microseconds, the median of the means over `NUM_UPLOADS`.
        without_us: The same without them.
        with_calls: Calls of functions for an upload with them, the least of some.
        without_calls: The same without them.
    """

    process: int
    ratio: float
    with_us: float
    without_us: float
    with_calls: int
    without_calls: int


def measure(extent: Extent) -> list[ProtocolsRun]:
    """Start the processes one after the other.

    Raises:
        BenchmarkError: If one of them fails.
    """
    runs = []
    for number in range(extent.rounds):
        print(f"process {number + 1} of {extent.rounds}", flush=True)
        command = [sys.executable, "-m", "benchmarks.protocols_cost", "--one"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchmarkError(f"A process failed: {done.stderr.strip()[-300:]}")
        runs.append(ProtocolsRun(number, **json.loads(done.stdout)))
    return runs


def make_apps() -> tuple[Any, Any]:
    """Make the application as it is, and without the routes of the other protocols."""
    settings, routed = Settings(model=MODEL), service.app.ROUTED
    fewer: Any = tuple(it for it in routed if it not in {open_inference, tf_serving})
    app = service.app.create_app(settings)
    try:
        service.app.ROUTED = fewer
        return app, service.app.create_app(settings)
    finally:
        service.app.ROUTED = routed


async def measure_one(turns: int = NUM_TURNS) -> dict[str, float]:
    """Measure an upload to both applications in this process: a picture of 28x28 pixels to the default model.

    Returns:
        The members of `ProtocolsRun`, but for its number.
    """
    upload = make_pictures(BUNDLE)[0].content
    app, bare = make_apps()
    async with app.router.lifespan_context(app) as state, bare.router.lifespan_context(bare) as its:
        pair = [(app, state), (bare, its)]
        times_us: list[list[float]] = [[], []]
        for turn in range(turns + 1):  # the first warms both up
            for which in (0, 1) if turn % 2 else (1, 0):
                started = time.process_time()
                await _send(*pair[which], upload, NUM_UPLOADS)
                times_us[which].append((time.process_time() - started) * 1e6 / NUM_UPLOADS)
        calls = [
            min([await _count_calls(partial(_send, *each, upload, 1)) for _ in range(NUM_COUNTS)])
            for each in pair
        ]
    ours, theirs = times_us[0][1:], times_us[1][1:]
    return {
        "ratio": statistics.median(map(truediv, ours, theirs)),
        "with_us": statistics.median(ours),
        "without_us": statistics.median(theirs),
        "with_calls": calls[0],
        "without_calls": calls[1],
    }


async def _send(app: Application, state: Any, upload: bytes, num_uploads: int) -> None:
    """Send uploads one after the other, as a server would."""
    for _ in range(num_uploads):
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/predict",
            "raw_path": b"/predict",
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"test"), (b"content-length", str(len(upload)).encode())],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "state": dict(state),
        }
        statuses: list[int] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": upload, "more_body": False}

        async def send(message: MutableMapping[str, Any], statuses: list[int] = statuses) -> None:
            statuses += [message["status"]] if "status" in message else []

        await app(scope, receive, send)
        if statuses != [200]:
            raise BenchmarkError(f"The application answered {statuses}.")


async def _count_calls(work: Callable[[], Awaitable[None]]) -> int:
    """Count the calls of functions, Python's and C's, while some work is done."""
    num_calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal num_calls
        num_calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        await work()
    finally:
        sys.setprofile(None)
    return num_calls


def render(runs: list[ProtocolsRun]) -> str:
    """Render the figures: CPU time with the routes over that without, and the calls."""
    ratios = [run.ratio for run in runs]
    error = statistics.stdev(ratios) / len(ratios) ** 0.5 if len(ratios) > 1 else 0.0
    mean, low, high = statistics.mean(ratios), min(ratios), max(ratios)
    with_us, without_us = (
        statistics.median(each)
        for each in zip(*((it.with_us, it.without_us) for it in runs), strict=True)
    )
    with_calls, without_calls = (
        min(it.with_calls for it in runs),
        min(it.without_calls for it in runs),
    )
    spread = f"standard error {error:.3f}; {low:.3f} to {high:.3f}"
    return f"""The application alone, without a socket, takes a 28x28 PNG in {mean:.3f} ({spread})
of the CPU time that it takes without the routes of both protocols, {with_us:.0f} us and {without_us:.0f} us,
and in {with_calls} calls of functions, where it is {without_calls} without: {len(runs)} processes, in each
{NUM_TURNS} turns of {NUM_UPLOADS} uploads to the one and to the other.
"""


def main() -> int:
    """Measure, and write results and page; or measure in this process alone, and print JSON."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--processes", type=int, default=PROCESSES, help="how many are started")
    parser.add_argument("--one", action="store_true", help="measure in this process alone")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(asyncio.run(measure_one())))
        return 0
    study = Study("protocols", ProtocolsRun, measure, render)
    try:
        study.write(replace(WHOLE, rounds=options.processes, command=COMMAND), PAGE.parent)
        write_section(PAGE, COMMAND, study.section(PAGE.parent))
    except BenchmarkError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
