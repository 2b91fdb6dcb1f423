"""A contender's server: started, asked until it answers right, and ended with all its children."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.catalogue import ROOT, Contender
from benchmarks.errors import BenchmarkError
from benchmarks.processes import read_tree
from benchmarks.uploads import Upload

HOST = "127.0.0.1"
START_LIMIT_S = 90.0
END_LIMIT_S = 10.0
SETTLE_LIMIT_S = 20.0
POLL_S = 0.005
ANSWER_LIMIT_S = 60.0


@dataclass(frozen=True)
class RunningServer:
    """A server that has answered right.

    Attributes:
        pid: Its first process.
        port: Where it listens on loopback.
        path: Where it takes pictures.
        first_answer_s: Seconds from starting its command to the first right answer.
    """

    pid: int
    port: int
    path: str
    first_answer_s: float

    @property
    def url(self) -> str:
        """Address of its route."""
        return self.url_of(self.path)

    def url_of(self, path: str) -> str:
        """Address of another route."""
        return f"http://{HOST}:{self.port}{path}"

    def check(self, upload: Upload) -> None:
        """Ask until the answer is right: after a load, what is left of it may time out first.

        Raises:
            BenchmarkError: If the answer stays wrong.
        """
        deadline, answer = time.monotonic() + SETTLE_LIMIT_S, b"nothing"
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, http.client.HTTPException):
                answer = _ask(self.port, self.path, upload)
                if upload.is_right(answer):
                    return
            time.sleep(POLL_S)
        raise BenchmarkError(
            f"It answers {answer[:200]!r} to the {upload.picture.name}, "
            f"which shows a {upload.picture.label}."
        )


@contextlib.contextmanager
def running(
    contender: Contender, python: Path, first: Upload | None, log: Path
) -> Generator[RunningServer]:
    """Run a contender's server.

    Args:
        contender: What to start.
        python: Its environment's folder.
        first: The upload whose right answer means that it is up; with None, any answer does.
        log: File for what it prints; its folder is the server's temporary one.

    Raises:
        BenchmarkError: If it does not come up.
    """
    port = _free_port()
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            _command(contender, python, port),
            cwd=contender.script_folder,
            env=_environment(contender, python),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait(process, port, contender.path, first, log)
            elapsed = time.perf_counter() - started
            yield RunningServer(process.pid, port, contender.path, elapsed)
        finally:
            _end(process)


def _command(contender: Contender, environment: Path, port: int) -> list[str]:
    """Fill in the environment's program and the port."""
    program, *arguments = contender.command
    return [
        str(environment / "bin" / program),
        *(argument.format(port=port) for argument in arguments),
    ]


def _environment(contender: Contender, environment: Path) -> dict[str, str]:
    """Return the variables of a server: the caller's, its own programs first, the project importable."""
    return {
        **os.environ,
        "PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        **contender.environment,
    }


def _free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(
    process: "subprocess.Popen[bytes]", port: int, path: str, first: Upload | None, log: Path
) -> None:
    """Ask until the answer is right."""
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            answer = _ask(port, path, first)
            if first is None or first.is_right(answer):
                return
        time.sleep(POLL_S)
    lines = log.read_text(errors="replace").strip().splitlines()
    raise BenchmarkError(f"It did not come up; its last line: {(lines or ['none'])[-1][:200]}")


def _ask(port: int, path: str, upload: Upload | None) -> bytes:
    """Send one request on a connection of its own, and return the body of the answer."""
    connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_LIMIT_S)
    body = upload.body if upload else b""
    content_type = upload.content_type if upload else "application/octet-stream"
    with contextlib.closing(connection):
        connection.request("POST", path, body, {"Content-Type": content_type})
        return connection.getresponse().read()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a server as its operator would, then whatever of its own is left."""
    tree = read_tree(process.pid)
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(END_LIMIT_S)
    for entry in {*tree, *read_tree(process.pid)}:
        with contextlib.suppress(ProcessLookupError):
            os.kill(entry.pid, signal.SIGKILL)
    process.wait()
