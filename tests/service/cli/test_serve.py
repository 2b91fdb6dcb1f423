"""Tests of `digitserve serve`, most with a process of its own."""

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from service.cli.serve import FailureTrap
from service.errors import BundleError
from service.settings import Settings
from tests.service.cli.conftest import draw_seven

REFUSAL: Message = {"type": "lifespan.startup.failed", "message": "Traceback ..."}
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


def start(failure: Exception, sent: list[Message]) -> FailureTrap:
    """Start an application that fails as Starlette does; collect what the trap sends."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(REFUSAL)
        raise failure

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        sent.append(message)

    trap = FailureTrap(app)
    anyio.run(trap, {"type": "lifespan"}, receive, send)
    return trap
