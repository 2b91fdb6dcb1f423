"""A process whose engine hangs, ended."""

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import httpx
import pytest
import uvicorn

from service.cli import watchdog
from service.cli.servers import TICKS, Server
from service.cli.watchdog import Watchdog
from service.intake.body_memory import BodyMemory
from service.settings import Settings
from tests.service.cli.faulty_service import serving
from tests.service.cli.processes import wait_for_workers


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Codes that the watchdog would have ended this process with; it looks a hundred times a second."""
    codes: list[int] = []
    monkeypatch.setattr(watchdog, "INTERVAL_S", 0.01)
    monkeypatch.setattr("os._exit", codes.append)
    monkeypatch.setattr("faulthandler.dump_traceback", lambda _file: None)
    return codes


def _until(is_so: Callable[[], object]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


class TestServer:
    """`Server.on_tick`."""

    @pytest.mark.parametrize(("is_working", "num_beats"), [(True, 1), (False, 0)])
    def test_beats_while_it_works(self, is_working: bool, num_beats: int) -> None:
        """Once a second the watchdog hears of a process whose models and decoders work, and of no other."""
        resources = SimpleNamespace(
            is_working=is_working, settings=Settings(), body_memory=BodyMemory(1)
        )
        config = uvicorn.Config(lambda: None, log_config=None, lifespan="off")
        config.encoded_headers = []
        server = Server(config)
        server.lifespan = SimpleNamespace(state={"resources": resources})
        beats: list[None] = []
        server._watchdog = SimpleNamespace(beat=lambda: beats.append(None))  # type: ignore[assignment]

        for counter in range(1, TICKS + 1):
            assert asyncio.run(server.on_tick(counter)) is False

        assert len(beats) == num_beats


class TestWatchdog:
    """`Watchdog`."""

    def test_silence(self, ends: list[int]) -> None:
        """A process that it hears nothing of is ended, with a code that is no failed start's."""
        dog = Watchdog(1)
        dog.start()

        _until(lambda: ends)
        dog.stop()
        dog._thread.join()  # while what it calls is not the real end

        assert ends[0] == 1

    def test_looks_since_the_last_beat(self, ends: list[int]) -> None:
        """A beat begins the time anew, and may allow more than usual."""
        dog = Watchdog(1)

        for _ in range(3):
            dog.look()
            dog.beat()
        dog.beat(allow_s=0.05)
        for _ in range(104):
            dog.look()

        assert not ends
        dog.look()
        assert ends == [1]

    def test_off(self, ends: list[int]) -> None:
        """With a bound of 0 it does nothing, and can be stopped all the same."""
        dog = Watchdog(0)

        dog.start()
        dog.stop()

        assert not ends

    def test_stacks(self) -> None:
        """Its last words are where every thread was, also where it is alone to see that the loop hangs."""
        program = (
            "import time\n"
            "from service.cli.watchdog import Watchdog\n"
            "Watchdog(1).start()\n"
            "def hang():\n    time.sleep(60)\n"
            "hang()\n"
        )

        ended = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=50
        )

        assert ended.returncode == 1
        assert "has hung for 1 s" in ended.stderr
        assert re.search(r"line 5 in hang\n.*line 6 in <module>", ended.stderr)

    def test_nobody_reads(self) -> None:
        """Where nobody takes its last words, and what hangs holds the lock of the log, it ends all the same."""
        program = (
            "import logging, os, sys, time\n"
            "from service.cli.watchdog import Watchdog\n"
            "handler = logging.StreamHandler()\n"
            "logging.getLogger('digitserve').addHandler(handler)\n"
            "os.set_blocking(2, False)\n"
            "try:\n    while True: os.write(2, bytes(65536))\n"
            "except BlockingIOError: os.set_blocking(2, True)\n"
            "Watchdog(1).start()\n"
            "with handler.lock: time.sleep(60)\n"
        )

        with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) as process:
            code = process.wait(50)

        assert code == 1

    def test_no_thread_can_be_started(
        self, ends: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It ends without one that looks after its last words."""
        monkeypatch.setattr("threading.Timer.start", Mock(side_effect=RuntimeError))
        monkeypatch.setattr(watchdog, "INTERVAL_S", 1.0)

        Watchdog(1).look()

        assert ends == [1]


@pytest.mark.integration
class TestHang:
    """A real service whose engine comes to hang."""

    def test_only_process(self, tmp_path: Path) -> None:
        """It answers that it lives and is not ready, and ends within a bound, not with 0."""
        hang = tmp_path / "hang"
        with serving(FAULT_HANG=str(hang), DIGITSERVE_WATCHDOG_TIMEOUT_S="8") as (process, port):
            hang.touch()
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                _until(lambda: client.get("/health/ready").status_code == 503)
                alive = client.get("/health/live").status_code
            code = process.wait(60)

        assert (alive, code) == (200, 1)

    def test_worker(self, tmp_path: Path) -> None:
        """It is replaced by one that answers."""
        hang = tmp_path / "hang"
        with serving("--workers", "2", FAULT_HANG=str(hang), DIGITSERVE_WATCHDOG_TIMEOUT_S="3") as (
            process,
            port,
        ):
            before = wait_for_workers(process.pid, 2)
            hang.touch()
            _until(lambda: not all(Path(f"/proc/{worker}").exists() for worker in before))
            hang.unlink()
            _until(lambda: _is_ready(port))

            assert wait_for_workers(process.pid, 2) != before


def _is_ready(port: int) -> bool:
    """Tell whether the service is ready; a worker that ends may take the question with it."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=30)
    except httpx.TransportError:
        return False
    return answer.status_code == 200
