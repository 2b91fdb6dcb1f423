"""What no HTTP client sends, over raw sockets: it is refused or ends its connection, and nobody else's."""

import contextlib
import json
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.cli.bounded_protocol import MAX_BYTES_WITHOUT_BODY, MAX_PIPELINED
from tests.service.cli.conftest import draw_seven
from tests.service.cli.processes import COMMAND

pytestmark = pytest.mark.integration

SEVEN = draw_seven()
READ_BYTES = (
    256 * 1024
)  # the most that the server takes at once; what it has not seen whole, it counts
NO_END = 4 * READ_BYTES


def _post(*headers: bytes, body: bytes = b"", line: bytes = b"POST /predict HTTP/1.1") -> bytes:
    """Write an upload that asks to close the connection."""
    return b"\r\n".join([line, b"host: x", b"connection: close", *headers, b"", body])


def _length(num_bytes: int) -> bytes:
    """Write the header that announces a body."""
    return b"content-length: %d" % num_bytes


WHOLE = _post(_length(len(SEVEN)), body=SEVEN)
KEPT = WHOLE.replace(b"connection: close\r\n", b"")
LIVE = b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n"
CHUNKED = b"transfer-encoding: chunked"
CHUNK = b"%x\r\n%s\r\n" % (len(SEVEN), SEVEN)

# By name: what is sent, and the statuses that come back before the connection ends.
REQUESTS: dict[str, tuple[bytes, list[int]]] = {
    "a good one": (WHOLE, [200]),
    "good chunks": (_post(CHUNKED, body=CHUNK + b"0\r\n\r\n"), [200]),
    "a chunk of no number": (_post(CHUNKED, body=b"zz\r\nabc\r\n0\r\n\r\n"), [400]),
    "a chunk of less than nothing": (_post(CHUNKED, body=b"-5\r\nabc\r\n0\r\n\r\n"), [400]),
    "a chunk of 2^72 bytes": (_post(CHUNKED, body=b"f" * 18 + b"\r\nabc\r\n0\r\n\r\n"), [400]),
    "a chunk longer than it says": (_post(CHUNKED, body=b"3\r\nabcdef\r\n0\r\n\r\n"), [400]),
    "chunks that begin without end": (_post(CHUNKED, body=b"3;" + b"x" * NO_END), [431]),
    "headers behind chunks without end": (
        _post(CHUNKED, body=CHUNK + b"0\r\n" + b"x: y\r\n" * NO_END),
        [431],
    ),
    "chunks and a length": (_post(CHUNKED, _length(3), body=b"3\r\nabc\r\n0\r\n\r\n"), [400]),
    "another transfer coding": (_post(b"transfer-encoding: gzip", body=b"abc"), [400]),
    "chunks in chunks": (_post(b"transfer-encoding: chunked, chunked"), [400]),
    "a negative length": (_post(b"content-length: -5", body=SEVEN), [400]),
    "a length with a sign": (_post(b"content-length: +5", body=SEVEN), [400]),
    "a length in words": (_post(b"content-length: many", body=SEVEN), [400]),
    "a length of 2^64": (_post(_length(2**64), body=SEVEN), [400]),
    "a length of 2^63 - 1": (_post(_length(2**63 - 1)), [413]),
    "two lengths": (_post(_length(5), _length(6), body=SEVEN), [400]),
    "two lengths in one": (_post(b"content-length: 5, 6", body=SEVEN), [400]),
    "a short length": (KEPT.replace(_length(len(SEVEN)), _length(20)), [400]),
    "no length": (_post() + SEVEN, [422]),
    "a header without a colon": (_post(b"nonsense"), [400]),
    "a space before the colon": (_post(b"content-length : 5", body=b"abcde"), [400]),
    "a folded header": (_post(b"x: a\r\n b"), [400]),
    "a zero byte in a header": (_post(b"x: a\0b"), [400]),
    "a zero byte in a name": (_post(b"x\0: a"), [400]),
    "one long header": (_post(b"x: " + b"y" * NO_END), [431]),
    "many headers": (_post(*[b"x: y"] * NO_END), [431]),
    "the longest head": (_post(b"x: " + b"y" * (MAX_BYTES_WITHOUT_BODY - 200)), [422]),
    "a long line": (_post(line=b"GET /" + b"x" * NO_END + b" HTTP/1.1"), [431]),
    "a zero byte in the path": (_post(line=b"GET /\0 HTTP/1.1"), [400]),
    "a path of no UTF-8": (_post(line=b"GET /\xff HTTP/1.1"), [400]),
    "odd escapes": (_post(line=b"GET /%ff%00%zz HTTP/1.1"), [404]),
    "odd escapes in a query": (_post(line=b"POST /predict?model=%ff%00 HTTP/1.1"), [404]),
    "the URL of another host": (
        WHOLE.replace(b"/predict", b"http://elsewhere.example/predict", 1),
        [200],
    ),
    "half an address": (_post(line=b"POST http://[::1/predict HTTP/1.1"), [400]),
    "a tunnel": (_post(line=b"CONNECT elsewhere.example:443 HTTP/1.1"), [400]),
    "a star": (_post(line=b"OPTIONS * HTTP/1.1"), [404]),
    "a method that nobody knows": (_post(line=b"BREW /predict HTTP/1.1"), [400]),
    "no method": (_post(line=b" /predict HTTP/1.1"), [400]),
    "HTTP/9.9": (_post(line=b"GET /health/live HTTP/9.9"), [400]),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]),
    "TLS": (bytes.fromhex("16030100a5010000a10303") + bytes(160), [400]),
    "every byte": (bytes(range(256)), [400]),
    "line feeds alone": (b"GET /health/live HTTP/1.1\nhost: x\n\n", [400]),
    "a web socket": (
        _post(b"upgrade: websocket", line=b"GET /predict HTTP/1.1").replace(b"close", b"upgrade"),
        [405],
    ),
    "an expectation": (
        _post(b"expect: 100-continue", _length(len(SEVEN)), body=SEVEN),
        [100, 200],
    ),
    "a form without its boundary": (
        _post(b"content-type: multipart/form-data", _length(len(SEVEN)), body=SEVEN),
        [200],
    ),
    "a form of another boundary": (
        _post(
            b"content-type: multipart/form-data; boundary=b",
            _length(13),
            body=b"--a\r\n\r\n--a--\r\n",
        ),
        [422],
    ),
    "several in one go": (3 * KEPT + WHOLE, [200, 200, 200, 200]),
    "as many as may be sent ahead": (MAX_PIPELINED * LIVE + WHOLE, [200] * (MAX_PIPELINED + 1)),
    "one more than may be sent ahead": ((MAX_PIPELINED + 2) * LIVE, [400]),
    "ten thousand in one go": (10_000 * LIVE, [400]),
    "nonsense behind a good one": (KEPT + b"nonsense\r\n\r\n", [400]),
}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a service that must still be well at the end, without one failure in its log."""
    path = tmp_path_factory.mktemp("malformed") / "log"
    with (
        path.open("wb") as log,
        subprocess.Popen([*COMMAND, "0"], stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        assert process.stdout is not None
        [port] = re.findall(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())
        yield int(port)
        process.terminate()
    assert process.returncode == 0
    assert _failures(path) == []


def _failures(log: Path) -> list[str]:
    """Return the lines of a log that tell of a failure of ours."""
    return re.findall(
        r'^(?:.*"level":"(?:ERROR|CRITICAL)"|Traceback|\w+Error).*', log.read_text(), re.MULTILINE
    )


def _exchange(port: int, sent: bytes) -> bytes:
    """Send bytes, and return what comes back until the connection ends."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        with contextlib.suppress(ConnectionError):  # it does not wait for what it has refused
            client.sendall(sent)
        answers = b""
        with contextlib.suppress(ConnectionError):
            while piece := client.recv(65536):
                answers += piece
    return answers


