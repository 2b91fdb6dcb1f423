"""What a real service does under more than it can do, and with clients that are slow or leave."""

import contextlib
import re
import select
import socket
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.service.cli.conftest import draw_seven
from tests.service.cli.faulty_service import serving
from tests.service.labelled_data.files import make_zip

pytestmark = pytest.mark.integration

HEAD = b"POST /predict HTTP/1.1\r\nhost: x\r\n"
SEVEN = draw_seven()
LABELLED = make_zip({"7/a.png": SEVEN})


@pytest.fixture
def hang(tmp_path: Path) -> Path:
    """A file that hangs the engine while it is there; it is not there yet."""
    return tmp_path / "hang"


def _send(port: int, request: bytes) -> socket.socket:
    """Open a connection and send a request, or what there is of it."""
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    client.sendall(request)
    return client


def _upload(image: bytes = SEVEN, *headers: bytes) -> bytes:
    """Write an upload as it goes over the wire."""
    lines = [b"content-length: %d" % len(image), *headers]
    return HEAD + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + image


def _answers_within(client: socket.socket, seconds: float) -> bool:
    """Tell whether an answer comes, or the connection is closed, within a time."""
    return bool(select.select([client], [], [], seconds)[0])


class TestTooMuch:
    """More than the service can do."""

    def test_refusals(self) -> None:
        """What finds no room is refused while others are in work; each is answered, and health too."""
        with (
            serving(FAULT_DELAY_MS="300", DIGITSERVE_MAX_WAITING="3") as (_, port),
            ExitStack() as stack,
        ):
            clients = [stack.enter_context(_send(port, _upload())) for _ in range(12)]
            health = httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=30)
            answers = [client.recv(65536) for client in clients]

        statuses = Counter(answer.split(b" ", 2)[1] for answer in answers)
        refused = [answer for answer in answers if b" 503 " in answer]
        assert statuses[b"200"] >= 3
        assert statuses[b"200"] + statuses[b"503"] == 12
        assert refused
        assert all(re.search(rb"retry-after: [1-9]", answer) for answer in refused)
        assert health.status_code == 200

    def test_time_that_runs_out(self, hang: Path) -> None:
        """A client is told soon after its deadline, even while the engine hangs, and finds room again."""
        with serving(FAULT_HANG=str(hang), FAULT_DELAY_MS="2", DIGITSERVE_MAX_WAITING="2") as (
            _,
            port,
        ):
            hang.touch()
            headers = {"x-request-timeout-ms": "500"}
            started = time.monotonic()
            answers = [
                httpx.post(
                    f"http://127.0.0.1:{port}/predict", content=SEVEN, headers=headers, timeout=20
                )
                for _ in range(3)
            ]
            took_s = time.monotonic() - started

        assert [answer.status_code for answer in answers] == [503] * 3
        assert answers[2].json()["type"].endswith("deadline-passed")
        assert took_s < 3 * 3

    def test_client_that_leaves(self, hang: Path) -> None:
        """It frees its place at once, whatever the engine does."""
        with serving(
            FAULT_DELAY_MS="300",
            FAULT_HANG=str(hang),
            DIGITSERVE_MAX_WAITING="3",
            DIGITSERVE_WATCHDOG_TIMEOUT_S="0",
        ) as (_, port):
            hang.touch()
            clients = [_send(port, _upload()) for _ in range(6)]
            while not _is_refused(port):  # until the places are taken by those who wait
                pass
            for client in clients:
                client.close()
            while _is_refused(port):
                pass
            hang.unlink()

            assert httpx.post(f"http://127.0.0.1:{port}/predict", content=SEVEN).status_code == 200

    def test_evaluations(self, hang: Path) -> None:
        """One runs, others are refused; uploads go on, and leaving makes room for the next."""
        with (
            serving(FAULT_HANG=str(hang), DIGITSERVE_WATCHDOG_TIMEOUT_S="0") as (_, port),
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
        ):
            hang.touch()
            evaluation = _upload(LABELLED).replace(b"/predict", b"/evaluate", 1)
            running = _send(port, evaluation)
            while not (refusal := _ask_briefly(port, evaluation)):
                pass
            predicted = client.post("/predict", content=SEVEN)
            running.close()
            while _ask_briefly(port, evaluation):
                pass
            hang.unlink()
            evaluated = client.post("/evaluate", content=LABELLED)

        assert refusal.startswith(b"HTTP/1.1 503")
        assert (predicted.status_code, evaluated.status_code) == (200, 200)


