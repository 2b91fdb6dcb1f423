"""Tests of `digitserve serve`, most with a process of its own."""

import contextlib
import functools
import json
import logging
import logging.config
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx
import pytest
import uvicorn
from starlette.types import Message, Receive, Scope, Send

from service.app import create_app
from service.cli import hosting, main
from service.cli.addresses import bound
from service.cli.connections import Connection
from service.cli.failure_trap import FailureTrap
from service.cli.hosting import choose_num_workers
from service.cli.servers import SharingServer
from service.cli.supervisor import Supervisor
from service.errors import BundleError
from service.settings import Settings
from service.telemetry.logs import configure_log
from tests.bundles import copy_bundle
from tests.hostile_pictures import hostile_pictures
from tests.service.cli.conftest import draw_seven
from tests.service.cli.processes import COMMAND, wait_for_workers

REFUSAL: Message = {"type": "lifespan.startup.failed", "message": "Traceback ..."}
LOGGERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "digitserve", "PIL")


@pytest.mark.integration
class TestStart:
    """Of a start that succeeds."""

    def test_says_how_to_use_it(self) -> None:
        """It prints its URL and a curl line; the URL answers, without naming its server; Ctrl+C ends it with code 0."""
        with subprocess.Popen([*COMMAND, "0"], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                headline, example = process.stdout.readline(), process.stdout.readline()
                [url] = re.findall(r"http://127\.0\.0\.1:\d+", headline)
                answer = httpx.post(f"{url}/predict", content=draw_seven(), timeout=60)
            finally:
                process.send_signal(signal.SIGINT)
            code = process.wait(20)

        assert example == f"  curl -F file=@docs/images/seven.png {url}/predict\n"
        assert answer.json()["class"] == 7
        assert "server" not in answer.headers  # what answers is nobody's matter
        assert code == 0

    def test_log_has_one_line_a_request(self) -> None:
        """A damaged TIFF or form is the client's to know; the log has its request and nothing else."""
        with subprocess.Popen(
            [*COMMAND, "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            try:
                [url] = re.findall(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
                httpx.post(
                    f"{url}/predict", content=hostile_pictures()["tiff-lzw-of-zeros"], timeout=60
                )
                httpx.post(f"{url}/predict", content=b"--x\r\nbad name: x\r\n\r\n\r\n--x--\r\n")
            finally:
                process.send_signal(signal.SIGINT)
            process.stdout.close()
            log = process.stderr.read().splitlines()

        assert [line for line in log if "code not yet in table" in line] == []
        assert [line for line in log if "Found invalid character" in line] == []
        assert re.search(
            r'"id":"\w+","method":"POST","path":"/predict","status":422,"duration_ms":', log[-1]
        )


@pytest.mark.usefixtures("_restored_logging")
class TestWarning:
    """Of a service that strangers reach."""

    @pytest.mark.parametrize(
        ("host", "keys", "is_warned"),
        [
            ("0.0.0.0", "", True),  # noqa: S104 - nothing listens
            ("::", "", True),
            ("example.org", "", True),
            ("0.0.0.0", "key", False),  # noqa: S104 - nothing listens
            ("127.0.0.1", "", False),
            ("localhost", "", False),
        ],
    )
    def test_keys_are_asked_for(
        self,
        host: str,
        keys: str,
        is_warned: bool,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """It says so, loudly, where it listens beyond this machine without keys."""
        monkeypatch.setenv("DIGITSERVE_API_KEYS", keys)
        monkeypatch.setattr(hosting, "bound", lambda _host, _port: contextlib.nullcontext([]))
        monkeypatch.setattr(hosting, "_run_one", lambda *_: 0)
        monkeypatch.setattr(hosting, "_run_many", lambda *_: 0)

        main(["serve", "--host", host, "--port", "0"])

        said = capsys.readouterr().err
        assert ("WITHOUT KEYS" in said) == is_warned
        assert said.count("\n") == is_warned

    @pytest.mark.integration
    def test_workers_know_the_keys(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Workers get the keys' hashes from their supervisor; the log has the requests without their keys."""
        monkeypatch.setenv("DIGITSERVE_API_KEYS", "right-key")
        command = [*COMMAND, "0", "--workers", "2"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            try:
                [url] = re.findall(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
                statuses = [
                    httpx.get(f"{url}/model", headers={"x-api-key": key}).status_code
                    for key in ("wrong-key", "right-key")
                ]
            finally:
                process.send_signal(signal.SIGINT)
            process.stdout.close()
            log = process.stderr.read()

        assert statuses == [401, 200]
        assert sorted(re.findall(r'"path":"/model","status":(\d+)', log)) == ["200", "401"]
        assert "-key" not in log


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

    def test_damaged_newest_version(self, tmp_path: Path) -> None:
        """The version before a damaged one is served; the log says so once, in one line."""
        copy_bundle(tmp_path)
        (copy_bundle(tmp_path, version="2") / "saved_model.pb").unlink()
        command = [*COMMAND, "0", "--models-dir", str(tmp_path)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            try:
                [url] = re.findall(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
                answer = httpx.post(f"{url}/predict", content=draw_seven(), timeout=60).json()
            finally:
                process.send_signal(signal.SIGINT)
            _, log = process.communicate(timeout=20)

        assert answer["model"] == {"name": "digits", "version": "1"}
        [line] = [line for line in log.splitlines() if "digits/2" in line]
        assert json.loads(line)["level"] == "ERROR"
        assert json.loads(line)["message"].startswith("The bundle digits/2 lacks saved_model.pb")
        assert process.returncode == 0

    def test_port_is_taken(self, url: str) -> None:
        """A port where another service listens ends with code 3 and says so."""
        port = url.rpartition(":")[2]

        run = subprocess.run([*COMMAND, port], capture_output=True, text=True, check=False)

        assert run.returncode == 3
        assert "another program listens there" in run.stderr
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

    @pytest.mark.usefixtures("_restored_signals")
    @pytest.mark.parametrize(
        "ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda it: it.name
    )
    def test_serves_until_a_signal(
        self, ending: signal.Signals, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """It answers on its port, says so, and ends with code 0."""
        port, statuses = free_port(), list[int]()
        killer = threading.Thread(target=stop_when_up, args=(port, ending, statuses))
        killer.start()

        code = main(["serve", "--engine", "litert", "--port", str(port)])
        killer.join()

        assert (code, statuses) == (0, [200])
        assert f"digitserve listens on http://127.0.0.1:{port} " in capsys.readouterr().out

    @pytest.mark.usefixtures("_restored_signals")
    def test_signals_that_are_for_workers(self) -> None:
        """One process ignores those that start and end workers, and SIGHUP where nohup has it ignored."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

        hosting.prepare_signals()

        ignored = (signal.SIGHUP, signal.SIGTTIN, signal.SIGTTOU)
        assert [signal.getsignal(each) for each in ignored] == [signal.SIG_IGN] * 3

    def test_decoders_say_nothing(self) -> None:
        """What a library says of a client's file stays out of the log, even what it takes for an error."""
        logging.config.dictConfig(configure_log(Settings().log_format))

        assert not logging.getLogger("PIL.TiffImagePlugin").isEnabledFor(logging.ERROR)

    @pytest.mark.usefixtures("_restored_signals")
    def test_workers(self, capsys: pytest.CaptureFixture[str]) -> None:
        """So it does with workers of which this process is the supervisor."""
        port, statuses = free_port(), list[int]()
        killer = threading.Thread(target=stop_when_up, args=(port, signal.SIGTERM, statuses))
        killer.start()

        code = main(["serve", "--engine", "litert", "--port", str(port), "--workers", "2"])
        killer.join()

        assert (code, statuses) == (0, [200])
        assert capsys.readouterr().out.count("digitserve listens on") == 1

    @pytest.mark.parametrize(("engine", "imported"), [("litert", ["litert"]), ("tensorflow", [])])
    def test_engine_is_imported_before_workers(
        self, engine: str, imported: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Workers share the engine that their supervisor imported; TensorFlow each imports by itself."""
        seen = list[str]()
        monkeypatch.setattr(hosting, "import_engine", seen.append)
        monkeypatch.setattr(Supervisor, "run", lambda _self: None)

        code = main(["serve", "--engine", engine, "--port", "0", "--workers", "2"])

        assert (code, seen) == (0, imported)

    @pytest.mark.usefixtures("_restored_signals")
    def test_workers_that_cannot_start(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """If the first worker cannot start, no other is tried: code 3, and no word that it listens."""
        code = main(["serve", "--port", "0", "--models-dir", str(tmp_path), "--workers", "2"])

        assert code == 3
        assert capsys.readouterr().out == ""

    @pytest.mark.usefixtures("_restored_signals")
    def test_first_worker_that_is_killed(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A first worker that ends in any way before it serves is a failed start."""
        config = uvicorn.Config(
            functools.partial(os._exit, 9), factory=True, port=0, workers=2, log_level="critical"
        )
        with config.bind_socket() as listener:
            supervisor = Supervisor(config, [listener], Settings())
            supervisor.run()

        assert supervisor.has_failed
        assert capsys.readouterr().out == ""

    def test_damaged_bundle(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Our own failure at start-up is one line and code 3."""
        code = main(["serve", "--port", "0", "--models-dir", str(tmp_path)])

        [line] = capsys.readouterr().err.splitlines()
        assert code == 3
        assert line.startswith("digitserve: No model bundle was found under ")

    def test_gpu_is_required(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Without the GPU that the settings demand it does not start: one line and code 3."""
        monkeypatch.setenv("DIGITSERVE_REQUIRE_GPU", "1")

        code = main(["serve", "--engine", "litert", "--port", "0"])

        [line] = capsys.readouterr().err.splitlines()
        assert code == 3
        assert line.startswith("digitserve: A GPU is required, and the model digits runs on ")

    @pytest.mark.parametrize("workers", ["1", "2"])
    def test_port_is_taken(
        self, workers: str, url: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A port that is taken is one line that says what to do, and code 3, before anything is loaded."""
        port = url.rpartition(":")[2]

        code = main(["serve", "--port", port, "--workers", workers, "--models-dir", "/nothing"])

        assert code == 3
        assert capsys.readouterr().err == (
            f"digitserve: It cannot listen on 127.0.0.1, port {port}: another program listens there. "
            "Stop that one, or choose a port that is free by --port.\n"
        )

    @pytest.mark.usefixtures("_restored_signals")
    @pytest.mark.parametrize("workers", ["1", "2"])
    def test_port_is_taken_meanwhile(
        self, workers: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """Where another program begins to listen while models are loaded, the start fails with a line, and code 3."""
        with bound("127.0.0.1", 0) as listeners:
            port = listeners[0].getsockname()[1]
            with bound("127.0.0.1", port) as [other]:
                other.listen()
                monkeypatch.setattr(hosting, "bound", lambda *_: contextlib.nullcontext(listeners))

                code = main(["serve", "--engine", "litert", "--port", "0", "--workers", workers])

        assert code == 3
        captured = capfd.readouterr()
        assert "It cannot listen: Address already in use." in captured.err + captured.out
        assert "Traceback" not in captured.err + captured.out
        assert "digitserve listens on" not in captured.out


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
            statuses.append(
                httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=60).status_code
            )
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            os.kill(os.getpid(), ending)


@pytest.mark.integration
class TestWorkers:
    """Of several workers."""

    def test_share_a_port(self) -> None:
        """It says once how to use it, every worker is healthy and right, and Ctrl+C ends all."""
        command = [*COMMAND, "0", "--workers", "2"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                [url] = re.findall(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
                example = process.stdout.readline()
                workers = wait_for_workers(process.pid, 2)
                health = [httpx.get(f"{url}/health", timeout=60).json()["ready"] for _ in range(20)]
                answer = httpx.post(f"{url}/predict", content=draw_seven(), timeout=60).json()
            finally:
                process.send_signal(signal.SIGINT)
            left = process.stdout.read()
            code = process.wait(20)

        assert health == [True] * 20
        assert answer["class"] == 7
        assert example.startswith("  curl -F file=@")
        assert (code, left) == (0, "")
        assert [worker for worker in workers if Path(f"/proc/{worker}").exists()] == []

    def test_a_worker_that_dies_is_started_anew(self) -> None:
        """A worker that is killed has a successor, and the service goes on."""
        command = [*COMMAND, "0", "--workers", "2"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                [url] = re.findall(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
                killed, kept = wait_for_workers(process.pid, 2)
                os.kill(killed, signal.SIGKILL)
                after = wait_for_workers(process.pid, 2, without=killed)
                answer = httpx.post(f"{url}/predict", content=draw_seven(), timeout=60).json()
            finally:
                process.send_signal(signal.SIGTERM)
            process.wait(20)

        assert kept in after
        assert answer["class"] == 7

    def test_damaged_bundle(self, tmp_path: Path) -> None:
        """What is wrong with a bundle is said once, in one line, with code 3."""
        shutil.copytree(Settings().models_dir / "digits/1", tmp_path / "digits/1")
        (tmp_path / "digits/1/assets.extra/model.tflite").write_bytes(b"damaged")

        run = subprocess.run(
            [*COMMAND, "0", "--models-dir", tmp_path, "--workers", "3"],
            capture_output=True,
            text=True,
            check=False,
        )

        assert run.returncode == 3
        assert run.stdout == ""
        assert [line for line in run.stderr.splitlines() if "model.tflite" in line] == [
            run.stderr.strip()
        ]

    def test_later_worker_that_cannot_start(self, tmp_path: Path) -> None:
        """The others serve on, it is tried again until it can start, and the end is a good one."""
        copy_bundle(tmp_path / "models")
        command = [*COMMAND, "0", "--models-dir", str(tmp_path / "models"), "--workers", "2"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            [url] = re.findall(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            _until_both_serve(url)
            killed, kept = wait_for_workers(process.pid, 2)
            (tmp_path / "models").rename(tmp_path / "elsewhere")
            os.kill(killed, signal.SIGKILL)
            assert process.stderr is not None
            for line in process.stderr:
                if "A worker could not start" in line:
                    break
            answer = httpx.post(f"{url}/predict", content=draw_seven(), timeout=60).json()
            (tmp_path / "elsewhere").rename(tmp_path / "models")
            _until_both_serve(url)
            after = wait_for_workers(process.pid, 2)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)

        assert answer["class"] == 7
        assert (kept in after, killed in after) == (True, False)
        assert process.returncode == 0


def _until_both_serve(url: str) -> None:
    """Wait until two workers follow the version that is served."""
    deadline = time.monotonic() + 60
    while httpx.post(f"{url}/model/reload?version=1", timeout=60).json()["workers"] != 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)


class TestChooseNumWorkers:
    """Of `choose_num_workers`."""

    @pytest.fixture(autouse=True)
    def _machine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A machine where six fit."""
        monkeypatch.setattr(hosting, "num_workers_that_fit", lambda: 6)

    @pytest.mark.parametrize(
        ("host", "num_workers"),
        [
            ("127.0.0.1", 1),
            ("::1", 1),
            ("localhost", 1),
            ("0.0.0.0", 6),  # noqa: S104 - nothing listens
            ("digits.example", 6),
        ],
    )
    def test_auto(self, host: str, num_workers: int) -> None:
        """One on a loopback address, else as many as fit."""
        assert choose_num_workers(Settings(engine="litert"), host) == num_workers

    def test_tensorflow(self) -> None:
        """One with TensorFlow, which uses every core by itself."""
        assert choose_num_workers(Settings(engine="tensorflow"), "digits.example") == 1

    @pytest.mark.parametrize("host", ["127.0.0.1", "digits.example"])
    def test_a_number_is_kept(self, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A number is what was meant, wherever it listens."""
        monkeypatch.setenv("DIGITSERVE_WORKERS", "3")

        assert choose_num_workers(Settings(), host) == 3

    @pytest.mark.parametrize("value", ["0", "many"])
    def test_nonsense(self, value: str, capsys: pytest.CaptureFixture[str]) -> None:
        """A number that makes no sense ends with code 2 and the setting's name."""
        assert main(["serve", "--workers", value]) == 2
        assert "DIGITSERVE_WORKERS: Input should be " in capsys.readouterr().err


class TestSharingServer:
    """Of `SharingServer`, in a thread of this process."""

    def test_answers_on_the_shared_socket(self) -> None:
        """What the acceptor takes is served as by any server, until it is told to stop."""
        config = uvicorn.Config(
            create_app(Settings()), http=Connection, log_config=None, lifespan="on"
        )
        server = SharingServer(config, os.getppid())
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            thread = threading.Thread(target=server.run, args=([listener],))
            port = listener.getsockname()[1]
            thread.start()
            deadline = time.monotonic() + 20
            while not server.started and time.monotonic() < deadline:
                time.sleep(0.02)

            statuses = [
                httpx.get(f"http://127.0.0.1:{port}/health/live", timeout=60).status_code
                for _ in range(3)
            ]

            server.should_exit = True
            thread.join(20)
        assert statuses == [200] * 3
        assert not thread.is_alive()


class TestFailureTrap:
    """Of `FailureTrap`."""

    def test_explains_our_failure(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A bundle's failure is one line, and the server gets no traceback to log."""
        sent: list[Message] = []

        start(BundleError("The bundle is damaged."), sent)

        assert capsys.readouterr().err == "digitserve: The bundle is damaged.\n"
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


def start(failure: Exception, sent: list[Message], *, refuses: bool = True) -> None:
    """Start an application that fails as Starlette does; collect what the trap sends."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        if refuses:
            await send(REFUSAL)
        raise failure

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        sent.append(message)

    anyio.run(FailureTrap(app), {"type": "lifespan"}, receive, send)
