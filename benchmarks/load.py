"""Load: wrk keeps a number of connections busy with one upload (a closed loop), on the server's own cores."""

import json
import math
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.uploads import Body

SCRIPT = Path(__file__).with_name("wrk.lua")
TIMEOUT_S = 60  # wrk counts a later answer as an error
REQUESTS_PER_CONNECTION = (
    3  # of a run: what is unanswered at its end is in no latency, which flatters slow servers
)


@dataclass(frozen=True)
class Load:
    """What one run of wrk measured.

    Attributes:
        requests: Answers with a status of success.
        duration_s: Length of the run, in seconds.
        failed: Answers with another status, late ones, and errors of connections.
        p50_ms: Median latency, in milliseconds.
        p99_ms: 99th percentile; the largest latency where there are fewer than 100.
    """

    requests: int
    duration_s: float
    failed: int
    p50_ms: float
    p99_ms: float


def find_wrk() -> str:
    """Return wrk's path.

    Raises:
        BenchmarkError: If it is not installed.
    """
    program = shutil.which("wrk")
    if program is None:
        raise BenchmarkError(
            "The load generator wrk is not installed. On Debian or Ubuntu: apt-get install wrk"
        )
    return program


def drive(url: str, upload: Body, *, connections: int, seconds: int) -> Load:
    """Load a server from one thread of wrk.

    Raises:
        BenchmarkError: If wrk fails.
    """
    with tempfile.NamedTemporaryFile() as body:
        body.write(upload.body)
        body.flush()
        command = [
            *(find_wrk(), "--threads", "1", "--connections", str(connections)),
            *("--duration", f"{seconds}s", "--timeout", f"{TIMEOUT_S}s", "--script", str(SCRIPT)),
            *(url, "--", body.name, upload.content_type),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(f"wrk failed: {done.stderr.strip()[-200:]}")
    return parse_load(done.stdout)


def parse_load(said: str) -> Load:
    """Read the line that `wrk.lua` prints last.

    Raises:
        BenchmarkError: If it is not there.
    """
    lines = [line for line in said.splitlines() if line.startswith("{")]
    if not lines:
        raise BenchmarkError(f"wrk printed no result: {said.strip()[-200:]!r}")
    result = json.loads(lines[-1])
    return Load(
        requests=result["requests"] - result["status"],
        duration_s=result["duration_us"] / 1e6,
        failed=result["status"] + result["lost"],
        p50_ms=result["p50_us"] / 1e3,
        p99_ms=result["p99_us"] / 1e3,
    )


def choose_seconds(wished_s: int, *, at_most_s: int, connections: int, request_s: float) -> int:
    """Stretch a run so that a slow server answers a few times on every connection.

    Args:
        wished_s: Length for a fast server, in seconds.
        at_most_s: Length for the slowest.
        connections: How many wait at once.
        request_s: What one request takes alone, in seconds.
    """
    needed = math.ceil(REQUESTS_PER_CONNECTION * connections * request_s)
    return min(max(wished_s, needed), at_most_s)
