"""Real replicas on this machine, with docker/haproxy.cfg in front of them if there are several."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.catalogue import ROOT
from benchmarks.errors import BenchmarkError
from benchmarks.faults import DELAY
from benchmarks.server import HOST, POLL_S

START_LIMIT_S = 60.0
SERVER = "    server replica{number} {host}:{port}"


@dataclass(frozen=True)
class Real:
    """A service that runs.

    Attributes:
        port: Where it listens on loopback.
        pid: Its process.
        start_s: From starting its command to a port that is open and models that are loaded, in seconds.
        log: File of its log.
    """

    port: int
    pid: int
    start_s: float = 0.0
    log: Path = Path(os.devnull)

    def read_requests(self) -> list[dict[str, float]]:
        """Return what the log tells of each request to `/predict`, oldest first."""
        whole = re.findall(r"^{.*}$", self.log.read_text(), re.MULTILINE)
        lines = [json.loads(line) for line in whole]
        return [line for line in lines if line.get("path") == "/predict"]


@contextlib.contextmanager
def replica(
    *, delay_ms: float = 0.0, max_waiting: int | None = None, core: int | None = None
) -> Generator[Real]:
    """Run one worker with LiteRT.

    Args:
        delay_ms: How much longer each call of its engine takes; 0: no longer than it does.
        max_waiting: `DIGITSERVE_MAX_WAITING`; None: the default.
        core: The only core that it may use; None: all.

    Raises:
        BenchmarkError: If it does not start.
    """
    module = "benchmarks.faults" if delay_ms else "service"
    command = [sys.executable, "-m", module, "serve", "--engine", "litert", "--port", "0"]
    settings = {"DIGITSERVE_WORKERS": "1", "DIGITSERVE_LOG_FORMAT": "json"}
    settings |= {DELAY: str(delay_ms)} if delay_ms else {}
    settings |= {"DIGITSERVE_MAX_WAITING": str(max_waiting)} if max_waiting else {}
    pin = [] if core is None else ["taskset", "--cpu-list", str(core)]
    with tempfile.NamedTemporaryFile("w") as log:
        started = time.perf_counter()
        with _process([*pin, *command], settings, log) as process:
            assert process.stdout is not None  # noqa: S101 - it was asked for
            found = re.search(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())
            if found is None:
                raise BenchmarkError("A replica did not start.")
            elapsed_s = time.perf_counter() - started
            yield Real(int(found.group(1)), process.pid, elapsed_s, Path(log.name))


@contextlib.contextmanager
def proxy(ports: list[int], config: str | None = None) -> Generator[Real]:
    """Run HAProxy in front of replicas.

    Args:
        ports: Of the replicas, on loopback.
        config: Its configuration; None: docker/haproxy.cfg.

    Raises:
        BenchmarkError: If it is not installed, or does not start.
    """
    program = shutil.which("haproxy")
    if program is None:
        raise BenchmarkError(
            "HAProxy is not installed. On Debian or Ubuntu: apt-get install haproxy"
        )
    port = _free_port()
    text = config or (ROOT / "docker" / "haproxy.cfg").read_text()
    with tempfile.NamedTemporaryFile("w", suffix=".cfg") as file:
        file.write(write_config(text, port, ports))
        file.flush()
        with _process([program, "-db", "-f", file.name], {}, subprocess.DEVNULL) as process:
            _wait_for(port, process)
            yield Real(port, process.pid)


def write_config(config: str, port: int, replicas: list[int]) -> str:
    """Name replicas on loopback where the configuration asks the engine's DNS for them; leave out its metrics.

    Args:
        config: Of docker/haproxy.cfg.
        port: Where the proxy is to listen.
        replicas: Where the replicas listen.
    """
    servers = [
        SERVER.format(number=number, host=HOST, port=where) for number, where in enumerate(replicas)
    ]
    others = r"^(?:resolvers|frontend metrics)\b.*?(?=^\S)"
    config = re.sub(others, "", config, flags=re.MULTILINE | re.DOTALL)
    config = re.sub(r"^ +server-template .*$", "\n".join(servers), config, flags=re.MULTILINE)
    return re.sub(r"^ +bind .*$", f"    bind {HOST}:{port}", config, flags=re.MULTILINE)


@contextlib.contextmanager
def fleet(number: int, *, delay_ms: float, max_waiting: int) -> Generator[tuple[Real, list[Real]]]:
    """Run several slowed replicas behind HAProxy; give the proxy and them."""
    with contextlib.ExitStack() as stack:
        replicas = [
            stack.enter_context(replica(delay_ms=delay_ms, max_waiting=max_waiting))
            for _ in range(number)
        ]
        yield stack.enter_context(proxy([each.port for each in replicas])), replicas


@contextlib.contextmanager
def _process(
    command: list[str], settings: dict[str, str], log: "int | tempfile._TemporaryFileWrapper[str]"
) -> Generator["subprocess.Popen[str]"]:
    """Run a program until the caller is done with it."""
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: "subprocess.Popen[str]") -> None:
    """Wait until something listens on a port."""
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port)):
            return
        time.sleep(POLL_S)
    raise BenchmarkError("HAProxy did not start; it needs version 2.6 or newer.")