class TestSlowClients:
    """Clients that send slowly, or nothing."""

    @pytest.mark.parametrize(
        ("sent", "status"),
        [
            (b"", b""),
            (HEAD, b""),
            (HEAD + b"content-length: 9\r\n\r\nhalf", b"HTTP/1.1 408"),
            (b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n" + HEAD, b"HTTP/1.1 200"),
        ],
        ids=["nothing", "half a head", "half a body", "half of a second head"],
    )
    def test_is_let_go(self, sent: bytes, status: bytes) -> None:
        """After a bound its connection ends, with an answer where there is a request to answer."""
        with serving(DIGITSERVE_HEAD_TIMEOUT_S="1", DIGITSERVE_BODY_TIMEOUT_S="1") as (_, port):
            client = _send(port, sent)
            answer = _read_to_end(client)

        assert answer.startswith(status)
        assert bool(answer) == bool(status)

    def test_reader_that_stops(self) -> None:
        """A client that does not read its answers is let go after the bound, and counted."""
        files = 8 * b"GET /static/viewer/swagger-ui-bundle.js HTTP/1.1\r\nhost: x\r\n\r\n"
        with (
            serving(DIGITSERVE_HEAD_TIMEOUT_S="1") as (_, port),
            socket.socket() as client,
        ):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", port))
            client.sendall(files)
            _wait_for_ends(port, "stalled")
            client.settimeout(30)
            num_bytes = len(_read_to_end(client))

        assert 0 < num_bytes < 8 * 1_700_000

    def test_ends_are_counted(self) -> None:
        """The metrics tell why connections were ended."""
        with serving(DIGITSERVE_HEAD_TIMEOUT_S="1") as (_, port), ExitStack() as stack:
            for sent in (
                b"nonsense\r\n\r\n",
                b"x: y\r\n",
                b"GET / HTTP/1.1\r\nx: " + 70_000 * b"y",
            ):
                stack.enter_context(_send(port, sent))
            stack.enter_context(_send(port, 20 * b"GET /a HTTP/1.1\r\n\r\n"))
            stack.enter_context(_send(port, HEAD))
            for reason in ("malformed", "head_too_large", "pipelined", "stalled"):
                _wait_for_ends(port, reason)

    def test_costs_nobody_else(self) -> None:
        """A hundred of them, more than there are places, keep no upload out."""
        with serving(DIGITSERVE_MAX_WAITING="3") as (_, port), ExitStack() as stack:
            for sent in [HEAD, _upload()[:-1]] * 50:
                stack.enter_context(_send(port, sent))
            answer = httpx.post(f"http://127.0.0.1:{port}/predict", content=SEVEN, timeout=30)

        assert answer.status_code == 200


class TestRefusedBody:
    """Bodies that are refused before they have come."""

    @pytest.mark.parametrize("header", [b"connection: close", b"connection: keep-alive"])
    @pytest.mark.parametrize("path", [b"/predict", b"/predict/batch", b"/nowhere"])
    def test_is_readable(self, path: bytes, header: bytes) -> None:
        """A client that reads nothing until it has sent all its 8 MB can read the refusal."""
        request = _upload(bytes(8_000_000), header).replace(b"/predict", path, 1)
        limits = {"DIGITSERVE_MAX_UPLOAD_BYTES": "1000", "DIGITSERVE_MAX_BATCH_BYTES": "1000"}
        with serving(**limits) as (_, port), _send(port, request) as client:
            answer = client.recv(65536)

        assert answer.split(b" ", 2)[1] == (b"404" if path == b"/nowhere" else b"413")


def _wait_for_ends(port: int, reason: str) -> None:
    """Wait until the service has ended a connection for a reason."""
    deadline = time.monotonic() + 60
    sample = rf'digitserve_connections_ended_total{{reason="{reason}"}} [1-9]'
    while not re.search(sample, httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _is_refused(port: int) -> bool:
    """Tell whether an upload finds no room; one that is let in leaves again."""
    return _ask_briefly(port, _upload()).startswith(b"HTTP/1.1 503")


def _ask_briefly(port: int, request: bytes) -> bytes:
    """Send a request; return its answer, or nothing if none comes within a second."""
    with _send(port, request) as client:
        return client.recv(65536) if _answers_within(client, 1) else b""


def _read_to_end(client: socket.socket) -> bytes:
    """Read until the server closes or resets the connection."""
    received = b""
    with client, contextlib.suppress(ConnectionResetError):
        while piece := client.recv(65536):
            received += piece
    return received
