"""What `digitserve serve` does between the signal to stop and its end."""

import asyncio
import errno
import functools
import math
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import AsyncMock, Mock

import httpx
import pytest
import uvicorn
from uvicorn.server import ServerState

from service.cli import servers, supervisor, worker_process
from service.resources import Lifecycle
from service.settings import Settings
from tests.service.cli.conftest import draw_seven
from tests.service.cli.processes import (
    COMMAND,
    kill_group,
    wait_for_end,
    wait_for_workers,
    wait_until_all_serve,
)


@pytest.mark.integration
class TestStop:
    """Of a stop by SIGTERM."""

    @pytest.mark.parametrize("num_workers", ["1", "2"])
    def test_what_clients_have_sent_is_answered(self, num_workers: str) -> None:
        """A hundred requests that the server has not even read are answered, and the code is 0."""
        request = _request(draw_seven())
        with _serving(num_workers) as (process, port):
            clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
            for client in clients:
                client.sendall(request)
            process.send_signal(signal.SIGTERM)
            answers = [_read(client) for client in clients]
            code = process.wait(30)

        assert [answer.partition(b"\r\n")[0] for answer in answers] == [b"HTTP/1.1 200 OK"] * 100
        assert all(b'"class":7' in answer for answer in answers)
        assert code == 0

    def test_not_ready_while_a_request_is_in_work(self) -> None:
        """Told to stop, it is not ready, but finishes the upload that is coming, and keeps no connection."""
        request = _request(draw_seven())
        with (
            _serving("1") as (process, port),
            socket.create_connection(("127.0.0.1", port)) as client,
        ):
            client.sendall(request[:-1])
            process.send_signal(signal.SIGTERM)
            statuses = {httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=60).status_code}
            while 503 not in statuses:
                statuses.add(
                    httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=60).status_code
                )
            health = httpx.get(f"http://127.0.0.1:{port}/health", timeout=60)
            client.sendall(request[-1:])
            answer = _read(client)
            code = process.wait(30)

        assert (health.json()["alive"], health.json()["ready"]) == (True, False)
        assert health.headers["connection"] == "close"
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert code == 0

    def test_a_client_that_never_ends_is_left(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Draining has a bound."""
        monkeypatch.setenv("DIGITSERVE_DRAIN_TIMEOUT_S", "1")
        with (
            _serving("1") as (process, port),
            socket.create_connection(("127.0.0.1", port)) as client,
        ):
            client.sendall(_request(draw_seven())[:-1])
            process.send_signal(signal.SIGTERM)

            assert process.wait(30) == 0

    @pytest.mark.parametrize("num_workers", ["1", "2"])
    def test_late_clients_are_refused(
        self, num_workers: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever connects is answered as long as connections are taken, then refused; nobody waits to be reset."""
        monkeypatch.setenv("DIGITSERVE_DRAIN_TIMEOUT_S", "1")
        with (
            _serving(num_workers) as (process, port),
            socket.create_connection(("127.0.0.1", port)) as client,
        ):
            client.sendall(_request(draw_seven())[:-1])  # keeps a worker for a second more
            process.send_signal(signal.SIGTERM)
            end = time.monotonic() + 30
            while _is_answered(port):
                assert time.monotonic() < end

            assert process.wait(30) == 0


@pytest.mark.integration
class TestKilledSupervisor:
    """Of workers whose supervisor can tell them nothing any more."""

    def test_workers_end(self, capfd: pytest.CaptureFixture[str]) -> None:
        """They answer what was in work, say why they end, and leave the port to another service."""
        request = _request(draw_seven())
        with (
            _serving("2") as (process, port),
            socket.create_connection(("127.0.0.1", port)) as client,
        ):
            client.sendall(request[:-1])
            workers = wait_for_workers(process.pid, 2)
            wait_until_all_serve(port, 2)
            process.kill()
            wait_for_end(workers, but=1)  # the other has the request
            client.sendall(request[-1:])
            answer = _read(client)
            wait_for_end(workers)
            with _serving("2", str(port)):
                again = httpx.post(
                    f"http://127.0.0.1:{port}/predict", content=draw_seven(), timeout=60
                )

        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert again.json()["class"] == 7
        assert capfd.readouterr().err.count("The supervisor is gone.") == 2


@contextmanager
def _serving(num_workers: str, port: str = "0") -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run the service, and give its process and port."""
    command = [*COMMAND, port, "--workers", num_workers]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        try:
            [taken] = re.findall(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())
            if num_workers != "1":
                wait_for_workers(process.pid, int(num_workers))
            yield process, int(taken)
        finally:
            kill_group(process)


def _is_answered(port: int) -> bool:
    """Connect and ask; tell whether there was an answer, or else the connection was refused."""
    try:
        httpx.get(f"http://127.0.0.1:{port}/health", timeout=60).raise_for_status()
    except httpx.ConnectError:
        return False
    return True


def _request(image: bytes) -> bytes:
    """Write an upload as it goes over the wire."""
    head = f"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: {len(image)}\r\n\r\n"
    return head.encode() + image


def _read(client: socket.socket) -> bytes:
    """Read until the server closes the connection."""
    with client:
        client.settimeout(30)
        return b"".join(iter(functools.partial(client.recv, 65536), b""))


def test_worker_has_a_server_that_drains() -> None:
    """One, which the supervisor's questions are answered by."""
    worker = worker_process.Worker(uvicorn.Config("unused", log_config=None), [])

    assert isinstance(worker.server, servers.Server)
    assert worker.server is worker.server


@pytest.mark.parametrize(
    ("server", "is_shared"),
    [
        (servers.OnlyServer(uvicorn.Config("unused", log_config=None), Settings()), False),
        (servers.SharingServer(uvicorn.Config("unused", log_config=None), 1), True),
    ],
    ids=["only", "sharing"],
)
def test_workers_alone_share(
    server: servers.Server, is_shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections are left to others where there are others."""
    acceptor = Mock()
    monkeypatch.setattr(servers, "Acceptor", acceptor)
    monkeypatch.setattr(servers, "announce", Mock())
    monkeypatch.setattr(uvicorn.Server, "startup", AsyncMock())
    server.lifespan, server.servers = Mock(state={}), []
    server.config = Mock()

    asyncio.run(server.startup([Mock(), Mock()]))

    assert [call.kwargs["is_shared"] for call in acceptor.call_args_list] == [is_shared] * 2
    assert len(server.servers) == 2
    assert server.started


@pytest.mark.parametrize("has_ended", [False, True])
def test_worker_stops_without_supervisor(
    has_ended: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The end of its supervisor is the end of its server, and told."""
    monkeypatch.setattr(servers.Server, "on_tick", AsyncMock())
    supervisor_id = os.getpid() if has_ended else os.getppid()
    server = servers.SharingServer(uvicorn.Config("unused", log_config=None), supervisor_id)

    asyncio.run(server.on_tick(1))

    assert server.should_exit == has_ended
    assert ("The supervisor is gone." in caplog.text) == has_ended


@pytest.mark.usefixtures("_restored_signals")
def test_no_room_for_a_worker(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A supervisor that cannot replace a worker now does so at a later look."""
    config = uvicorn.Config("unused", log_config=None, workers=2)
    supervising = supervisor.Supervisor(config, [Mock()], Settings())
    ended = Mock(is_alive=Mock(return_value=False), exitcode=-9)
    supervising.processes, supervising.signal_queue = [ended], [signal.SIGHUP]
    start = Mock(side_effect=[BlockingIOError(errno.EAGAIN, "No room"), OSError(0, "Again"), None])
    monkeypatch.setattr(worker_process.Worker, "start", start)

    supervising.handle_signals()
    supervising.keep_subprocess_alive()
    kept = supervising.processes[:]
    supervising.keep_subprocess_alive()

    assert kept == [ended]
    assert [type(worker) for worker in supervising.processes] == [worker_process.Worker]
    assert caplog.messages[:2] == [
        "No worker can be started now: No room.",
        "No worker can be started now: Again.",
    ]


def test_worker_may_start_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rolling restart waits for a new worker for longer than for a sign of life, unless it has to end."""
    worker, should_exit = (
        worker_process.Worker(uvicorn.Config("unused", log_config=None), []),
        threading.Event(),
    )
    waits: list[tuple[float, threading.Event | None]] = []

    def wait(
        _worker: worker_process.Worker, timeout: float, should_exit: threading.Event | None
    ) -> bool:
        waits.append((timeout, should_exit))
        return True

    monkeypatch.setattr(worker_process.Worker.__base__, "wait_until_ready", wait)
    worker.wait_until_ready(5, should_exit)
    worker.wait_until_ready(math.inf)

    assert waits == [(worker_process.START_TIMEOUT_S, should_exit), (math.inf, None)]


class _EndlessRequests(ServerState):
    """Of a server that has answered one more request whenever one looks, while it takes connections."""

    def __init__(self, takes_connections: Callable[[], bool]) -> None:
        self._takes_connections = takes_connections
        self._num_requests = 0
        super().__init__()

    @property
    def total_requests(self) -> int:
        """How many requests were answered."""
        self._num_requests += self._takes_connections()
        return self._num_requests

    @total_requests.setter
    def total_requests(self, _: int) -> None:
        """Leave the number."""


def test_takes_no_more_connections_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where requests never cease, it leaves new connections to others, and answers those that it has."""
    server = servers.Server(uvicorn.Config("unused", log_config=None, timeout_graceful_shutdown=1))
    listener = Mock()
    server.servers = [listener]
    server.server_state = _EndlessRequests(lambda: not listener.close.called)
    server.lifespan = Mock(state={"resources": Mock(lifecycle=Lifecycle())})
    ends: list[bool] = []

    async def end(_server: uvicorn.Server, _sockets: object) -> None:
        ends.append(listener.close.called)

    monkeypatch.setattr(uvicorn.Server, "shutdown", end)
    asyncio.run(server.shutdown())

    assert ends == [True]


class _LateRequest(ServerState):
    """Of a quiet server, on which a connection taken in the last moment sends its request a little later."""

    def __init__(self, takes_connections: Callable[[], bool]) -> None:
        self._takes_connections = takes_connections
        self._num_looks = 0  # since no more connections were taken
        super().__init__()

    @property
    def total_requests(self) -> int:
        """How many requests were answered; the late one after two looks."""
        self._num_looks += not self._takes_connections()
        return int(self._num_looks > 2)

    @total_requests.setter
    def total_requests(self, _: int) -> None:
        """Leave the number."""


def test_serves_who_connected_in_the_last_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that was taken and not read yet is served before connections are closed."""
    server = servers.Server(uvicorn.Config("unused", log_config=None, timeout_graceful_shutdown=1))
    listener = Mock()
    server.servers = [listener]
    server.server_state = _LateRequest(lambda: not listener.close.called)
    server.lifespan = Mock(state={"resources": Mock(lifecycle=Lifecycle())})
    served: list[int] = []

    async def end(_server: uvicorn.Server, _sockets: object) -> None:
        served.append(server.server_state.total_requests)

    monkeypatch.setattr(uvicorn.Server, "shutdown", end)
    asyncio.run(server.shutdown())

    assert served == [1]