def _is_well(port: int) -> bool:
    """Tell whether the service still recognises a digit."""
    return b'"class":7' in _exchange(port, WHOLE)


@pytest.mark.parametrize("name", REQUESTS)
def test_refused_or_answered(name: str, port: int) -> None:
    """Each is answered as it should be, ends its own connection, and the next request is served."""
    sent, statuses = REQUESTS[name]

    answers = _exchange(port, sent)

    assert [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", answers)] == statuses
    assert _is_well(port)


@pytest.mark.parametrize("is_reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("num_bytes", [0, 1, 30, 60, len(KEPT) - len(SEVEN), len(KEPT) - 1])
def test_clients_that_leave_early(num_bytes: int, is_reset: bool, port: int) -> None:
    """However far a request has come when its client goes, the service goes on."""
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
            client.sendall(KEPT[:num_bytes])
            if is_reset:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    assert _is_well(port)


def test_refusals_are_problem_documents(port: int) -> None:
    """What is no request gets a problem document, in our own words and with the headers of every answer."""
    head, _, body = _exchange(port, b"nonsense\r\n\r\n").partition(b"\r\n\r\n")

    problem = json.loads(body)
    assert problem["type"] == "urn:problem-type:digitserve:malformed-request"
    assert problem["status"] == 400
    assert b"content-type: application/problem+json" in head
    assert b"x-content-type-options: nosniff" in head
