"""Measures the parameters on this machine: what uploads cost, how long they take, what starting takes.

real replica, on one core -> load -> CPU time by /proc, durations by its log -> Parameters
"""

import contextlib
import re
import socket
import statistics
from collections.abc import Sequence

import numpy as np

from benchmarks import processes
from benchmarks.catalogue import BUNDLE
from benchmarks.load import drive
from benchmarks.machine import describe_machine, today
from benchmarks.open_loop import write_request
from benchmarks.pictures import Picture, draw, load_digit, make_pictures
from benchmarks.server import HOST
from benchmarks.simulation.parameters import Parameters, Timing, UploadCost
from benchmarks.simulation.real import Real, proxy, replica
from benchmarks.uploads import Upload

CORE = 0  # of the replica; the load comes from the others
DELAY_MS = 20.0  # so that four replicas fit on two cores
COMMAND = "python -m benchmarks.simulation measure"
QUANTILES = np.linspace(0, 1, 101)
CONNECTIONS = 16  # of a busy worker
FULL_MS = 500.0  # of an engine whose worker is full, nearly always


def measure(*, seconds: int, starts: int = 5) -> Parameters:
    """Measure everything.

    Args:
        seconds: Length of each load.
        starts: How often a replica is started for its start-up time.
    """
    uploads = [Upload(picture, "raw") for picture in list_pictures()]
    with replica(core=CORE) as real:
        costs = [_measure_cost(real, upload, seconds) for upload in uploads]
        resident_bytes = processes.memory(real.pid).resident
    with replica(core=CORE) as real:
        service = _time_requests(real, uploads[0], seconds, ("duration_ms",))
    with replica(delay_ms=DELAY_MS) as real:
        slowed = _time_requests(real, uploads[0], seconds, ("queue_ms", "model_ms"))
    return Parameters(
        command=COMMAND,
        machine=describe_machine(),
        date=today(),
        start_s=statistics.median(_start_s() for _ in range(starts)),
        resident_bytes=resident_bytes,
        service=_take_cpu_time(service, costs[0].cpu_us / 1e6),
        refusal_us=_measure_refusal_us(uploads[0], seconds),
        slowed=slowed,
        delay_ms=DELAY_MS,
        costs=tuple(costs),
    )


def list_pictures() -> list[Picture]:
    """Return the pictures of docs/performance.md, the smallest first."""
    small, *photos = make_pictures(BUNDLE)
    return [small, draw(load_digit(BUNDLE)), *photos]


def _measure_cost(real: Real, upload: Upload, seconds: int) -> UploadCost:
    """Send an upload over and over, straight and through HAProxy."""
    with proxy([real.port]) as front:
        proxy_cpu_us = _cpu_us(front, front.pid, upload, CONNECTIONS, seconds)
    request, answer = _count_bytes(real.port, upload)
    return UploadCost(
        upload=upload.picture.description,
        cpu_us=_cpu_us(real, real.pid, upload, 1, seconds),
        busy_cpu_us=_cpu_us(real, real.pid, upload, CONNECTIONS, seconds),
        proxy_cpu_us=proxy_cpu_us,
        request_bytes=request,
        answer_bytes=answer,
    )


def _cpu_us(real: Real, pid: int, upload: Upload, connections: int, seconds: int) -> float:
    """Return the CPU time of a process for one request."""
    before_s = processes.cpu_s(pid)
    load = drive(url_of(real), upload, connections=connections, seconds=seconds)
    return (processes.cpu_s(pid) - before_s) / load.requests * 1e6


def _measure_refusal_us(upload: Upload, seconds: int) -> float:
    """Return the CPU time for a request to a worker that takes one at a time and is busy with one."""
    with replica(core=CORE, delay_ms=FULL_MS, max_waiting=1) as real:
        before_s = processes.cpu_s(real.pid)
        load = drive(url_of(real), upload, connections=4, seconds=seconds)
        return (processes.cpu_s(real.pid) - before_s) / (load.requests + load.failed) * 1e6


def _time_requests(real: Real, upload: Upload, seconds: int, parts: tuple[str, ...]) -> Timing:
    """Send an upload on one connection, and sum parts of each request's log line."""
    drive(url_of(real), upload, connections=1, seconds=1)
    skipped = len(real.read_requests())
    load = drive(url_of(real), upload, connections=1, seconds=seconds)
    times_s = [sum(line[part] for part in parts) / 1000 for line in real.read_requests()[skipped:]]
    median_s = statistics.median(times_s)
    return Timing(take_quantiles(times_s), max(0.0, load.p50_ms / 1000 - median_s))


def _take_cpu_time(timing: Timing, mean_s: float) -> Timing:
    """Stretch what a log tells to the CPU time, which has what comes before and after it too."""
    form = timing.distribution.scale(mean_s)
    middle = len(form.quantiles_s) // 2
    more_s = form.quantiles_s[middle] - timing.quantiles_s[middle]
    return Timing(form.quantiles_s, max(0.0, timing.overhead_s - more_s))


def take_quantiles(times_s: Sequence[float]) -> tuple[float, ...]:
    """Return times at equal steps from the least to the largest."""
    return tuple(np.quantile(times_s, QUANTILES).tolist())


def _start_s() -> float:
    """Start a replica, and end it."""
    with replica() as real:
        return real.start_s


def url_of(real: Real) -> str:
    """Return where it takes pictures."""
    return f"http://{HOST}:{real.port}/predict"


def _count_bytes(port: int, upload: Upload) -> tuple[int, int]:
    """Send an upload once, and count the bytes of the request and of the answer."""
    request = write_request("POST", "/predict", upload.body, upload.content_type)
    answer = b""
    with contextlib.closing(socket.create_connection((HOST, port))) as connection:
        connection.sendall(request)
        while not _is_whole(answer):
            answer += connection.recv(65536)
    return len(request), len(answer)


def _is_whole(answer: bytes) -> bool:
    """Tell whether an answer has as much as its head says."""
    head, separator, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    return bool(separator and length) and len(body) >= int(length.group(1) if length else 0)
