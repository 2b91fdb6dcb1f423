"""The service as a process of its own: how to start it, and its workers."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

COMMAND = [sys.executable, "-m", "service", "serve", "--engine", "litert", "--port"]


def find_workers(parent: int) -> list[int]:
    """Return the ids of the processes that any thread of a process has made to work for it, in order."""
    children: list[str] = []
    for path in Path(f"/proc/{parent}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # the thread has ended
            children += path.read_text().split()
    return sorted(int(child) for child in children if _is_worker(child))


def wait_for_workers(supervisor: int, count: int, *, without: int = 0) -> list[int]:
    """Wait until a process has so many children that serve, and return their ids in order."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        workers = [worker for worker in find_workers(supervisor) if worker != without]
        if len(workers) == count:
            return workers
        time.sleep(0.05)
    raise AssertionError(f"There were never {count} workers.")


def wait_until_all_serve(port: int, count: int) -> None:
    """Wait until so many workers count, each of which it does when it has begun to serve."""
    deadline = time.monotonic() + 60
    metrics = f"http://127.0.0.1:{port}/metrics"
    while httpx.get(metrics, timeout=60).text.count("digitserve_resident_memory_bytes{") < count:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def wait_for_end(workers: list[int], *, but: int = 0) -> None:
    """Wait until no more than so many of these workers run."""
    deadline = time.monotonic() + 60
    while sum(_is_worker(str(worker)) for worker in workers) > but:
        assert time.monotonic() < deadline, f"Of the workers {workers} more than {but} still run."
        time.sleep(0.05)


def _is_worker(process_id: str) -> bool:
    """Tell a worker, and what examines a bundle for it, from what keeps track of what those share.

    A worker has the command of its supervisor; of a process that has ended it is empty.
    """
    content = b""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended
        content = Path(f"/proc/{process_id}/cmdline").read_bytes()
    return b"\0serve\0" in content or b"spawn_main" in content


def kill_group(process: "subprocess.Popen[str]") -> None:
    """Kill a process that leads a group, and its workers, which would go on without it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
