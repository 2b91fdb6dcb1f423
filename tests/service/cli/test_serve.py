"""Tests of `digitserve serve`, most with a process of its own."""

import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from service.cli import main
from service.cli.serve import FailureTrap
from service.errors import BundleError
from service.settings import Settings
from tests.service.cli.conftest import draw_seven

REFUSAL: Message = {"type": "lifespan.startup.failed", "message": "Traceback ..."}
LOGGERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "digitserve")
COMMAND = [sys.executable, "-m", "service", "serve", "--engine", "litert", "--port"]


@pytest.mark.integration
class TestStart:
    """Of a start that succeeds."""

    def test_says_how_to_use_it(self) -> None:
        """It prints its URL and a curl line; the URL answers; Ctrl+C ends it with code 0."""
        with subprocess.Popen([*COMMAND, "0"], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                headline, example = process.stdout.readline(), process.stdout.readline()
                [url] = re.findall(r"http://127\.0\.0\.1:\d+", headline)
                answer = httpx.post(f"{url}/predict", content=draw_seven())
            finally:
                process.send_signal(signal.SIGINT)
            code = process.wait(20)

        assert example == f"  curl -F file=@docs/images/seven.png {url}/predict\n"
        assert answer.json()["class"] == 7
        assert code == 0

    def test_log_has_one_line_a_request(self) -> None:
        """A damaged form is the client's to know; the log has its request and nothing else."""
        with subprocess.Popen(
            [*COMMAND, "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            try:
                [url] = re.findall(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
                httpx.post(f"{url}/predict", content=b"--x\r\nbad name: x\r\n\r\n\r\n--x--\r\n")
            finally:
                process.send_signal(signal.SIGINT)
            process.stdout.close()
            log = process.stderr.read().splitlines()

        assert [line for line in log if "Found invalid character" in line] == []
        assert re.search(r"id=\w+ method=POST path=/predict status=422 duration_ms=", log[-1])


@pytest.mark.integration
class TestFailure:
    """Of a start that fails."""

    def test_damaged_bundle(self, tmp_path: Path) -> None:
        """A bundle whose bytes are not those of its manifest ends in one line and code 3."""
        bundle = tmp_path / "digits/1"
        shutil.copytree(Settings().models_dir / "digits/1", bundle)
        (bundle / "assets.extra/model.tflite").write_bytes(b"damaged")

        run = subprocess.run(
            [*COMMAND, "0", "--models-dir", tmp_path], capture_output=True, text=True, check=False
        )

        assert run.returncode == 3
        [line] = run.stderr.splitlines()
        assert line.startswith("digitserve: ")
        assert "model.tflite" in line

    def test_port_is_taken(self, url: str) -> None:
        """A port where another service listens ends with code 3 and says so."""
        port = url.rpartition(":")[2]

        run = subprocess.run([*COMMAND, port], capture_output=True, text=True, check=False)

        assert run.returncode == 3
        assert "address already in use" in run.stderr
        assert "Traceback" not in run.stderr


@pytest.fixture
def _restored_logging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undo what the server does to the loggers of this process, and hide the others from it.

    Configuring closes every handler that there is, and that of TensorFlow's logging closes with
    itself the standard error of whoever imported it.
    """
    monkeypatch.setattr("logging._handlerList", [])
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [(each.level, each.propagate, each.handlers[:]) for each in loggers]
    yield
    for logger, (level, propagate, handlers) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.propagate, logger.handlers = propagate, handlers


@pytest.mark.usefixtures("_restored_logging")
class TestRun:
    """Of `run`, in this process."""

    @pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM], ids=lambda it: it.name)
    def test_serves_until_a_signal(
        self, ending: signal.Signals, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """It answers on its port, says so, and ends with code 0."""
        port, statuses = free_port(), list[int]()
        killer = threading.Thread(target=stop_when_up, args=(port, ending, statuses))
        handler = signal.getsignal(signal.SIGTERM)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the server raises it again at its end
        killer.start()
        try:
            code = main(["serve", "--engine", "litert", "--port", str(port)])
        finally:
            signal.signal(signal.SIGTERM, handler)
            killer.join()

        assert (code, statuses) == (0, [200])
        assert f"digitserve listens on http://127.0.0.1:{port} " in capsys.readouterr().out

    def test_damaged_bundle(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Our own failure at start-up is one line and code 3."""
        code = main(["serve", "--port", "0", "--models-dir", str(tmp_path)])

        [line] = capsys.readouterr().err.splitlines()
        assert code == 3
        assert line.startswith("digitserve: No model bundle was found under ")

    def test_port_is_taken(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        """A port that is taken is the server's line and code 3."""
        code = main(["serve", "--engine", "litert", "--port", url.rpartition(":")[2]])

        assert code == 3
        assert "address already in use" in capsys.readouterr().err


def free_port() -> int:
    """Return a port of the loopback interface where nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def stop_when_up(port: int, ending: signal.Signals, statuses: list[int]) -> None:
    """Wait until a service answers, note its status, and send this process a signal."""
    deadline = time.monotonic() + 20
    while not statuses and time.monotonic() < deadline:
        try:
            statuses.append(httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            os.kill(os.getpid(), ending)


class TestFailureTrap:
    """Of `FailureTrap`."""

    def test_keeps_our_failure(self) -> None:
        """A bundle's failure is kept, and the server gets no traceback to log."""
        failure, sent = BundleError("The bundle is damaged."), list[Message]()

        trap = start(failure, sent)

        assert trap.failure is failure
        assert sent == [{"type": "lifespan.startup.failed", "message": ""}]

    def test_passes_on_other_failures(self) -> None:
        """A failure that nobody foresaw reaches the server with its traceback."""
        sent: list[Message] = []

        with pytest.raises(ZeroDivisionError):
            start(ZeroDivisionError(), sent)

        assert sent == [REFUSAL]

    def test_failure_before_a_refusal(self) -> None:
        """A failure that comes before the application refuses passes too."""
        sent: list[Message] = []

        with pytest.raises(ZeroDivisionError):
            start(ZeroDivisionError(), sent, refuses=False)

        assert sent == []


def start(failure: Exception, sent: list[Message], *, refuses: bool = True) -> FailureTrap:
    """Start an application that fails as Starlette does; collect what the trap sends."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        if refuses:
            await send(REFUSAL)
        raise failure

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        sent.append(message)

    trap = FailureTrap(app)
    anyio.run(trap, {"type": "lifespan"}, receive, send)
    return trap
